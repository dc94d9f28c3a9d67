"""Turns a folder of audio into a playable release, offline."""
