"""Runs trainings: the loop, its checkpoints, and the record of a run."""
