"""From a folder of audio to an installed release in one command; importing this package loads nothing."""
