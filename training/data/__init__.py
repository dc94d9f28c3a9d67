"""Turns audio files into features that a model learns from."""
