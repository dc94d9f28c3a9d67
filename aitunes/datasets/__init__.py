"""Reads data sets as their makers publish them, from a folder that the user names."""
