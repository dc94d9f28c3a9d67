"""Offline: a folder of audio becomes a playable release."""
