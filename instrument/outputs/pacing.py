"""Predicts a device's next callback, and how long the ring lasts, from nothing but its counter of frames."""

from __future__ import annotations

import math
from collections import deque

from instrument.outputs.reserve import Reserve

MIN_NAP_SECONDS = 0.0003
_MAX_NAP_SECONDS = 0.0006
_LARGE_BLOCK_SECONDS = 0.03
_LARGE_RENDER_SHARE = 1.25
_STEPS = 8
_SAME_BLOCK = 0.02
_PIECE_SHARE = 0.25
"""A piece comes sooner than this share of what it holds after the one before it; a block, about all of it."""
MAX_BLOCK_SECONDS = 16_384 / 44_100
"""Limits the block that is followed."""
_RENDER_SHARE = 0.5  # of real time, at most, that rendering a block is expected to take


class Pacing:
    """Decides when to write the next block to the ring: as late as a stall of the machine allows.

    The device takes whole blocks of B seconds. With F seconds in the ring, the first callback that finds too little
    is number ⌊F / B⌋ + 1 from now, so the ring lasts for (⌊F / B⌋ + 1) · B less the time since the last callback.
    That callback was somewhere between two looks; knowing B, every look narrows down when.

    Args:
        block_seconds: B.
        now: seconds of a clock that never goes back.
        consumed_seconds: what the device has taken so far.
    """

    def __init__(self, block_seconds: float, now: float, consumed_seconds: float) -> None:
        self.block_seconds = block_seconds
        self.reserve = Reserve()
        self._consumed = consumed_seconds
        self._callback = self._looked = self._stepped = now
        self._steps: deque[float] = deque(maxlen=_STEPS)

    def look(self, now: float, consumed_seconds: float) -> None:
        """Note how much the device has taken; read that counter before the ring's level."""
        taken = consumed_seconds - self._consumed
        if taken > 0.0:
            self._callback = min(max(self._callback + taken, self._looked), now)
            self._consumed = consumed_seconds
            self._add_step(taken, now)
            self._follow_block()
        self._looked = now

    def _add_step(self, taken: float, now: float) -> None:
        # Where the ring's memory ends, a callback takes a block in two pieces, and a look may fall between them.
        if self._steps and now - self._stepped < _PIECE_SHARE * taken:
            self._steps[-1] += taken
        else:
            self._steps.append(taken)
        self._stepped = now

    def _follow_block(self) -> None:
        # A look that came late sees several blocks at once, so the smallest of some steps is the block; one
        # alone may be what was left in a ring that ran dry.
        smallest = sorted(self._steps)[min(1, len(self._steps) - 1)]
        if len(self._steps) == _STEPS and abs(smallest - self.block_seconds) > _SAME_BLOCK * self.block_seconds:
            self.block_seconds = smallest

    def run_dry(self) -> None:
        """Expect larger blocks, because a callback has found too little twice in a row; steps seen later correct it."""
        if self._steps and self._steps[-1] < self.block_seconds:
            return  # it was the machine that stalled
        self._steps.clear()
        self.block_seconds = min(2.0 * self.block_seconds, MAX_BLOCK_SECONDS)

    def restart(self, now: float, consumed_seconds: float) -> None:
        """Begin to look again after the ring has run dry; what the last callback took is no whole block."""
        self._steps.clear()
        self._consumed = consumed_seconds
        self._callback = self._looked = now

    def lasts(self, now: float, buffered_seconds: float) -> float:
        """Return the seconds until a callback finds less than a block."""
        blocks = math.floor(buffered_seconds / self.block_seconds + 1e-9) + 1
        # A callback that is overdue, because the device stalls, may come at once.
        return blocks * self.block_seconds - min(now - self._callback, self.block_seconds)

    def surplus(self, now: float, buffered_seconds: float) -> float:
        """Return the seconds until the next block is due; 0 or less is now."""
        missing = max(0.0, self.block_seconds - buffered_seconds)
        # A share of a large block is long: being early costs little there, and being late a large gap.
        share = _RENDER_SHARE if self.block_seconds < _LARGE_BLOCK_SECONDS else _LARGE_RENDER_SHARE
        return self.lasts(now, buffered_seconds) - self.reserve.seconds - share * missing

    def nap(self, surplus_seconds: float) -> float:
        """Return how long to sleep until the next look: looks must be frequent enough to locate the callback."""
        return min(max(surplus_seconds, MIN_NAP_SECONDS), _MAX_NAP_SECONDS)

    def until_taken(self, now: float, buffered_seconds: float) -> float:
        """Return the seconds until the sample that is written next leaves the ring."""
        return self.block_seconds - min(now - self._callback, self.block_seconds) + buffered_seconds
