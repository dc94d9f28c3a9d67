"""The computer's keys as a piano: two rows, as the trackers had them."""

from __future__ import annotations

LOWER_ROW = "ZSXDCVGBHNJM"
UPPER_ROW = "Q2W3ER5T6Y7U"
OCTAVE = 12
BLACK = frozenset({1, 3, 6, 8, 10})
NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def step_of(key: str) -> int | None:
    """Semitones above the lowest key, for a key of the computer; None for one that is no piano key."""
    if key in LOWER_ROW:
        return LOWER_ROW.index(key)
    return OCTAVE + UPPER_ROW.index(key) if key in UPPER_ROW else None


def name_of(note: int) -> str:
    """A MIDI note's name; 60 is C4."""
    return f"{NAMES[note % OCTAVE]}{note // OCTAVE - 1}"


def is_black(note: int) -> bool:
    """Whether a MIDI note is a black key."""
    return note % OCTAVE in BLACK
