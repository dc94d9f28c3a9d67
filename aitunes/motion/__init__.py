"""Knows the recorded movements of a release: which of them suits a note or a place (docs/decisions/0009-motion.md).

The instrument plays them, and so does `model.ts` in other hosts, by the same rules. Importing this package loads
nothing; take what you need from `choice`, `passages` or `velocity_timbre`.
"""
