"""Converts coordinates along a release's principal directions to latent codes, and back."""

from __future__ import annotations

import numpy as np

from aitunes.features import FloatArray
from aitunes.release.card import LatentSpace
from instrument.synthesis.keys import Shift


class Directions:
    """Keeps the mean and the directions of a latent space as arrays, ready for every hop.

    Args:
        latent: of the release.
    """

    def __init__(self, latent: LatentSpace) -> None:
        self._mean = np.asarray(latent.mean, np.float32)
        self._principal = (np.sqrt(latent.variance)[:, None] * np.asarray(latent.axes)).astype(np.float32)
        deviations = np.sqrt(np.maximum(latent.variance, 1e-12))
        self._per_deviation = (np.asarray(latent.axes).T / deviations).astype(np.float32)

    def code(self, coordinates: FloatArray) -> FloatArray:
        """Convert coordinates in standard deviations to the latent code z, both [latent_dim]."""
        z: FloatArray = self._mean + coordinates @ self._principal
        return z

    def coordinates(self, z: FloatArray) -> FloatArray:
        """Convert a latent code z to coordinates in standard deviations, both [latent_dim]."""
        return np.asarray((z - self._mean) @ self._per_deviation, np.float32)

    def shifted(self, z: FloatArray, shift: Shift) -> FloatArray:
        """Return the code z [latent_dim] moved along single directions; those that the release lacks move nothing."""
        for axis, deviations in shift:
            if axis < len(self._principal):
                z = z + np.float32(deviations) * self._principal[axis]
        return z
