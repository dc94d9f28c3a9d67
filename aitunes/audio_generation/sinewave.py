"""Makes the SINEWAVE data set: synthetic clips, repeatable from their seed, one clip at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aitunes.audio_generation.chords import CHORDS, chord
from aitunes.audio_generation.clips import Clip
from aitunes.audio_generation.noises import filtered_noise
from aitunes.audio_generation.timbres import draw_formants, fm_bell, instrument_tone, plucked_string, vowel_tone
from aitunes.audio_generation.waves import SAMPLE_RATE, FloatArray, bouncing_wave, sine_wave, sweep
from aitunes.errors import InvalidSoundError

CLIPS = 2_500
CLIP_SECONDS = 1.0

_LOW_HZ, _HIGH_HZ = 110.0, 2200.0
"""Fundamentals. Lower, a window of 23 ms no longer separates the partials."""

_NOTES = 4
_REST_SECONDS = 0.024

Maker = Callable[[np.random.Generator, float, int], FloatArray]
"""Makes a waveform from a generator, a duration in seconds and a sample rate."""


def sinewave_clip(
    index: int, seed: int = 0, duration_seconds: float = CLIP_SECONDS, sample_rate: int = SAMPLE_RATE
) -> Clip:
    """Make clip number `index` of the data set that `seed` names, the same on every machine and in any order.

    >>> sinewave_clip(3).label == sinewave_clip(3 + len(FAMILIES)).label
    True
    """
    if index < 0:
        raise InvalidSoundError(f"Clips count from 0, not {index!r}.")
    label = tuple(FAMILIES)[index % len(FAMILIES)]
    rng = np.random.default_rng((seed, index))
    return Clip(FAMILIES[label](rng, duration_seconds, sample_rate), label, f"{label}-{index:04d}")


def _pitch(rng: np.random.Generator, low: float = _LOW_HZ, high: float = _HIGH_HZ) -> float:
    """Draw a frequency between the two, uniformly on a scale of octaves, Hz."""
    return float(low * (high / low) ** rng.random())


def _notes(make: Maker) -> Maker:
    """Put several notes in a row, each drawn separately, so that a clip shows more than one pitch of its family.

    The rests between them are as long as a window, so that no frame hears two notes.
    """

    def clip(rng: np.random.Generator, seconds: float, sample_rate: int) -> FloatArray:
        rest = np.zeros(round(_REST_SECONDS * sample_rate), np.float32)
        note_seconds = max(seconds / _NOTES - _REST_SECONDS, 1.0 / sample_rate)
        parts = [part for _ in range(_NOTES) for part in (make(rng, note_seconds, sample_rate), rest)]
        return np.concatenate(parts)

    return clip


def _sine_mix(rng: np.random.Generator, seconds: float, sample_rate: int) -> FloatArray:
    count = int(rng.integers(1, 4))
    return sine_wave([_pitch(rng, high=1.5 * _HIGH_HZ) for _ in range(count)], seconds, sample_rate)


def _sweep(rng: np.random.Generator, seconds: float, sample_rate: int) -> FloatArray:
    return sweep(_pitch(rng, high=1.5 * _HIGH_HZ), _pitch(rng, high=1.5 * _HIGH_HZ), seconds, sample_rate)


def _bounce(rng: np.random.Generator, seconds: float, sample_rate: int) -> FloatArray:
    return bouncing_wave(_pitch(rng), _pitch(rng, high=1.5 * _HIGH_HZ), rng.uniform(0.4, 1.5), seconds, sample_rate)


def _chord(rng: np.random.Generator, seconds: float, sample_rate: int) -> FloatArray:
    name = tuple(CHORDS)[int(rng.integers(len(CHORDS)))]
    inversion = int(rng.integers(len(CHORDS[name])))
    return chord(_pitch(rng, 220.0, 1320.0), name, seconds, inversion, rng.uniform(0.0, 0.5), sample_rate)


def _instrument(rng: np.random.Generator, seconds: float, sample_rate: int) -> FloatArray:
    stiffness = 10.0 ** rng.uniform(-5.0, -2.0)
    return instrument_tone(_pitch(rng), seconds, rng.random(), stiffness, sample_rate)


def _bell(rng: np.random.Generator, seconds: float, sample_rate: int) -> FloatArray:
    ratio = float(rng.choice([1.0, 1.4, 2.0, 2.756, 3.5]))
    return fm_bell(_pitch(rng), seconds, ratio, rng.uniform(0.5, 6.0), rng.uniform(0.1, 0.6), sample_rate)


def _pluck(rng: np.random.Generator, seconds: float, sample_rate: int) -> FloatArray:
    stiffness = 10.0 ** rng.uniform(-5.0, -3.0)
    position, decay = rng.uniform(0.05, 0.5), rng.uniform(0.1, 0.6)
    return plucked_string(_pitch(rng), seconds, position, stiffness, decay, sample_rate)


def _noise(rng: np.random.Generator, seconds: float, sample_rate: int) -> FloatArray:
    return filtered_noise(rng, _pitch(rng, 200.0, 8_000.0), seconds, rng.uniform(0.2, 2.0), sample_rate)


def _vowel(rng: np.random.Generator, seconds: float, sample_rate: int) -> FloatArray:
    formants = draw_formants(rng)
    return vowel_tone(_pitch(rng, 110.0, 880.0), seconds, formants, sample_rate)


FAMILIES: dict[str, Maker] = {
    "sine mix": _notes(_sine_mix),
    "sweep": _sweep,
    "bounce": _bounce,
    "chord": _notes(_chord),
    "instrument": _notes(_instrument),
    "bell": _notes(_bell),
    "pluck": _notes(_pluck),
    "noise": _notes(_noise),
    "vowel": _notes(_vowel),
}
"""Label → maker of one clip."""
