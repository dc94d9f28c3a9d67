"""Chooses where to cut a part out of a sound."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from aitunes.errors import AiTunesError

Method = Literal["start", "end", "random", "bounded"]


class WindowError(AiTunesError, ValueError):
    """Says why a part cannot be cut out of a sound."""


def window_start(total: int, size: int, method: Method, start: int = 0, rng: np.random.Generator | None = None) -> int:
    """Return the first sample of a window.

    Args:
        total: samples that there are.
        size: samples that the window takes.
        method: "start" and "end" lie at either end; "random" anywhere, every position as likely; "bounded" begins at
            `start`, or as much earlier as it takes to end with the sound.
        start: for "bounded", 0 or more.
        rng: for "random"; None draws differently each time.

    Raises:
        WindowError: the window is empty, longer than the sound, or the method unknown.

    >>> window_start(100, 30, "end"), window_start(100, 30, "bounded", 20), window_start(100, 30, "bounded", 90)
    (70, 20, 70)
    """
    if method not in get_args(Method):
        raise WindowError(f"A window is taken at {', '.join(get_args(Method))}, not {method!r}.")
    if not 1 <= size <= total:
        raise WindowError(f"A window must be 1 to {total} samples long, all that there are, not {size}.")
    if start < 0:
        raise WindowError(f"A window starts at sample 0 or later, not {start}.")
    last = total - size
    if method == "random":
        return int((rng or np.random.default_rng()).integers(last + 1))
    return {"start": 0, "end": last, "bounded": min(start, last)}[method]
