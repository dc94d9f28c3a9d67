"""Listens to an input: what its timbre, pitch and level are, moment by moment."""
