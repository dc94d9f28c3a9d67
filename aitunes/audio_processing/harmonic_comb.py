"""Draws the spectra of notes from what a harmonic decoder puts out: the live twin of `aitunes.modules.harmonic`.

A decoder's network says what a spectrum looks like apart from its pitch: an envelope, noise, the lowest harmonics, how
stiff the string is. To put the comb of harmonics under it, an ONNX graph has some 160 nodes over all bins; here each
harmonic is drawn where its lobe is.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from aitunes.audio_processing.levels import FULL_LEVEL_DB, frame_power
from aitunes.features import AudioFeatures, FloatArray
from aitunes.pitch import A4_HZ, A4_MIDI

HIGH_PASS_HZ = 25.0
STEP_DB = 10.0
"""What a network's output of 1 is worth."""
NOISE_BELOW_DB = 30.0
"""Where noise lies below the envelope if the network puts out the same for both."""

_MAX_NUMBER = 8_192
"""Of harmonics, for pitches far below what a frame can resolve."""
_MAX_OCTAVES = 30.0
_MIN_RATIO = 1e-12
_NEPERS = np.log(10.0) / 10.0  # of power, in a decibel


class HarmonicComb:
    """Draws magnitudes at a pitch and a level.

    Args:
        features: of single frames on a linear scale.
        points: of envelope and noise, evenly spaced in mel (HTK's formula) from 0 to half the sample rate.
        harmonics: how many of the lowest ones leave the envelope.

    Reference:
        Serra & Smith, *Spectral modeling synthesis*, Computer Music Journal 14(4), 1990; Fletcher & Rossing, *The
        Physics of Musical Instruments*, 1998, equation 2.67.
    """

    def __init__(self, features: AudioFeatures, points: int, harmonics: int) -> None:
        self.points, self.harmonics = points, harmonics
        self._bins, self._nyquist = features.bins, 0.5 * features.sample_rate
        self._hz_per_bin = features.sample_rate / features.n_fft
        hz = np.arange(features.bins) * self._hz_per_bin
        self._mel_scale = (points - 1) / np.log10(1.0 + self._nyquist / 700.0)
        position = np.log10(1.0 + hz / 700.0) * self._mel_scale
        self._left = np.clip(np.floor(position), 0, points - 2).astype(np.int64)
        self._share = (position - self._left).astype(np.float32)
        self._first = int(np.searchsorted(hz, HIGH_PASS_HZ))
        low_db, high_db = features.db_range
        self._limits = 10.0 ** (0.05 * low_db), 10.0 ** (0.05 * high_db)
        self._full_power = frame_power(FULL_LEVEL_DB, features.n_fft)

    @property
    def width(self) -> int:
        """Return how many numbers a drawing has."""
        return 2 * self.points + self.harmonics + 1

    def magnitudes(self, drawings: FloatArray, pitches: FloatArray, levels_db: FloatArray) -> FloatArray:
        """Draw magnitudes, [batch, bins, 1]; a drawing with numbers that are not finite is silent.

        Args:
            drawings: what the network puts out, [batch, width].
            pitches: MIDI notes, [batch, 1].
            levels_db: dB below full, [batch, 1].

        Raises:
            ValueError: the drawings have another shape or type, which compiled code would not notice.
        """
        if drawings.shape != (len(pitches), self.width) or drawings.dtype != np.float32:
            raise ValueError(
                f"a drawing of {list(drawings.shape)} numbers of type {drawings.dtype}; "
                f"{[len(pitches), self.width]} of type float32 are drawn"
            )
        out = np.empty((len(drawings), self._bins, 1), np.float32)
        octaves = np.clip((pitches[:, 0].astype(np.float64) - A4_MIDI) / 12.0, -_MAX_OCTAVES, _MAX_OCTAVES)
        fundamentals = A4_HZ * 2.0**octaves
        powers = self._full_power * 10.0 ** (0.1 * levels_db[:, 0].astype(np.float64))
        for n in range(len(drawings)):
            _draw(
                drawings[n],
                self.points,
                (fundamentals[n], self._hz_per_bin, self._nyquist, self._mel_scale),
                (powers[n], *self._limits),
                self._left,
                self._share,
                self._first,
                out[n, :, 0],
            )
        return out


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz"})
def _draw(
    drawing: FloatArray,
    points: int,
    place: tuple[float, float, float, float],
    level: tuple[float, float, float],
    left: NDArray[np.int64],
    share: FloatArray,
    first: int,
    out: FloatArray,
) -> None:
    fundamental, hz_per_bin, nyquist, mel_scale = place
    power, low, high = level
    bins = len(out)
    for k in range(bins):
        a = drawing[points + left[k]]
        b = drawing[points + left[k] + 1]
        noise_db = STEP_DB * (a + share[k] * (b - a)) - NOISE_BELOW_DB
        out[k] = np.exp(np.float32(_NEPERS) * np.float32(noise_db))
    _add_harmonics(drawing, points, fundamental, hz_per_bin, nyquist, mel_scale, out)
    total = 0.0
    for k in range(first, bins):
        total += out[k]
    if not (0.0 < total < np.inf):
        out[:] = 0.0
        return
    out[:first] = 0.0
    scale = power / total
    floor = _MIN_RATIO * total
    for k in range(bins):
        magnitude = np.sqrt(max(out[k], floor) * scale)
        out[k] = min(magnitude, high) if magnitude > low else 0.0


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz"})
def _add_harmonics(
    drawing: FloatArray,
    points: int,
    fundamental: float,
    hz_per_bin: float,
    nyquist: float,
    mel_scale: float,
    power: FloatArray,
) -> None:
    """Add the lobes of all harmonics: a bin hears the two that it lies between."""
    bins = len(power)
    harmonics = len(drawing) - 2 * points - 1
    stiffness = np.exp(1.5 * min(max(drawing[-1], -6.0), 6.0) - 10.0)
    before, centre = 0.0, fundamental * np.sqrt(1.0 + stiffness)
    number = 1
    while centre < nyquist and number <= _MAX_NUMBER:
        after = fundamental * (number + 1) * np.sqrt(1.0 + stiffness * (number + 1) ** 2)
        position = min(np.log10(1.0 + centre / 700.0) * mel_scale, points - 1.001)
        index = int(position)
        db = STEP_DB * (drawing[index] + (position - index) * (drawing[index + 1] - drawing[index]))
        if number <= harmonics:
            db += 0.5 * STEP_DB * drawing[2 * points + number - 1]
        # From one bin to the next the sine of the lobe changes its sign alone, and only its square is heard.
        x0 = centre / hz_per_bin
        sine = np.sin(np.pi * (x0 - np.round(x0))) / np.pi
        peak = np.exp(_NEPERS * db)
        strength = peak * sine * sine
        begin = 0 if number <= 2 else int(np.ceil(before / hz_per_bin))
        end = min(bins, int(np.ceil(after / hz_per_bin)))
        for k in range(begin, end):
            x = k - x0
            slope = x * (x * x - 1.0)
            square = slope * slope
            if square > 1e-12:
                power[k] += strength / square
            else:
                power[k] += peak if abs(x) < 0.5 else 0.25 * peak
        before, centre = centre, after
        number += 1
