"""Moves the playing point through the latent space of a release: by its coordinates, or by two of them on a pad."""

from __future__ import annotations

import numpy as np

from aitunes.features import FloatArray
from aitunes.release.card import LATENT_LIMIT, LatentSpace
from instrument.namespace import ROOT, MessageError, Value, initial_numbers


class LatentPoint:
    """Glides to where the player wants it; on the synth's thread.

    Args:
        latent: the playing release's latent space.
        release: its name, for messages.

    Attributes:
        smoothing_seconds: how long a glide takes.
        axes: the two coordinates that the pad moves.
        target: where it goes, [latent_dim] standard deviations.
    """

    def __init__(self, latent: LatentSpace, release: str) -> None:
        (self.smoothing_seconds,) = initial_numbers(f"{ROOT}/smoothing")
        self.latent, self.release = latent, release
        self.axes = _first_axes(latent)
        self.target = np.zeros(len(latent.mean), np.float32)
        self._current = self.target.copy()
        self._remaining_seconds = 0.0

    @property
    def dim(self) -> int:
        """Return the number of coordinates."""
        return len(self.target)

    @property
    def pad(self) -> tuple[float, float]:
        """Return the target's position on the pad, 0..1 on both axes."""
        first, second = self.axes
        return self._on_axis(first), self._on_axis(second)

    @property
    def on_pad(self) -> bool:
        """Return whether the target lies within the pad, so that the pad's position describes it."""
        ranges = self.latent.pad_range
        return all(ranges[axis][0] <= self.target[axis] <= ranges[axis][1] for axis in self.axes)

    def advance(self, seconds: float) -> FloatArray:
        """Glide on for that long and return the coordinates, [latent_dim] standard deviations."""
        if self._remaining_seconds > seconds:
            self._current = self._current + (self.target - self._current) * (seconds / self._remaining_seconds)
            self._remaining_seconds -= seconds
        elif self._remaining_seconds > 0.0 or self._current is not self.target:
            self._current = self.target
            self._remaining_seconds = 0.0
        return self._current

    def change_release(self, latent: LatentSpace, release: str) -> None:
        """Change to another latent space at once: the pad keeps its position, the other coordinates return to 0."""
        x, y = self.pad
        self.latent, self.release = latent, release
        self.target = np.zeros(len(latent.mean), np.float32)
        first, second = self.axes
        # A release with one coordinate leaves the same axis twice.
        if max(first, second) >= self.dim or first == second:
            self.axes = _first_axes(latent)
        self.move_on_pad(x, y)
        self._current = self.target
        self._remaining_seconds = 0.0

    def choose_axes(self, first: int, second: int) -> None:
        """Have the pad move two coordinates.

        Raises:
            MessageError: the release has no such two.
        """
        if self.dim == 1:
            raise MessageError("this release has one axis")
        if max(first, second) >= self.dim or first == second:
            raise MessageError(f"wants two different axes from 0 to {self.dim - 1}")
        self.axes = (first, second)

    def move_to(self, *coordinates: float) -> None:
        """Glide to coordinates.

        Raises:
            MessageError: the release has fewer, or more.
        """
        if len(coordinates) != self.dim:
            raise MessageError(f"wants {self.dim} coordinates for the release {self.release}")
        self.glide(np.array(coordinates, np.float32))

    def move_coordinate(self, n: int, value: Value) -> None:
        """Glide along one coordinate.

        Raises:
            MessageError: the release has no such one.
        """
        self.check_coordinate(n)
        target = self.target.copy()
        target[n] = value
        self.glide(target)

    def move_on_pad(self, x: float | None, y: float | None) -> None:
        """Glide to a position on the pad, 0..1; along an axis without one, not at all."""
        target = self.target.copy()
        first, second = self.axes
        for axis, position in ((first, x), (second, y if second != first else None)):
            if position is not None:
                low, high = self.latent.pad_range[axis]
                target[axis] = np.clip(low + position * (high - low), -LATENT_LIMIT, LATENT_LIMIT)
        self.glide(target)

    def glide(self, target: FloatArray, seconds: float | None = None) -> None:
        """Glide to a target, [latent_dim], within that long; by default within `smoothing_seconds`."""
        self.target = target
        self._remaining_seconds = self.smoothing_seconds if seconds is None else seconds

    def check_coordinate(self, n: int) -> None:
        """Check the number of a coordinate.

        Raises:
            MessageError: the release has no such one.
        """
        if n >= self.dim:
            raise MessageError(f"the release {self.release} has the coordinates 0 to {self.dim - 1}")

    def _on_axis(self, axis: int) -> float:
        low, high = self.latent.pad_range[axis]
        if high <= low:  # a coordinate that the training data never used
            return 0.5
        return float(np.clip((self.target[axis] - low) / (high - low), 0.0, 1.0))


def _first_axes(latent: LatentSpace) -> tuple[int, int]:
    return 0, min(1, len(latent.mean) - 1)
