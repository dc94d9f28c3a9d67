"""Makes pitched timbres: harmonic instruments, FM bells, plucked strings and sung vowels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aitunes.audio_generation.waves import (
    AMPLITUDE,
    FADE_SECONDS,
    SAMPLE_RATE,
    FloatArray,
    check_frequencies,
    check_share,
    partials,
    shape,
    time_axis,
    to_peak,
)
from aitunes.errors import InvalidSoundError

VOWELS: dict[str, tuple[float, float, float]] = {
    "i": (270.0, 2290.0, 3010.0),
    "e": (530.0, 1840.0, 2480.0),
    "a": (730.0, 1090.0, 2440.0),
    "o": (570.0, 840.0, 2410.0),
    "u": (300.0, 870.0, 2240.0),
}
"""First three formants of a male voice, Hz (Peterson & Barney 1952, table II: heed, head, father, law, who'd)."""

_MAX_PARTIALS = 64


def draw_formants(rng: np.random.Generator) -> tuple[float, float, float]:
    """Draw formants between those of two vowels, Hz, so that the space between the vowels is filled."""
    first, second = rng.choice(list(VOWELS), 2, replace=False)
    share = rng.random()
    low, middle, high = (a ** (1.0 - share) * b**share for a, b in zip(VOWELS[first], VOWELS[second], strict=True))
    return low, middle, high


def instrument_tone(
    frequency: float,
    duration_seconds: float,
    brightness: float = 0.5,
    inharmonicity: float = 0.0,
    sample_rate: int = SAMPLE_RATE,
    amplitude: float = AMPLITUDE,
    fade_seconds: float = FADE_SECONDS,
) -> FloatArray:
    """Make a held tone of many partials.

    Partial n has the frequency f₀ · n · √(1 + B n²) and falls by 24 dB an octave at brightness 0, 3 dB at 1.

    Args:
        frequency: fundamental f₀, Hz.
        brightness: 0..1.
        inharmonicity: B; 0 is harmonic, a piano's strings have 1e-4 to 1e-2.
        amplitude: peak, 0..1.

    Reference:
        Fletcher & Rossing, *The Physics of Musical Instruments*, 1998, equation 2.67 (stiff strings).
    """
    check_frequencies([frequency], sample_rate)
    if not 0.0 <= inharmonicity <= 1.0:
        raise InvalidSoundError(f"Inharmonicity must be in 0..1, not {inharmonicity!r}.")
    n = np.arange(1, _MAX_PARTIALS + 1)
    slope = 4.0 - 3.5 * check_share("Brightness", brightness)
    hz = _stiff_string(frequency, inharmonicity, n)
    y = partials(hz, n**-slope, time_axis(duration_seconds, sample_rate), sample_rate)
    return shape(to_peak(y, amplitude), sample_rate, fade_seconds)


def fm_bell(
    frequency: float,
    duration_seconds: float,
    ratio: float = 1.4,
    index: float = 5.0,
    decay_seconds: float = 1.0,
    sample_rate: int = SAMPLE_RATE,
    amplitude: float = AMPLITUDE,
) -> FloatArray:
    """Make a struck bell by frequency modulation, whose index falls with its loudness: it mellows as it rings.

    Args:
        frequency: of the carrier, Hz.
        ratio: modulator's frequency over the carrier's; a ratio of small whole numbers is harmonic.
        index: peak phase deviation at the stroke, radians; 0 is a sine, 10 is harsh.
        decay_seconds: time constant of loudness and index (to 1/e).
        amplitude: at the stroke, 0..1.

    Reference:
        Chowning, *The Synthesis of Complex Audio Spectra by Means of Frequency Modulation*, JAES 21(7), 1973,
        equation 1 and its bell-like tones.
    """
    check_frequencies([frequency, ratio, decay_seconds], sample_rate)
    if not 0.0 <= index <= 20.0:
        raise InvalidSoundError(f"A modulation index must be in 0..20, not {index!r}.")
    # Carson's rule bounds the band of an FM tone; a lower index keeps a high bell below half the sample rate.
    room = (sample_rate / 2 - frequency) / (ratio * frequency) - 1.0
    t = time_axis(duration_seconds, sample_rate)
    envelope = np.exp(-t / decay_seconds)
    deviation = min(index, max(room, 0.0)) * envelope * np.sin(2.0 * np.pi * ratio * frequency * t)
    y = envelope * np.sin(2.0 * np.pi * frequency * t + deviation)
    return shape(to_peak(y, amplitude), sample_rate, _ATTACK_SECONDS)


_ATTACK_SECONDS = 0.002


def plucked_string(
    frequency: float,
    duration_seconds: float,
    position: float = 0.2,
    inharmonicity: float = 1e-4,
    decay_seconds: float = 1.0,
    sample_rate: int = SAMPLE_RATE,
    amplitude: float = AMPLITUDE,
) -> FloatArray:
    """Make a plucked string, partial by partial; higher ones decay sooner.

    Partial n starts at sin(n π p) / n, the velocity of a string let go at the share p of its length, and decays
    with the time constant decay_seconds / (1 + n² / 40).

    Args:
        frequency: fundamental, Hz.
        position: where it is plucked, above 0, up to 0.5 (the middle).
        inharmonicity: B as for `instrument_tone`.
        decay_seconds: time constant of the fundamental (to 1/e).
        amplitude: peak, 0..1.

    Reference:
        Fletcher & Rossing, *The Physics of Musical Instruments*, 1998, section 2.8 (the plucked string).
    """
    check_frequencies([frequency, decay_seconds], sample_rate)
    if not 0.0 < position <= 0.5:
        raise InvalidSoundError(f"A string is plucked at 0..0.5 of its length, 0 excluded, not {position!r}.")
    n = np.arange(1, _MAX_PARTIALS + 1)
    hz = _stiff_string(frequency, inharmonicity, n)
    t = time_axis(duration_seconds, sample_rate)
    y = partials(hz, np.sin(np.pi * n * position) / n, t, sample_rate, decay_seconds / (1.0 + n**2 / 40.0))
    return shape(to_peak(y, amplitude), sample_rate, _ATTACK_SECONDS)


def vowel_tone(
    frequency: float,
    duration_seconds: float,
    vowel: str | tuple[float, float, float] = "a",
    sample_rate: int = SAMPLE_RATE,
    amplitude: float = AMPLITUDE,
    fade_seconds: float = FADE_SECONDS,
) -> FloatArray:
    """Make a sung vowel: a voice's harmonics, shaped by three formants.

    Args:
        frequency: of the voice, Hz.
        vowel: one of `VOWELS`, or three formant frequencies, Hz.
        amplitude: peak, 0..1.

    Reference:
        Klatt, *Software for a cascade/parallel formant synthesizer*, JASA 67(3), 1980: two-pole resonators in
        cascade behind a source that falls by 12 dB an octave (6 dB with the lips' radiation).
    """
    if isinstance(vowel, str) and vowel not in VOWELS:
        raise InvalidSoundError(f"There is no vowel named {vowel!r}; choose from {', '.join(VOWELS)}.")
    formants = VOWELS[vowel] if isinstance(vowel, str) else vowel
    check_frequencies([frequency, *formants], sample_rate)
    n = np.arange(1, max(2, int(8_000.0 / frequency)) + 1)
    hz = np.asarray(frequency * n, dtype=np.float64)
    gain = np.asarray(1.0 / n, dtype=np.float64)
    for formant in formants:
        gain = gain * _resonance(hz, formant, 60.0 + 0.05 * formant)
    y = partials(hz, gain, time_axis(duration_seconds, sample_rate), sample_rate)
    return shape(to_peak(y, amplitude), sample_rate, fade_seconds)


def _stiff_string(frequency: float, inharmonicity: float, n: NDArray[np.int_]) -> NDArray[np.float64]:
    return np.asarray(frequency * n * np.sqrt(1.0 + inharmonicity * n**2))


def _resonance(hz: NDArray[np.float64], centre: float, bandwidth: float) -> NDArray[np.float64]:
    """Return the magnitude of a second-order resonance, 1 at 0 Hz: |c² / (c² − f² + i b f)|."""
    return np.asarray(centre**2 / np.hypot(centre**2 - hz**2, bandwidth * hz))
