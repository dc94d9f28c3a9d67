"""Makes sine waves: mixes, sweeps and bouncing tones, and the helpers that every other sound here uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aitunes.errors import InvalidSoundError

FloatArray = NDArray[np.float32]

SAMPLE_RATE = 44_100
AMPLITUDE = 0.5
FADE_SECONDS = 0.01


def sine_wave(
    frequencies: float | Sequence[float],
    duration_seconds: float,
    sample_rate: int = SAMPLE_RATE,
    amplitude: float = AMPLITUDE,
    fade_seconds: float = FADE_SECONDS,
) -> FloatArray:
    """Make a mix of equally strong sine waves.

    Args:
        frequencies: one or several, Hz; those at or above half the sample rate are silent.
        amplitude: bound of the sum, 0..1; each of n sines gets amplitude / n.
        fade_seconds: raised-cosine fade at both ends; at most half the duration is used.

    Returns:
        y [round(duration_seconds · sample_rate)]

    >>> y = sine_wave(440.0, 0.1)
    >>> y.shape, bool(abs(y).max() <= 0.5)
    ((4410,), True)
    """
    hz = np.atleast_1d(np.asarray(frequencies, dtype=np.float64))
    t = time_axis(duration_seconds, sample_rate)
    check_frequencies(hz, sample_rate)
    audible = hz[hz < sample_rate / 2]
    y = np.sin(2.0 * np.pi * audible[:, None] * t).sum(axis=0) / hz.size
    return shape(y * check_amplitude(amplitude), sample_rate, fade_seconds)


def sweep(
    start_hz: float,
    end_hz: float,
    duration_seconds: float,
    sample_rate: int = SAMPLE_RATE,
    amplitude: float = AMPLITUDE,
    fade_seconds: float = FADE_SECONDS,
) -> FloatArray:
    """Make a sine that sweeps from one frequency to another, the same musical interval in every second.

    Args:
        start_hz: lower than `end_hz` ascends, higher descends.
        amplitude: peak, 0..1.
        fade_seconds: raised-cosine fade at both ends.

    Reference:
        Farina, *Simultaneous measurement of impulse response and distortion with a swept-sine technique*,
        AES 108, 2000, equation 4: frequency start · (end / start)^(t / T), integrated to the phase.
    """
    t = time_axis(duration_seconds, sample_rate)
    check_frequencies([start_hz, end_hz], sample_rate)
    position = t / duration_seconds
    return frequency_modulated(start_hz * (end_hz / start_hz) ** position, sample_rate, amplitude, fade_seconds)


def bouncing_wave(
    low_hz: float,
    high_hz: float,
    period_seconds: float,
    duration_seconds: float,
    sample_rate: int = SAMPLE_RATE,
    amplitude: float = AMPLITUDE,
    fade_seconds: float = FADE_SECONDS,
) -> FloatArray:
    """Make a sine whose frequency swings between two others, starting at the lower one.

    Args:
        low_hz, high_hz: ends of the swing, in either order.
        period_seconds: time to swing there and back.
        amplitude: peak, 0..1.
        fade_seconds: raised-cosine fade at both ends.
    """
    t = time_axis(duration_seconds, sample_rate)
    check_frequencies([low_hz, high_hz], sample_rate)
    if period_seconds <= 0:
        raise InvalidSoundError(f"A period must be longer than 0 s, not {period_seconds!r}.")
    swing = 0.5 - 0.5 * np.cos(2.0 * np.pi * t / period_seconds)
    return frequency_modulated(low_hz * (high_hz / low_hz) ** swing, sample_rate, amplitude, fade_seconds)


def frequency_modulated(
    frequency: NDArray[Any],
    sample_rate: int = SAMPLE_RATE,
    amplitude: float = AMPLITUDE,
    fade_seconds: float = FADE_SECONDS,
) -> FloatArray:
    """Make a sine that follows a frequency curve; its phase is the running integral, so it never jumps.

    Args:
        frequency: [samples], Hz, below half the sample rate.
        amplitude: peak, 0..1.
    """
    check_frequencies(frequency, sample_rate)
    if frequency.max() >= sample_rate / 2:
        raise InvalidSoundError(
            f"A gliding tone must stay below half the sample rate ({sample_rate / 2:g} Hz), "
            f"not reach {frequency.max():g} Hz."
        )
    phase = 2.0 * np.pi * np.cumsum(frequency) / sample_rate
    return shape(check_amplitude(amplitude) * np.sin(phase), sample_rate, fade_seconds)


def partials(
    frequencies: NDArray[Any],
    amplitudes: NDArray[Any],
    t: NDArray[np.float64],
    sample_rate: int,
    decay_seconds: NDArray[Any] | None = None,
    phases: NDArray[Any] | None = None,
) -> NDArray[np.float64]:
    """Sum decaying sines, those at or above half the sample rate left out.

    Args:
        frequencies, amplitudes: [partials].
        t: seconds, [samples].
        decay_seconds: time constant of each partial (to 1/e), [partials]; None holds them.
        phases: at t = 0, radians, [partials]; None starts all at 0.
    """
    y = np.zeros_like(t)
    for n in np.flatnonzero(frequencies < sample_rate / 2):
        phase = 0.0 if phases is None else phases[n]
        partial = amplitudes[n] * np.sin(2.0 * np.pi * frequencies[n] * t + phase)
        y += partial if decay_seconds is None else partial * np.exp(-t / decay_seconds[n])
    return y


def time_axis(duration_seconds: float, sample_rate: int) -> NDArray[np.float64]:
    """Return the time of every sample, seconds, [round(duration_seconds · sample_rate)].

    Raises:
        InvalidSoundError: shorter than one sample, or no sample rate.
    """
    if not (sample_rate > 0 and np.isfinite(duration_seconds) and duration_seconds * sample_rate >= 1):
        raise InvalidSoundError(
            f"A sound must last at least one sample, not {duration_seconds!r} s at {sample_rate!r} Hz."
        )
    return np.arange(round(duration_seconds * sample_rate)) / sample_rate


def check_frequencies(frequencies: Sequence[float] | NDArray[Any], sample_rate: int) -> None:
    """Refuse frequencies that are not finite and above 0 Hz."""
    hz = np.asarray(frequencies, dtype=np.float64)
    if not (hz.size and np.isfinite(hz).all() and (hz > 0).all()):
        raise InvalidSoundError(f"Frequencies must be finite and above 0 Hz, not {np.atleast_1d(hz)[:8].tolist()}.")


def check_amplitude(amplitude: float) -> float:
    """Return the amplitude, or refuse one outside 0..1."""
    if not 0.0 <= amplitude <= 1.0:
        raise InvalidSoundError(f"An amplitude must be in 0..1, not {amplitude!r}.")
    return amplitude


def check_share(name: str, value: float) -> float:
    """Return the value, or refuse one outside 0..1."""
    if not 0.0 <= value <= 1.0:
        raise InvalidSoundError(f"{name} must be in 0..1, not {value!r}.")
    return value


def to_peak(y: NDArray[Any], amplitude: float) -> NDArray[np.float64]:
    """Scale to a peak of `amplitude` (0..1); silence stays silence."""
    peak = np.abs(y).max()
    return np.asarray(y * (check_amplitude(amplitude) / peak) if peak > 0 else y, dtype=np.float64)


def shape(y: NDArray[Any], sample_rate: int, fade_seconds: float) -> FloatArray:
    """Fade both ends along a raised cosine and make it float32.

    Args:
        y: [samples].
        fade_seconds: length of each fade; at most half of the waveform is used.
    """
    if not fade_seconds >= 0:
        raise InvalidSoundError(f"A fade must last 0 s or more, not {fade_seconds!r}.")
    count = min(round(fade_seconds * sample_rate), y.size // 2)
    envelope = np.ones(y.size)
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / max(count, 1))
    envelope[:count] = rise
    envelope[y.size - count :] = rise[::-1]
    return (y * envelope).astype(np.float32)
