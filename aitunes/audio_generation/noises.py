"""Makes unpitched sounds: noise in a band."""

from __future__ import annotations

import numpy as np

from aitunes.audio_generation.waves import (
    AMPLITUDE,
    FADE_SECONDS,
    SAMPLE_RATE,
    FloatArray,
    check_frequencies,
    shape,
    time_axis,
    to_peak,
)
from aitunes.errors import InvalidSoundError


def filtered_noise(
    rng: np.random.Generator,
    centre_hz: float,
    duration_seconds: float,
    width_octaves: float = 1.0,
    sample_rate: int = SAMPLE_RATE,
    amplitude: float = AMPLITUDE,
    fade_seconds: float = FADE_SECONDS,
) -> FloatArray:
    """Make Gaussian noise with a bell-shaped spectrum on a scale of octaves.

    Args:
        rng: the generator that the noise is drawn from.
        centre_hz: the loudest frequency.
        width_octaves: between the two frequencies that are 6 dB quieter.
        amplitude: peak, 0..1.
    """
    check_frequencies([centre_hz], sample_rate)
    if not width_octaves > 0:
        raise InvalidSoundError(f"Noise must be wider than 0 octaves, not {width_octaves!r}.")
    samples = time_axis(duration_seconds, sample_rate).size
    white = np.fft.rfft(rng.standard_normal(samples))
    hz = np.fft.rfftfreq(samples, 1.0 / sample_rate)
    octaves = np.log2(np.maximum(hz, hz[1] if hz.size > 1 else 1.0) / centre_hz)
    gain = 0.5 ** ((2.0 * octaves / width_octaves) ** 2)
    gain[0] = 0.0
    y = np.fft.irfft(white * gain, samples)
    return shape(to_peak(y, amplitude), sample_rate, fade_seconds)
