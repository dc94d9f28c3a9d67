"""Bounds the memory of a process, so that what asks for too much fails alone instead of with the whole machine."""

from __future__ import annotations

import contextlib

ENGINE_BYTES = 4 << 30
"""Of an instrument, which needs some hundred megabytes: a network may ask for any amount at some code."""


def bound_memory(max_bytes: int = ENGINE_BYTES) -> None:
    """Let no more than `max_bytes` be allocated here, where the system can hold to that, as Linux does."""
    _set(max_bytes)


def unbound_memory() -> None:
    """Take away the bound that a parent process has given itself."""
    _set(None)


def _set(max_bytes: int | None) -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows has none
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        soft = hard if max_bytes is None else max_bytes
        if hard != resource.RLIM_INFINITY:
            soft = min(soft, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
