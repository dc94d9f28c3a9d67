"""Decides which of the engine's measurements are worth a warning."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from itertools import pairwise

from instrument.status import Status

LASTING_SECONDS = 3.0
"""A condition that lasts for less is not worth a warning."""

_HIGH_LOAD = 80.0
_WINDOW_SECONDS = 30.0
_OVER_SECONDS = 10.0


class StatusWarnings:
    """Turns a series of statuses into one sentence for the performer, or none.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._underruns: deque[tuple[float, int]] = deque()
        self._high_since: float | None = None

    def update(self, status: Status) -> str:
        """Take a status, and return the warning that holds now; empty where all is well."""
        now = self._clock()
        self._underruns.append((now, status.underruns))
        if status.underruns < self._underruns[0][1]:  # another engine, which counts from 0
            self._underruns = deque([(now, status.underruns)])
        while now - self._underruns[0][0] > _WINDOW_SECONDS:
            self._underruns.popleft()
        if status.mean_load <= _HIGH_LOAD:
            self._high_since = None
        elif self._high_since is None:
            self._high_since = now
        if self._high_since is not None and now - self._high_since >= LASTING_SECONDS:
            return (
                f"The engine is at its limit ({status.mean_load:.0f} %): set fewer iterations or a larger buffer size."
            )
        return self._interruptions(now, status.interruption)

    def _interruptions(self, now: float, cause: str) -> str:
        # A single interruption is over; the warning is for a series that goes on.
        counts = list(self._underruns)
        times = [later[0] for earlier, later in pairwise(counts) if later[1] > earlier[1]]
        goes_on = len(times) > 1 and times[-1] - times[0] >= LASTING_SECONDS and now - times[-1] < _OVER_SECONDS
        if not goes_on:
            return ""
        count = counts[-1][1] - counts[0][1]
        advice = f"the last because {cause}" if cause else "set a larger buffer size or fewer iterations"
        return f"{count} interruptions in half a minute: {advice}."

    def clear(self) -> None:
        """Forget the series: another engine has connected."""
        self._underruns.clear()
        self._high_since = None
