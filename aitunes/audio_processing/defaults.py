"""Holds the defaults that code without a compiler needs as well."""

DEFAULT_ITERATIONS = 8
"""Counts the refinements a hop; docs/decisions/0001-phase-reconstruction.md says why."""
