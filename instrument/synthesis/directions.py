"""Converts coordinates along a release's principal directions to latent codes, and back."""

from __future__ import annotations

import numpy as np

from aitunes.features import FloatArray
from aitunes.motion.pace import HELD_AXES
from aitunes.motion.passages import nearness
from aitunes.release.card import LatentSpace
from instrument.synthesis.keys import Shift


class Directions:
    """Keeps the mean and the directions of a latent space as arrays, ready for every hop.

    Args:
        latent: of the release.
    """

    def __init__(self, latent: LatentSpace) -> None:
        self._mean = np.asarray(latent.mean, np.float32)
        self._axes = np.asarray(latent.axes, np.float32)
        self._principal = (np.sqrt(latent.variance)[:, None] * np.asarray(latent.axes)).astype(np.float32)
        self._deviations = np.sqrt(np.maximum(latent.variance, 1e-12)).astype(np.float32)

    def code(self, coordinates: FloatArray) -> FloatArray:
        """Convert coordinates in standard deviations to the latent code z, both [latent_dim]."""
        z: FloatArray = self._mean + coordinates @ self._principal
        return z

    def coordinates(self, z: FloatArray) -> FloatArray:
        """Convert a latent code z to coordinates in standard deviations, both [latent_dim]."""
        return np.asarray(((z - self._mean) @ self._axes.T) / self._deviations, np.float32)

    def shifted(self, z: FloatArray, shift: Shift) -> FloatArray:
        """Return the code z [latent_dim] moved along single directions; those that the release lacks move nothing."""
        for axis, deviations in shift:
            if axis < len(self._principal):
                z = z + np.float32(deviations) * self._principal[axis]
        return z

    def own(self, code: FloatArray, z: FloatArray) -> FloatArray:
        """Return what a sound of the material has along all axes but the pad's, and a player at z leaves to it.

        A coordinate that rests leaves all; a standard deviation away from there, the player's own counts alone.
        """
        there, asked = (np.stack((code, z)) - self._mean) @ self._axes.T
        left = np.maximum(np.float32(0.0), np.float32(1.0) - np.abs(asked) / self._deviations)
        left[:HELD_AXES] = 0.0
        own: FloatArray = (left * there) @ self._axes
        return own

    def nearness(self, metric: FloatArray, other: float) -> FloatArray:
        """Return a metric in which distances on the pad count whole, and those along all other axes that share."""
        return nearness(self._axes, metric, other)
