"""Adapts the phase reconstruction's iterations to the load: fewer when hops take too long, more when it is low."""

from __future__ import annotations

from collections import deque

from instrument.namespace import MAX_ITERATIONS

WINDOW_SECONDS = 0.1
"""Sets how far back hops count for the load."""
LOW_LOAD_SECONDS = 3.0
"""Sets how long the load must be low after a reduction before the first step up."""
STEP_SECONDS = 1.0
"""Sets how long it must be low before each further step up."""
LASTING_SECONDS = 5.0
"""Sets how long a reduction may last before the player is notified."""

# A hop that takes its whole time is a drop-out. One long hop is a stall of the machine, which the ring outlasts and
# fewer iterations would not avoid; several within the window are the load.
_SEVERAL = 3
_HIGH_LOAD, _TARGET_LOAD = 0.8, 0.65
# A step up adds half at most, so it stays below the high load.
_LOW_LOAD, _STEP = 0.5, 1.5
_MIN_ITERATIONS = 2
"""Of each tone of a chord: the first two bring most, from −21 to −35 dB of convergence."""


def shared(iterations: int, among: int) -> int:
    """Return the iterations of each of several tones or renderers, so that many cost little more than one.

    >>> shared(24, 4), shared(8, 8), shared(1, 4), shared(0, 4), shared(24, 0)
    (6, 2, 1, 0, 24)
    """
    return max(iterations // max(1, among), min(iterations, _MIN_ITERATIONS))


class Effort:
    """Limits the iterations of a hop by the load of the synth's thread; never more than the player has set.

    It has no clock: time is the sum of the hops' lengths.
    """

    def __init__(self) -> None:
        self._limit = MAX_ITERATIONS
        self._loads: deque[float] = deque()
        self._low_load_seconds = 0.0
        self._wait_seconds = LOW_LOAD_SECONDS
        self._reduced_seconds = 0.0
        self._notified = False

    def iterations(self, asked: int) -> int:
        """Return the iterations in use when the player has asked for so many."""
        return min(asked, self._limit)

    def count(self, work_seconds: float, hop_seconds: float, asked: int) -> int:
        """Count a hop that was rendered.

        Args:
            work_seconds: the time that rendering took.
            hop_seconds: the time that it may take.
            asked: iterations that the player has set.

        Returns:
            Iterations for the next hop.
        """
        self._loads.append(work_seconds / hop_seconds)
        while len(self._loads) * hop_seconds > max(WINDOW_SECONDS, _SEVERAL * hop_seconds):
            self._loads.popleft()
        in_use = self.iterations(asked)
        load = self._load
        self._low_load_seconds = self._low_load_seconds + hop_seconds if load < _LOW_LOAD else 0.0
        if load > _HIGH_LOAD and in_use > 0:
            self._limit = min(in_use - 1, int(in_use * _TARGET_LOAD / load))
            self._loads.clear()
            self._low_load_seconds, self._wait_seconds = 0.0, LOW_LOAD_SECONDS
        elif self._limit < asked and self._low_load_seconds >= self._wait_seconds:
            self._limit = max(in_use + 1, int(in_use * _STEP))
            self._low_load_seconds, self._wait_seconds = 0.0, STEP_SECONDS
        if self._limit >= asked:
            self._limit, self._reduced_seconds, self._notified = MAX_ITERATIONS, 0.0, False
        else:
            self._reduced_seconds += hop_seconds
        return self.iterations(asked)

    def take_warning(self, asked: int) -> str | None:
        """Return a sentence for the player about a reduction that lasts; once for each reduction."""
        if self._notified or self._reduced_seconds < LASTING_SECONDS:
            return None
        self._notified = True
        return (
            f"this machine carries {self.iterations(asked)} of {asked} iterations at present; close busy programs, "
            "play fewer voices, or ask for less with /aitunes/quality"
        )

    @property
    def _load(self) -> float:
        """Return the share of its time that the third-slowest hop of the window took; 0 before there are three."""
        return sorted(self._loads)[-_SEVERAL] if len(self._loads) >= _SEVERAL else 0.0
