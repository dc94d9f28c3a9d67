"""Timed messages: scores, gestures, and rendering them to a file."""
