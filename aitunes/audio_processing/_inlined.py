"""Compiles code that becomes a part of whatever calls it."""

from __future__ import annotations

from numba import njit

compiled = njit(
    nogil=True, forceinline=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz", "afn"}
)
"""Decorates such code.

Not nnan and ninf: what is no number must still be seen as such. Called as functions, other code would run in the
process that compiles, which has one of each for itself, than in those that load what calls them from numba's cache; it
rounds differently, so a score would not always render to the same bytes.
"""
