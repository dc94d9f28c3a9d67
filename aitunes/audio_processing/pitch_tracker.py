"""Tracks the pitch of a sound of one voice while it comes in, with as little delay as two of its periods allow."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from aitunes.audio_processing._pitch_kernel import find_period, take
from aitunes.features import FloatArray
from aitunes.pitch import A4_HZ, A4_MIDI

LOWEST_HZ, HIGHEST_HZ = 55.0, 2_200.0
"""From A1 to C♯7: voices, guitars, winds."""

_COARSE_SAMPLES = 5.0  # of the shortest period, at the least
_TAPS = 31
_MAX_BLOCK = 1_024
_COMPARED_SECONDS = 0.015
"""Sets what is compared at least of a sound that lasts: short periods alone say little in noise."""
_CONFIRMED_SEMITONES = 0.8
_LONG_SECONDS, _SURE = 0.0045, 0.95
"""A period that long, and so clear, needs no second look at the beginning of a sound."""


class Pitch(NamedTuple):
    """Says what pitch was heard.

    Args:
        midi: MIDI note with fraction; 0 where there is none.
        clarity: from 0, noise, to 1, a sound that repeats exactly.
    """

    midi: float
    clarity: float


NO_PITCH = Pitch(0.0, 0.0)


class PitchTracker:
    """Tracks pitch causally: after every block of samples it says what the newest ones repeat.

    The newest samples are compared with those a lag earlier, for all lags that may be the period, at a fraction
    of the rate; the first lag nearly as good as the best is refined at the full rate. A new pitch counts once two looks
    in a row agree on it, and a low one that a sound begins with after one clear look.

    Args:
        sample_rate: Hz.
        lowest_hz, highest_hz: of the pitches that are looked for.

    Reference:
        McLeod & Wyvill, *A smarter way to find pitch*, ICMC 2005, section 5; Boersma, *Accurate short-term analysis of
        the fundamental frequency*, IFA Proceedings 17, 1993, equation 24 for the cost of an octave.

    >>> tracker = PitchTracker(44_100)
    >>> y = np.sin(2 * np.pi * 220.0 * np.arange(4_410) / 44_100).astype(np.float32)
    >>> for block in np.split(y, 10):
    ...     pitch = tracker.look(block)
    >>> round(pitch.midi, 1)
    57.0
    """

    def __init__(self, sample_rate: float, lowest_hz: float = LOWEST_HZ, highest_hz: float = HIGHEST_HZ) -> None:
        self._rate = sample_rate
        self._step = max(1, round(sample_rate / (_COARSE_SAMPLES * highest_hz)))
        coarse_rate = sample_rate / self._step
        self._shortest, self._longest = max(2, int(coarse_rate / highest_hz)), math.ceil(coarse_rate / lowest_hz)
        self._compared = round(_COMPARED_SECONDS * coarse_rate)
        size = self._longest + max(self._longest, self._compared) + 2
        self._coarse = np.zeros(size, np.float32)
        self._fine = np.zeros(size * self._step, np.float32)
        self._sums = np.zeros(len(self._fine) + 1)
        self._heard = np.zeros(_MAX_BLOCK + _TAPS, np.float32)
        self._taps = _low_pass(_TAPS, self._step)
        self._n = np.zeros((self._longest + 3) * self._step, np.float32)
        self._skip = 0
        self._since = 0
        self._period = 0.0
        self._candidate = 0.0

    def begin(self, ago: int = 0) -> None:
        """Note that a sound has begun so many samples ago: what came before says nothing of its pitch."""
        self._since = ago
        self._period = self._candidate = 0.0

    def push(self, y: FloatArray) -> None:
        """Take new samples [samples], without a look at them."""
        for first in range(0, len(y), _MAX_BLOCK):
            self._push(y[first : first + _MAX_BLOCK])

    def _push(self, y: FloatArray) -> None:
        # Every so many samples, counted through all blocks, one is a coarse one.
        take(y, self._heard, self._taps, self._fine, self._coarse, self._skip, self._step)
        self._skip = (self._skip - len(y)) % self._step
        self._since += len(y)

    def look(self, y: FloatArray) -> Pitch:
        """Take new samples [samples], and return the pitch of the newest."""
        self.push(y)
        period, clarity = find_period(
            self._coarse,
            self._fine,
            self._sums,
            self._step,
            self._since,
            self._shortest,
            self._longest,
            self._compared,
            self._period,
            self._n,
        )
        if period <= 0.0:
            self._candidate = 0.0
            return NO_PITCH
        # Two periods of a low note are long already, and say as much as two looks at a high one.
        is_sure = self._period == 0.0 and period > _LONG_SECONDS * self._rate and clarity > _SURE
        agrees = is_sure or _near(period, self._period) or _near(period, self._candidate)
        self._candidate = period
        if not agrees:
            return NO_PITCH
        self._period = period
        return Pitch(A4_MIDI + 12.0 * math.log2(self._rate / period / A4_HZ), min(clarity, 1.0))


def _near(period: float, other: float) -> bool:
    return other > 0.0 and abs(math.log2(period / other)) < _CONFIRMED_SEMITONES / 12.0


def _low_pass(taps: int, step: int) -> FloatArray:
    """Make a windowed sinc that keeps what a step of so many samples can hold, [taps]."""
    t = np.arange(taps) - 0.5 * (taps - 1)
    h = np.sinc(0.8 * t / step) * np.hamming(taps)
    return (h / h.sum()).astype(np.float32)
