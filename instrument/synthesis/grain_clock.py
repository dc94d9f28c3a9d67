"""Keeps the grains of a segment model on a grid of beats."""

from __future__ import annotations

from instrument.synthesis.transport import Transport

_LEAP_SECONDS = 0.1


class GrainClock:
    """Tells how far the playhead is through a grain: from the beat alone, so that it keeps time with any clock.

    A grain that is longer than the grid takes a whole number of its steps; of one that is shorter, a whole number fills
    a step. So grains are stretched by half of their length at most, and one begins on every line that none spans.
    """

    def __init__(self) -> None:
        self._grain: tuple[float, float] | None = None  # the beat on which it began, and its length in beats
        self._share = 0.0

    def rest(self) -> None:
        """Forget the grain: nothing keeps time for now."""
        self._grain = None

    def is_over(self, transport: Transport) -> bool:
        """Return whether the next grain is due: its line has come, or the clock has leapt."""
        return self._grain is None or not 0.0 <= self._share_at(*self._grain, transport) < 1.0

    def begin(self, transport: Transport, seconds: float) -> float:
        """Begin a grain of about that length at the last line; return which share of it is over by now."""
        grid = transport.motion_beats
        steps = seconds * transport.tempo / 60.0 / grid
        beats = max(1, round(steps)) * grid if steps >= 1.0 else grid / round(1.0 / steps)
        self._grain = transport.last_line(min(beats, grid)), beats
        self._share = self._share_at(*self._grain, transport)
        return self._share

    def advance(self, transport: Transport) -> float:
        """Return which share of the grain has passed since the call before; a leap of the clock ends it instead."""
        if self._grain is None:
            return 0.0
        before, self._share = self._share, self._share_at(*self._grain, transport)
        if abs(self._share - before) * self._grain[1] > _LEAP_SECONDS * transport.tempo / 60.0:
            self._grain = None
            return 0.0
        return self._share - before

    @staticmethod
    def _share_at(begin: float, beats: float, transport: Transport) -> float:
        return (transport.beat - begin) / beats
