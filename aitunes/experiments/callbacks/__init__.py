"""Holds the Lightning callbacks of an experiment, a callback a file."""
