"""Keeps a key that is down, or whose note still sounds: its bend, pressure and timbre, and what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from instrument.namespace import ROOT, initial_numbers

Shift = tuple[tuple[int, float], ...]
"""Says how far a note lies from the pad's position: pairs of latent coordinate and standard deviations."""
PLAIN_TIMBRE = 0.5
"""A timbre that leaves the sound where the pad has it."""


class ExpressionSettings(NamedTuple):
    """Says what pressure and timbre of a note do.

    Args:
        pressure_level: share of the way from its velocity's level to full level that a note goes at full pressure.
        pressure_axis, timbre_axis: latent coordinates that they move.
        pressure_depth, timbre_depth: how far at most, in standard deviations.
    """

    pressure_level: float
    pressure_axis: int
    pressure_depth: float
    timbre_axis: int
    timbre_depth: float

    @classmethod
    def initial(cls) -> ExpressionSettings:
        """Return what an engine starts with."""
        (level,) = initial_numbers(f"{ROOT}/voice/pressure/level")
        pressure_axis, pressure_depth = initial_numbers(f"{ROOT}/voice/pressure/axis")
        timbre_axis, timbre_depth = initial_numbers(f"{ROOT}/voice/timbre/axis")
        return cls(level, round(pressure_axis), pressure_depth, round(timbre_axis), timbre_depth)


@dataclass(slots=True)
class Key:
    """Describes a key.

    Args:
        note: MIDI note.
        number: identity that its player chose; 0 for a note that is known by its key alone.
        bend: semitones.
        pressure, timbre: 0..1.
    """

    note: int
    number: int = 0
    bend: float = 0.0
    pressure: float = 0.0
    timbre: float = PLAIN_TIMBRE

    def is_same(self, note: int, number: int) -> bool:
        """Return whether a message about that note means this key."""
        return self.number == number and self.note == note

    def level_db(self, velocity_db: float, settings: ExpressionSettings) -> float:
        """Return the level of a note of that velocity under this key's pressure, dB below full level."""
        return velocity_db * (1.0 - settings.pressure_level * self.pressure)

    def shift(self, settings: ExpressionSettings) -> Shift:
        """Return how far the note lies from the pad's position.

        >>> Key(60, timbre=1.0).shift(ExpressionSettings(1.0, 0, 0.0, 1, 1.5))
        ((1, 1.5),)
        """
        by_pressure = settings.pressure_depth * self.pressure
        by_timbre = settings.timbre_depth * (self.timbre - PLAIN_TIMBRE) / PLAIN_TIMBRE
        pairs = (settings.pressure_axis, by_pressure), (settings.timbre_axis, by_timbre)
        return tuple(pair for pair in pairs if pair[1])
