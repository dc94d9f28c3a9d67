"""Maps the computer's keys to a piano: two rows, as in trackers."""

from __future__ import annotations

LOWER_ROW = "ZSXDCVGBHNJM"
UPPER_ROW = "Q2W3ER5T6Y7U"
OCTAVE = 12
BLACK = frozenset({1, 3, 6, 8, 10})
NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def semitone_of(key: str) -> int | None:
    """Return a key's semitones above the lowest one; None for a key that plays no note."""
    if key in LOWER_ROW:
        return LOWER_ROW.index(key)
    return OCTAVE + UPPER_ROW.index(key) if key in UPPER_ROW else None


def note_name(note: int) -> str:
    """Name a MIDI note; 60 is C4."""
    return f"{NAMES[note % OCTAVE]}{note // OCTAVE - 1}"


def is_black(note: int) -> bool:
    """Return true for a MIDI note on a black key."""
    return note % OCTAVE in BLACK
