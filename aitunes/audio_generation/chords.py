"""Finds the frequencies of notes and chords by name, in equal temperament."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from aitunes.audio_generation.timbres import instrument_tone
from aitunes.audio_generation.waves import AMPLITUDE, FADE_SECONDS, SAMPLE_RATE, FloatArray
from aitunes.errors import InvalidSoundError
from aitunes.pitch import midi_to_hz

CHORDS: dict[str, tuple[int, ...]] = {
    "octave": (0, 12),
    "fifth": (0, 7),
    "major": (0, 4, 7),
    "minor": (0, 3, 7),
    "diminished": (0, 3, 6),
    "augmented": (0, 4, 8),
    "suspended second": (0, 2, 7),
    "suspended fourth": (0, 5, 7),
    "major sixth": (0, 4, 7, 9),
    "minor sixth": (0, 3, 7, 9),
    "dominant seventh": (0, 4, 7, 10),
    "major seventh": (0, 4, 7, 11),
    "minor seventh": (0, 3, 7, 10),
    "half-diminished seventh": (0, 3, 6, 10),
    "diminished seventh": (0, 3, 6, 9),
}
"""Semitones above the root, root position."""

_MIDI_C4 = 60
_SEMITONES_ABOVE_C = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_NOTE = re.compile(r"([A-Ga-g])([#♯b♭]?)(-?\d)")


def note_frequency(note: str) -> float:
    """Return the frequency of a note in scientific pitch notation, Hz.

    >>> note_frequency("A4"), round(note_frequency("C4"), 2), note_frequency("Bb3") == note_frequency("A#3")
    (440.0, 261.63, True)
    """
    match = _NOTE.fullmatch(note)
    if not match:
        raise InvalidSoundError(f"A note is a letter, an accidental if any, and an octave, as in 'F#3', not {note!r}.")
    letter, accidental, octave = match.groups()
    semitones = _SEMITONES_ABOVE_C[letter.upper()] + _ACCIDENTALS[accidental] + 12 * (int(octave) - 4)
    return midi_to_hz(float(_MIDI_C4 + semitones))


def chord_frequencies(root_hz: float, name: str = "major", inversion: int = 0) -> NDArray[np.float64]:
    """Return the frequencies of a chord's notes, lowest first, Hz.

    Args:
        root_hz: the root in root position.
        name: one of `CHORDS`.
        inversion: notes moved up an octave, from the lowest: 0 up to one less than the chord has notes.

    >>> chord_frequencies(100.0, "octave").tolist()
    [100.0, 200.0]
    """
    if name not in CHORDS:
        raise InvalidSoundError(f"There is no chord named {name!r}; choose from {', '.join(CHORDS)}.")
    semitones = CHORDS[name]
    if not 0 <= inversion < len(semitones):
        raise InvalidSoundError(f"A {name} chord has inversions 0 to {len(semitones) - 1}, not {inversion!r}.")
    moved = [*semitones[inversion:], *(step + 12 for step in semitones[:inversion])]
    return np.asarray(root_hz * 2.0 ** (np.array(sorted(moved)) / 12.0))


def chord(
    root_hz: float,
    name: str,
    duration_seconds: float,
    inversion: int = 0,
    brightness: float = 0.3,
    sample_rate: int = SAMPLE_RATE,
    amplitude: float = AMPLITUDE,
    fade_seconds: float = FADE_SECONDS,
) -> FloatArray:
    """Make a chord of equally loud harmonic tones.

    Args:
        root_hz, name, inversion: as for `chord_frequencies`.
        brightness: of every note, 0..1; 0 is all but sines.
        amplitude: bound of the sum, 0..1.
    """
    notes = chord_frequencies(root_hz, name, inversion)
    y = sum(
        instrument_tone(hz, duration_seconds, brightness, 0.0, sample_rate, amplitude / notes.size, fade_seconds)
        for hz in notes.tolist()
    )
    return np.asarray(y, dtype=np.float32)
