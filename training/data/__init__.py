"""From audio files to features that a model learns from."""
