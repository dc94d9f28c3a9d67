"""Data sets as their makers publish them, read from a folder that the user names."""
