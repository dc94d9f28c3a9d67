"""Makes the magnitudes of a smooth spectrum fluctuate as those of noise do, in the share that is noise.

A short-time spectrum of a tone with noise has, in every bin, the magnitude |A + N|: a steady part, and a complex
Gaussian that changes from frame to frame. A model that has learnt the mean of many frames gives √(E|A|² + E|N|²) and
nothing moves. With the share ρ of noise in the power, |√(1 − ρ) + √ρ N| times that mean has the distribution of the
recording: Rice's in general, Rayleigh's where all is noise.

Reference:
    Rice, *Mathematical analysis of random noise*, Bell System Technical Journal 24, 1945, section 3.10.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from aitunes.features import AudioFeatures, FloatArray, hann_window
from aitunes.pitch import midi_to_hz

HARMONIC_BINS = 1.5
"""A bin this near to a harmonic counts as one of its lobe; the others lie between harmonics."""

FLOOR = 0.03
"""Lowest that noise pulls a magnitude, as a factor: the phase reconstruction makes a click of a hole."""


def baseband_noise(features: AudioFeatures, frames: int, rng: np.random.Generator) -> NDArray[np.complex64]:
    """Draw the spectra of white noise, of unit mean power and without the phase advance of their bins.

    The noise is a circle, so that the last frame leads to the first.

    Returns:
        [frames, bins]
    """
    n_fft, hop = features.n_fft, features.hop_length
    y = np.resize(rng.standard_normal(frames * hop), frames * hop + n_fft).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(y, n_fft)[::hop][:frames]
    spectra = np.fft.rfft(windows * hann_window(n_fft), axis=1)
    advance = np.outer(np.arange(frames), np.arange(features.bins)) * (hop / n_fft) + 0.5 * np.arange(features.bins)
    spectra *= np.exp(-2j * np.pi * advance)
    return (spectra / np.sqrt((np.abs(spectra[:, 1:-1]) ** 2).mean())).astype(np.complex64)


def noise_bands(features: AudioFeatures, bands: int) -> NDArray[np.int64]:
    """Return the band that each bin lies in, [bins]: equal widths in mel (HTK's formula) to half the sample rate."""
    hz = np.linspace(0.0, 0.5 * features.sample_rate, features.bins)
    mel = np.log10(1.0 + hz / 700.0)
    return np.minimum(mel / mel[-1] * bands, bands - 1).astype(np.int64)


def near_harmonics(features: AudioFeatures, midi: float) -> NDArray[np.bool_]:
    """Return which bins belong to the lobe of a harmonic, [bins]."""
    spacing = midi_to_hz(midi) * features.n_fft / features.sample_rate
    number = np.maximum(np.round(np.arange(features.bins) / spacing), 1.0)
    near: NDArray[np.bool_] = np.abs(np.arange(features.bins) - number * spacing) < HARMONIC_BINS
    return near


@numba.njit(nogil=True, cache=True, fastmath=True)  # type: ignore[misc, unused-ignore]
def fluctuate(
    frame: FloatArray,
    share: FloatArray,
    noise: NDArray[np.complex64],
    band: NDArray[np.int64],
    spacing: float,
    gain: float,
    out: FloatArray,
) -> None:
    """Let a frame fluctuate.

    Args:
        frame: smooth magnitudes, [bins].
        share: of noise near harmonics and between them, [2, bands], 0..1.
        noise: one frame of `baseband_noise`, [bins].
        band: `noise_bands`, [bins].
        spacing: of the harmonics, bins; 0 where there are none.
        gain: that magnitudes are multiplied by.
        out: magnitudes, [bins].
    """
    last = np.uintp(frame.size - 1)
    # What is gathered stands in arrays before the loop that calculates with it, in vectors.
    random, re, im = np.empty_like(frame), np.empty_like(frame), np.empty_like(frame)
    per_bin = 1.0 / spacing if spacing > 0.0 else 0.0
    for k in range(frame.size):
        row, source = 1, np.uintp(k)
        if spacing > 0.0:
            centre = max(1.0, np.floor(k * per_bin + 0.5)) * spacing
            if abs(k - centre) < HARMONIC_BINS:
                # The bins of one lobe belong to one partial: apart, they would spread it over the gaps beside it.
                row, source = 0, min(np.uintp(centre + 0.5), last)
        random[k], re[k], im[k] = share[row, band[k]], noise[source].real, noise[source].imag
    one, floor, factor = np.float32(1.0), np.float32(FLOOR), np.float32(gain)
    for k in range(frame.size):
        amount = np.sqrt(random[k])
        real, imaginary = np.sqrt(one - random[k]) + amount * re[k], amount * im[k]
        out[k] = factor * frame[k] * max(floor, np.sqrt(real * real + imaginary * imaginary))


def compile_fluctuation() -> None:
    """Compile `fluctuate`, or load it from numba's cache."""
    frame, out = np.ones(4, np.float32), np.zeros(4, np.float32)
    fluctuate(frame, np.zeros((2, 1), np.float32), np.ones(4, np.complex64), np.zeros(4, np.int64), 2.0, 1.0, out)
