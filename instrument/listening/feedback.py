"""Notices an input that hears the loudspeakers, and one that is too loud.

A sound that follows an input which hears it goes on for ever. Whether it does is asked by playing a little softer for a
moment: what the input hears falls then, too, if it hears us, and a player's voice does not.
"""

from __future__ import annotations

import random
from collections import deque

_LASTING_SECONDS = 2.0
_DIP_SECONDS, _ANSWER_SECONDS = 0.08, 0.35
_DIP_DB, _HEARD_DB = -4.0, 2.0
_HITS = 3
_PAUSE_SECONDS = (0.3, 0.6)
_ASK_AGAIN_SECONDS = 20.0
_CLIPPED, _CLIPPED_SECONDS = 1.0, 0.3
_SMOOTHING_SECONDS = 0.02


class FeedbackGuard:
    """Watches the level of an input, and says by how much its gain should be lowered.

    Args:
        rng: of the pauses between two questions, which no rhythm may meet.

    Attributes:
        dip_db: by how much the output is to be softer just now.
    """

    def __init__(self, rng: random.Random | None = None) -> None:
        self.dip_db = 0.0
        self._rng = rng or random.Random()
        self._levels: deque[tuple[float, float]] = deque()
        self._level: float | None = None
        self._now = self._clipped = self._ask_at = 0.0
        self._hits = 0
        self._rest(_LASTING_SECONDS)

    def step(self, level_db: float, peak: float, sounding: bool, seconds: float) -> float:
        """Take the level of the next block; return the dB by which the gain should change, 0 for not at all.

        Args:
            level_db: of full scale, after the gain.
            peak: largest sample, 1 of full scale.
            sounding: whether the input is above its gate.
            seconds: that the block lasts.
        """
        self._now += seconds
        self._clipped = self._clipped + seconds if peak >= _CLIPPED else max(0.0, self._clipped - 2.0 * seconds)
        if self._clipped > _CLIPPED_SECONDS:
            self._clipped = 0.0
            return -6.0
        if not sounding:
            self._rest(_LASTING_SECONDS)
            return 0.0
        self._follow(level_db, seconds)
        if self._now < self._ask_at:
            return 0.0
        asked = self._now - self._ask_at
        self.dip_db = _DIP_DB if asked < _DIP_SECONDS else 0.0
        if asked < _ANSWER_SECONDS:
            return 0.0
        return self._judge()

    def _judge(self) -> float:
        before = [level for at, level in self._levels if at <= self._ask_at]
        during = [level for at, level in self._levels if at > self._ask_at]
        reference = sum(before[-8:]) / max(len(before[-8:]), 1)
        swing = max(before, default=0.0) - min(before, default=0.0)
        if reference - min(during, default=reference) < _HEARD_DB + swing:
            self._rest(_ASK_AGAIN_SECONDS)
            return 0.0
        self._hits += 1
        if self._hits < _HITS:
            self._ask_at = self._now + _ANSWER_SECONDS + self._rng.uniform(*_PAUSE_SECONDS)
            return 0.0
        self._rest(_LASTING_SECONDS)
        return -12.0

    def _follow(self, level_db: float, seconds: float) -> None:
        share = min(1.0, seconds / _SMOOTHING_SECONDS)
        self._level = level_db if self._level is None else self._level + share * (level_db - self._level)
        self._levels.append((self._now, self._level))
        while self._levels and self._levels[0][0] < self._now - 2.0 * _ANSWER_SECONDS:
            self._levels.popleft()

    def _rest(self, seconds: float) -> None:
        self.dip_db = 0.0
        self._ask_at = self._now + seconds
        self._hits = 0
        self._level = None
        self._levels.clear()
