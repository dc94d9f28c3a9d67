"""Draws the spectra of notes from what a harmonic decoder puts out: the live twin of `aitunes.modules.harmonic`.

A decoder's network says what a spectrum looks like apart from its pitch: an envelope, noise, the lowest harmonics, how
stiff the string is. To put the comb of harmonics under it, an ONNX graph has some 160 nodes over all bins; here each
harmonic is drawn where its lobe is.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from aitunes.audio_processing._elementary import exp2, inlined, log2, sine_of_turns
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
_OCTAVES_OF_POWER = 0.1 * np.log2(10.0)  # in a decibel
_FAR = 1e6  # bins
_NEXT = np.uintp(1)  # without a sign, an index is not looked at for being negative


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
        self._bins = features.bins
        self._hz_per_bin = features.sample_rate / features.n_fft
        hz = np.arange(features.bins) * self._hz_per_bin
        self._mel_scale = (points - 1) / np.log10(1.0 + 0.5 * features.sample_rate / 700.0)
        position = np.log10(1.0 + hz / 700.0) * self._mel_scale
        self._left = np.clip(np.floor(position), 0, points - 2).astype(np.uintp)
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
        fundamentals = A4_HZ * 2.0**octaves / self._hz_per_bin
        powers = self._full_power * 10.0 ** (0.1 * levels_db[:, 0].astype(np.float64))
        scales = self._hz_per_bin, self._mel_scale, *self._limits
        _draw(drawings, self.points, fundamentals, powers, scales, self._left, self._share, self._first, out[:, :, 0])
        return out


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz"})
def _draw(
    drawings: FloatArray,
    points: int,
    fundamentals: NDArray[np.float64],
    powers: NDArray[np.float64],
    scales: tuple[float, float, float, float],
    left: NDArray[np.uintp],
    share: FloatArray,
    first: int,
    out: FloatArray,
) -> None:
    """Draw a batch, [batch, bins]; fundamentals are in bins."""
    low, high = np.float32(scales[2]), np.float32(scales[3])
    bins = out.shape[1]
    harmonics = np.empty((3, _MAX_NUMBER + 3), np.float32)
    # What loops gather stands in arrays before others calculate with it, in vectors.
    below, of_bins, power = np.empty(bins, np.uintp), np.empty((3, bins), np.float32), np.empty(bins, np.float32)
    for n in range(drawings.shape[0]):
        _place_harmonics(drawings[n], points, fundamentals[n], scales, bins, harmonics, below)
        _set_noise(drawings[n], points, left, share, power)
        _add_lobes(harmonics, below, np.uintp(0), of_bins, power)
        _add_lobes(harmonics, below, _NEXT, of_bins, power)
        power[:first] = 0.0
        total = np.float32(0.0)
        for value in power:
            total += value
        for value in drawings[n]:
            total += value * np.float32(0.0)
        if not (0.0 < total < np.inf):
            out[n] = 0.0
            continue
        scale, floor = np.float32(powers[n] / total), np.float32(_MIN_RATIO) * total
        for k in range(bins):
            magnitude = np.sqrt(max(power[k], floor) * scale)
            out[n, k] = min(magnitude, high) if magnitude > low else np.float32(0.0)


@inlined
def _place_harmonics(
    drawing: FloatArray,
    points: int,
    fundamental: float,
    scales: tuple[float, float, float, float],
    bins: int,
    harmonics: FloatArray,
    below: NDArray[np.uintp],
) -> None:
    """Find where harmonics are, in bins, their peaks, and the sines of their lobes; and the one below each bin.

    The first one has index 1, and so has what is below bins before it: they hear the first two.
    """
    centres, peaks, sines = harmonics
    stiffness = np.exp(1.5 * min(max(drawing[-1], -6.0), 6.0) - 10.0)
    count, begin, last = 0, 0, float(bins - 1)
    centre = fundamental * np.sqrt(1.0 + stiffness)
    while centre < last and count < _MAX_NUMBER:
        end = int(np.ceil(centre)) if count > 0 else 0
        below[begin:end] = count
        begin, count = end, count + 1
        centres[count] = centre
        centre = fundamental * (count + 1) * np.sqrt(1.0 + stiffness * (count + 1) ** 2)
    below[begin:] = max(count, 1)
    for number in range(1, count + 1):
        x = centres[number]
        position = log2(np.float32(1.0) + x * np.float32(scales[0] / 700.0)) * np.float32(scales[1] * np.log10(2.0))
        peaks[number] = min(position, np.float32(points - 1.001))
        # From one bin to the next the sine of the lobe changes its sign alone, and only its square is heard.
        sines[number] = sine_of_turns(x - np.floor(x + np.float32(0.5))) / np.float32(np.pi)
    for number in range(1, count + 1):
        index = np.uintp(peaks[number])
        a, b = drawing[index], drawing[index + _NEXT]
        peaks[number] = np.float32(STEP_DB) * (a + (peaks[number] - np.float32(index)) * (b - a))
    for number in range(1, min(drawing.size - 2 * points - 1, count) + 1):
        peaks[number] += np.float32(0.5 * STEP_DB) * drawing[2 * points + number - 1]
    for number in range(1, count + 1):
        peaks[number] = exp2(peaks[number] * np.float32(_OCTAVES_OF_POWER))
    for number in (count + 1, count + 2):  # none
        centres[number], peaks[number], sines[number] = np.float32(_FAR), np.float32(0.0), np.float32(0.0)


@inlined
def _set_noise(drawing: FloatArray, points: int, left: NDArray[np.uintp], share: FloatArray, power: FloatArray) -> None:
    """Interpolate the power of noise between the points."""
    noise = drawing[points : 2 * points]
    for k in range(power.size):
        a, b = noise[left[k]], noise[left[k] + _NEXT]
        power[k] = np.float32(STEP_DB) * (a + share[k] * (b - a)) - np.float32(NOISE_BELOW_DB)
    for k in range(power.size):
        power[k] = exp2(power[k] * np.float32(_OCTAVES_OF_POWER))


@inlined
def _add_lobes(
    harmonics: FloatArray, below: NDArray[np.uintp], further: np.uintp, of_bins: FloatArray, power: FloatArray
) -> None:
    """Add the lobe that each bin hears of the harmonic below it, or of one further."""
    one, half, tiny = np.float32(1.0), np.float32(0.5), np.float32(1e-6)
    for k in range(power.size):
        number = below[k] + further
        of_bins[0, k] = np.float32(k) - harmonics[0, number]
        of_bins[1, k], of_bins[2, k] = harmonics[1, number], harmonics[2, number]
    for k in range(power.size):
        x = of_bins[0, k]
        slope = x * (x - one) * (x + one)
        ratio = of_bins[2, k] / slope if abs(slope) > tiny else (one if abs(x) < half else half)
        power[k] += of_bins[1, k] * ratio * ratio
