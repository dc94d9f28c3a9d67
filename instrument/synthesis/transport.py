"""Counts beats: at a tempo that a player sets, or that a clock gives together with its place."""

from __future__ import annotations

import math

from instrument.namespace import ROOT, initial_numbers


class Transport:
    """Knows the tempo and the present beat; on the synth's thread.

    Attributes:
        tempo: beats (quarter notes) a minute.
        beat: since the beginning of the song, at the present hop.
        running: whether it goes on.
        quantise_beats: the grid that gestures begin and repeat on; 0 for none.
        motion_beats: the grid that the passages of the motion begin and repeat on; 0 for none.
    """

    def __init__(self) -> None:
        (self.tempo,) = initial_numbers(f"{ROOT}/tempo")
        (self.quantise_beats,) = initial_numbers(f"{ROOT}/gesture/quantise")
        (self.motion_beats,) = initial_numbers(f"{ROOT}/motion/quantise")
        self.running = True
        self.beat = 0.0

    def advance(self, seconds: float) -> None:
        """Go on by that long."""
        if self.running:
            self.beat += seconds * self.tempo / 60.0

    def next_line(self, grid: float) -> float:
        """Return the beat of the next line of a grid of so many beats, the present one where it is on a line."""
        return math.ceil(self.beat / grid - 1e-6) * grid

    def last_line(self, grid: float) -> float:
        """Return the beat of the last line of a grid of so many beats, the present one where it is on a line."""
        return math.floor(self.beat / grid + 1e-6) * grid

    def whole_beats(self, seconds: float, grid: float) -> float:
        """Return the length in beats, on the grid, that is nearest to that long; at least one step of it."""
        return max(1, round(seconds * self.tempo / 60.0 / grid)) * grid
