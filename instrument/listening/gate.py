"""Decides when a sound begins and ends, from levels that are measured every few milliseconds."""

from __future__ import annotations

_HYSTERESIS_DB = 6.0
_HOLD_SECONDS = 0.03
_RISE_DB = 9.0
_FLOOR_DB_PER_SECOND = 120.0
_REFRACTORY_SECONDS = 0.08
_DEEP_DB = -200.0


class Gate:
    """Opens at a level, closes somewhat below it, and notices sounds that begin.

    A sound begins where the gate opens, and where the level rises fast while it is open, as that of a string does
    that is plucked again.

    Args:
        step_seconds: between two levels.
    """

    def __init__(self, step_seconds: float) -> None:
        self.is_open = False
        self._step = step_seconds
        self._quiet_seconds = 0.0
        self._floor_db = _DEEP_DB
        self._since_onset = _REFRACTORY_SECONDS

    def feed(self, level_db: float, threshold_db: float) -> bool:
        """Take the next level, and return whether a sound begins."""
        rises = level_db > self._floor_db + _RISE_DB
        self._since_onset += self._step
        settles = self._since_onset < _REFRACTORY_SECONDS  # the same beginning goes on
        self._floor_db = level_db if settles else min(level_db, self._floor_db + _FLOOR_DB_PER_SECOND * self._step)
        was_open = self.is_open
        if level_db >= threshold_db:
            self.is_open, self._quiet_seconds = True, 0.0
        elif level_db < threshold_db - _HYSTERESIS_DB:
            self._quiet_seconds += self._step
            self.is_open = self.is_open and self._quiet_seconds < _HOLD_SECONDS
        opened = self.is_open and not was_open
        if opened or (self.is_open and rises and not settles):
            self._since_onset = 0.0
            return True
        return False
