"""Reads the pitch that a file's name gives, so that a tracker's can be checked: `C#4`, `A2`, `Fs3`, `064`, `note60`."""

from __future__ import annotations

import re
from pathlib import PurePath

_SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11, "h": 11}
_ACCIDENTALS = {"": 0, "#": 1, "s": 1, "sharp": 1, "♯": 1, "b": -1, "flat": -1, "♭": -1}
# A letter beside a word's other letters is no note: `flute_A4.wav` has one, `bar3.wav` none.
_NAMED = re.compile(r"(?<![A-Za-z])([A-Ha-h])(#|♯|♭|sharp|flat|s|b)?(-?\d)(?!\d)(?![A-Za-z]{2})")
_NUMBERED = re.compile(
    r"(?:(?<![\d.])0(\d{2})|(?:midi|note|key|n)[ _-]?(\d{1,3})|(?<![\d.])(1[0-2]\d))(?!\d)", re.IGNORECASE
)
_DYNAMICS = ("pp", "p", "mp", "mf", "f", "ff")
_LOWEST, _HIGHEST = 12, 127


def named_pitches(name: str) -> list[int]:
    """MIDI notes that a file's name can mean, C4 being 60; the likeliest first.

    >>> named_pitches("flute/Flute C#4 mf.wav"), named_pitches("piano_060_f.flac"), named_pitches("kick 3.wav")
    ([61], [60], [])
    """
    stem = PurePath(name).stem
    found = [
        12 * (int(octave) + 1) + _SEMITONES[letter.lower()] + _ACCIDENTALS[accidental.lower()]
        for letter, accidental, octave in _NAMED.findall(stem)
    ]
    found += [int(next(filter(None, groups))) for groups in _NUMBERED.findall(stem)]
    return [midi for n, midi in enumerate(found) if _LOWEST <= midi <= _HIGHEST and midi not in found[:n]]


def named_dynamic(name: str) -> str:
    """Read how hard a note was played from its file's name; empty where it does not say.

    >>> named_dynamic("tuba_040_E2_ff.wav"), named_dynamic("flute A4.wav")
    ('ff', '')
    """
    words = re.split(r"[\W_]+", PurePath(name).stem.lower())
    return next((word for word in words if word in _DYNAMICS), "")


def without_pitch(name: str) -> str:
    """Return a file's stem without what names its pitch: what is left may name the instrument.

    >>> without_pitch("guitar_061_C#4.wav")
    'guitar'
    """
    stem = _NUMBERED.sub(" ", _NAMED.sub(" ", PurePath(name).stem))
    return " ".join(re.sub(r"[\W_]+|\b\d+\b", " ", stem).split())
