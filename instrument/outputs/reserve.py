"""Chooses how much sound waits in the ring for stalls of the machine: what the last minute has shown, and half more."""

from __future__ import annotations

from collections import deque

FIRST_SECONDS = 0.0053
"""Outlasts 3.5 ms, about as long as virtual machines stall."""
_MIN_SECONDS = 0.001
_MAX_SECONDS = 0.06
_HEADROOM = 1.5
_GROWTH = 1.5
_REMEMBERED = 60  # seconds
_NARROWING = 0.98  # a second


class Reserve:
    """Follows the stalls that are seen: up at once, though one long stall alone does not make it long, and slowly down.

    What counts is the worst stall of the last minute, and not a lower quantile: a stall that comes once a minute is a
    drop-out a minute, too.

    Args:
        first_seconds: what is kept until a minute has shown what this machine does.
    """

    def __init__(self, first_seconds: float = FIRST_SECONDS) -> None:
        self.seconds = self._needed = first_seconds
        self._minute = deque([first_seconds] * _REMEMBERED, _REMEMBERED)

    @property
    def stall_seconds(self) -> float:
        """Return the stall that it is meant for, the worst of the last minute."""
        return max(self._needed, *self._minute) / _HEADROOM

    def note(self, late_seconds: float) -> None:
        """Note a stall, and widen to outlast half as much again."""
        needed = min(_HEADROOM * late_seconds, max(_GROWTH * self.seconds, FIRST_SECONDS), _MAX_SECONDS)
        self._needed = max(self._needed, needed)
        self.seconds = max(self.seconds, needed)

    def pass_second(self) -> None:
        """Narrow a little towards what the last minute needs; called once a second."""
        self._minute.append(self._needed)
        self._needed = _MIN_SECONDS
        needed = max(self._minute)
        self.seconds = max(needed, needed + _NARROWING * (self.seconds - needed))
