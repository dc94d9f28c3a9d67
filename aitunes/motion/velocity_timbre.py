"""Lets velocity move the timbre as far as an instrument's soft and loud recordings lie apart."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from aitunes.features import FloatArray
from aitunes.release.motion import Motion

_DYNAMIC_RIDGE = 0.05


class Dynamic(NamedTuple):
    """Holds what a velocity makes of a trajectory.

    Args:
        shift: of the latent code, from the recording's dynamic to that of the velocity, [latent_dim].
        level_db: of that dynamic below the loudest: its timbre is soft already, and is not to be softened again.
    """

    shift: FloatArray
    level_db: float


class VelocityTimbre:
    """Knows of each instrument how its codes move with the dynamic, a straight line through the notes of each key.

    Args:
        motion: of a release with notes.
    """

    def __init__(self, motion: Motion) -> None:
        self._dynamic, self._group = motion.dynamic, motion.group
        codes = np.stack([_own_code(motion, n) for n in range(len(motion))])
        self._none = Dynamic(np.zeros(motion.codes.shape[1], np.float32), 0.0)
        self._lines: dict[int, tuple[FloatArray, float, float]] = {}
        for group in np.unique(motion.group):
            members = np.flatnonzero((motion.group == group) & (motion.dynamic >= 0.0))
            if len(members):
                dynamic, key = motion.dynamic[members], np.round(motion.pitch[members])
                trend = _trend(dynamic, codes[members], key)
                self._lines[int(group)] = trend, float(dynamic.min()), float(dynamic.max())

    def line(self, index: int) -> tuple[FloatArray, float, float] | None:
        """Return the trend [latent_dim], the softest and the loudest dynamic of a trajectory's instrument, if known."""
        return self._lines.get(int(self._group[index]))

    def at(self, index: int, velocity: float) -> Dynamic:
        """Return what a velocity, 0..1, makes of a trajectory; beyond the recorded dynamics its level alone changes."""
        line = self.line(index)
        if line is None or self._dynamic[index] < 0.0:
            return self._none
        trend, softest, loudest = line
        dynamic = min(max(velocity, softest), loudest)
        shift = trend * np.float32(dynamic - self._dynamic[index])
        return Dynamic(shift, 40.0 * math.log10(max(dynamic, 1e-3)))


def _own_code(motion: Motion, index: int) -> FloatArray:
    """Return the mean code of a note by its power, [latent_dim]; `Motion.codes` has that of all notes of its key."""
    first, end = motion.code_starts[index], motion.code_starts[index + 1]
    offsets = motion.offsets[first:end]
    level = motion.level[motion.level_starts[index] : motion.level_starts[index + 1]]
    at = ((np.arange(len(offsets)) + 0.5) * motion.level_rate / motion.code_rate).astype(int)
    power = 10.0 ** (0.1 * level[np.minimum(at, len(level) - 1)].astype(np.float64))
    return np.asarray(motion.codes[index] + power @ offsets / power.sum(), np.float32)


def _trend(dynamic: FloatArray, codes: FloatArray, key: FloatArray) -> FloatArray:
    """Return how codes [items, latent_dim] move with the dynamic among the notes of one key, [latent_dim]."""
    same = (key[:, None] == key).astype(np.float64)
    same /= same.sum(axis=1, keepdims=True)
    louder = dynamic - same @ dynamic
    return np.asarray(louder @ (codes - same @ codes) / (louder @ louder + _DYNAMIC_RIDGE), np.float32)
