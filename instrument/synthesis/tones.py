"""Describes what sounds in a hop, and which pitches a release plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from aitunes.release.card import ReleaseCard
from instrument.namespace import MAX_VOICES
from instrument.synthesis.keys import Shift

SLOTS = 1 + MAX_VOICES
"""Counts the tones that can sound at once: the drone, then the voices."""
DRONE_SLOT = 0


class Tone(NamedTuple):
    """Describes the sound of one voice in one hop.

    Args:
        slot: the voice's index, 0 for the drone; constant as long as the note sounds.
        pitch: MIDI note with fraction, bend included.
        level_db: level of its velocity and pressure, dB below the release's full level.
        gain: its envelope, 0..1.
        held: whether its key is down.
        note_on: its number among all note-ons, 0 for the drone.
        shift: how far it lies from the pad's position.
        led: how far something else decides its level, 0..1, so that a recorded movement does not.
    """

    slot: int
    pitch: float
    level_db: float
    gain: float
    held: bool = True
    note_on: int = 0
    shift: Shift = ()
    led: float = 0.0


@dataclass(frozen=True)
class PitchRange:
    """Holds the range of MIDI notes that a release plays.

    Args:
        low, high: lowest and highest, with fraction.
        notes: whether keys play them; a segment model has the drone's pitch alone.
    """

    low: float
    high: float
    notes: bool = True

    @classmethod
    def of(cls, card: ReleaseCard) -> PitchRange | None:
        """Return the range that a card declares; None for a release without pitch."""
        for spec in card.inputs[1:]:
            if spec.name == "pitch":
                return cls(*spec.range, notes=card.is_frame_model)
        return None


def plays_notes(card: ReleaseCard) -> bool:
    """Return whether keys play the release."""
    pitches = PitchRange.of(card)
    return pitches is not None and pitches.notes
