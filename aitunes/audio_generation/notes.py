"""Makes the SYNTHETIC data set: notes of known pitch in families of timbres, repeatable from their seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aitunes.audio_generation.noises import filtered_noise
from aitunes.audio_generation.timbres import draw_formants, fm_bell, instrument_tone, plucked_string, vowel_tone
from aitunes.audio_generation.waves import AMPLITUDE, FADE_SECONDS, FloatArray, partials, shape, time_axis, to_peak
from aitunes.errors import InvalidSoundError
from aitunes.pitch import midi_to_hz

NOTES = 900
NOTE_SECONDS = 0.6
LOWEST, HIGHEST = 45.0, 90.0
"""MIDI notes. Lower, a window of 23 ms no longer separates the harmonics."""

Maker = Callable[[np.random.Generator, float, float, int], FloatArray]
"""Makes a waveform from a generator, a frequency in Hz, a duration in seconds and a sample rate."""


@dataclass(frozen=True)
class GeneratedNote:
    """Makes note number `index` of the data set that `seed` names, the same on every machine and in any order.

    >>> GeneratedNote(3).label == GeneratedNote(3 + len(FAMILIES)).label
    True
    """

    index: int
    seed: int = 0
    dynamic: str = ""

    @property
    def label(self) -> str:
        """The family of its timbre."""
        return tuple(FAMILIES)[self.index % len(FAMILIES)]

    @property
    def name(self) -> str:
        """Family and number."""
        return f"{self.label}-{self.index:04d}"

    @property
    def midi(self) -> float:
        """The pitch, MIDI note with fraction."""
        if self.index < 0:
            raise InvalidSoundError(f"Notes count from 0, not {self.index!r}.")
        return float(self._rng(0).uniform(LOWEST, HIGHEST))

    def read(self, sample_rate: int) -> FloatArray:
        """Make the waveform, [samples]."""
        return FAMILIES[self.label](self._rng(1), midi_to_hz(self.midi), NOTE_SECONDS, sample_rate)

    def _rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, self.index, stream))


def _additive(
    numbers: NDArray[np.int_], amplitudes: NDArray[np.float64], hz: float, seconds: float, sample_rate: int
) -> FloatArray:
    y = partials(hz * numbers, amplitudes, time_axis(seconds, sample_rate), sample_rate)
    return shape(to_peak(y, AMPLITUDE), sample_rate, FADE_SECONDS)


def _pulse(rng: np.random.Generator, hz: float, seconds: float, sample_rate: int) -> FloatArray:
    """Make a pulse wave, from square to needle, through a gentle low-pass."""
    n = np.arange(1, 129)
    width, corner = rng.uniform(0.04, 0.5), hz * 2.0 ** rng.uniform(1.0, 6.0)
    gain = np.abs(np.sin(np.pi * n * width)) / n / (1.0 + (n * hz / corner) ** 2)
    return _additive(n, gain, hz, seconds, sample_rate)


def _saw(rng: np.random.Generator, hz: float, seconds: float, sample_rate: int) -> FloatArray:
    """Make a saw wave through a resonant low-pass, the classic of subtractive synthesis."""
    n = np.arange(1, 129)
    corner, resonance = hz * 2.0 ** rng.uniform(0.5, 5.5), rng.uniform(0.7, 6.0)
    x = n * hz / corner
    return _additive(n, 1.0 / n / np.hypot(1.0 - x**2, x / resonance), hz, seconds, sample_rate)


def _organ(rng: np.random.Generator, hz: float, seconds: float, sample_rate: int) -> FloatArray:
    """Make a drawbar organ tone: a handful of harmonics at random levels."""
    n = np.array([1, 2, 3, 4, 5, 6, 8])
    return _additive(n, 10.0 ** (-rng.uniform(0.0, 30.0, n.size) / 20.0), hz, seconds, sample_rate)


def _hollow(rng: np.random.Generator, hz: float, seconds: float, sample_rate: int) -> FloatArray:
    """Make a tone of mostly odd harmonics, as a closed pipe has."""
    n = np.arange(1, 65)
    even = np.where(n % 2, 1.0, 10.0 ** (-rng.uniform(10.0, 40.0) / 20.0))
    return _additive(n, even * n ** -rng.uniform(0.8, 2.5), hz, seconds, sample_rate)


def _strings(rng: np.random.Generator, hz: float, seconds: float, sample_rate: int) -> FloatArray:
    return instrument_tone(hz, seconds, rng.random(), 0.0, sample_rate)


def _vowel(rng: np.random.Generator, hz: float, seconds: float, sample_rate: int) -> FloatArray:
    return vowel_tone(hz, seconds, draw_formants(rng), sample_rate)


def _chime(rng: np.random.Generator, hz: float, seconds: float, sample_rate: int) -> FloatArray:
    """Make a bell by frequency modulation at a whole ratio, whose partials are harmonic."""
    ratio = float(rng.choice([1.0, 2.0, 3.0, 4.0]))
    return fm_bell(hz, seconds, ratio, rng.uniform(0.5, 6.0), rng.uniform(0.15, 0.6), sample_rate)


def _pluck(rng: np.random.Generator, hz: float, seconds: float, sample_rate: int) -> FloatArray:
    stiffness = 10.0 ** rng.uniform(-5.5, -3.5)
    return plucked_string(hz, seconds, rng.uniform(0.05, 0.5), stiffness, rng.uniform(0.15, 0.6), sample_rate)


def _breath(rng: np.random.Generator, hz: float, seconds: float, sample_rate: int) -> FloatArray:
    """Make a soft tone in breath noise."""
    tone = instrument_tone(hz, seconds, rng.uniform(0.0, 0.3), 0.0, sample_rate)
    wind = filtered_noise(
        rng, float(np.clip(hz * 2.0 ** rng.uniform(0.0, 3.0), 200.0, 8_000.0)), seconds, 2.0, sample_rate
    )
    return np.asarray(tone + rng.uniform(0.05, 0.8) * wind, dtype=np.float32)


FAMILIES: dict[str, Maker] = {
    "pulse": _pulse,
    "saw": _saw,
    "organ": _organ,
    "hollow": _hollow,
    "strings": _strings,
    "vowel": _vowel,
    "chime": _chime,
    "pluck": _pluck,
    "breath": _breath,
}
"""Label → maker of one note."""
