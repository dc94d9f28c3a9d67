"""Imports pocketfft's transforms for compiled code without SciPy, which they do not need.

Where SciPy is installed rocket_fft imports `scipy.fft` to compile that too, which nothing here calls and which is a
tenth of the processor time that a start of the engine takes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Refuse imports of a module that is not imported yet, as if it were not installed."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]


with _hidden("scipy.fft"):
    from rocket_fft import c2c, r2c

__all__ = ["c2c", "r2c"]
