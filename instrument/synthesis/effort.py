"""How many refinements a hop can carry: fewer as soon as hops take too long, more again after some ease."""

from __future__ import annotations

from collections import deque

from instrument.namespace import MAX_ITERATIONS

WINDOW_SECONDS = 0.1
"""Hops this recent are judged."""
EASE_SECONDS = 3.0
"""How long all must be well after a step down before the first step up."""
STEP_SECONDS = 1.0
"""And before each further one."""
LASTING_SECONDS = 5.0
"""A reduction that lasts longer is told."""

# A hop that takes its whole time is a drop-out. One long hop is a stall of the machine, which the ring outlasts and
# fewer refinements would not mend; several within the window are the load.
_SEVERAL = 3
_TOO_MUCH, _AIM = 0.8, 0.65
# A step up adds half at most, so it leads to less than what is too much.
_EASY, _STEP = 0.5, 1.5


def shared(iterations: int, among: int) -> int:
    """Refinements for each of those that sound at once, so that many cost little more than one.

    >>> shared(24, 4), shared(3, 4), shared(0, 4), shared(24, 0)
    (6, 1, 0, 24)
    """
    return max(iterations // max(1, among), min(iterations, 1))


class Effort:
    """Decides from the load of the synth's thread how many refinements a hop gets; never more than are asked for.

    It knows no clock: time is what the hops last.
    """

    def __init__(self) -> None:
        self._limit = MAX_ITERATIONS
        self._loads: deque[float] = deque()
        self._easy_seconds = 0.0
        self._wait_seconds = EASE_SECONDS
        self._reduced_seconds = 0.0
        self._told = False

    def iterations(self, asked: int) -> int:
        """Refinements in use where the player has asked for so many."""
        return min(asked, self._limit)

    def count(self, work_seconds: float, hop_seconds: float, asked: int) -> int:
        """Judge a hop that has sounded.

        Args:
            work_seconds: what it took.
            hop_seconds: what it may take.
            asked: refinements that the player has set.

        Returns:
            Refinements for the next hop.
        """
        self._loads.append(work_seconds / hop_seconds)
        while len(self._loads) * hop_seconds > max(WINDOW_SECONDS, _SEVERAL * hop_seconds):
            self._loads.popleft()
        in_use = self.iterations(asked)
        load = self._load
        self._easy_seconds = self._easy_seconds + hop_seconds if load < _EASY else 0.0
        if load > _TOO_MUCH and in_use > 0:
            self._limit = min(in_use - 1, int(in_use * _AIM / load))
            self._loads.clear()
            self._easy_seconds, self._wait_seconds = 0.0, EASE_SECONDS
        elif self._limit < asked and self._easy_seconds >= self._wait_seconds:
            self._limit = max(in_use + 1, int(in_use * _STEP))
            self._easy_seconds, self._wait_seconds = 0.0, STEP_SECONDS
        if self._limit >= asked:
            self._limit, self._reduced_seconds, self._told = MAX_ITERATIONS, 0.0, False
        else:
            self._reduced_seconds += hop_seconds
        return self.iterations(asked)

    def take_notice(self, asked: int) -> str | None:
        """A sentence for the player about a reduction that lasts; once for each."""
        if self._told or self._reduced_seconds < LASTING_SECONDS:
            return None
        self._told = True
        return (
            f"this machine carries {self.iterations(asked)} of {asked} iterations at present; close busy programs, "
            "play fewer voices, or ask for less with /aitunes/quality"
        )

    @property
    def _load(self) -> float:
        """Share of its time that the third-slowest hop of the window took; 0 before there are three."""
        return sorted(self._loads)[-_SEVERAL] if len(self._loads) >= _SEVERAL else 0.0
