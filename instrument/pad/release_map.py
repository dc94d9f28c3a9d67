"""Projects a release's landmarks on any two axes, and computes their density."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray
from aitunes.printable import printable
from aitunes.release.axis_titles import axis_title
from aitunes.release.card import LatentSpace, ReleaseCard
from aitunes.release.reader import Landmarks, read_landmarks
from instrument.storage.library import Library

MAX_LABELS = 12
"""Labels with their own colour; all others share one."""

_GRID = 96
_BLUR = 3.5


@dataclass(frozen=True)
class ReleaseMap:
    """Holds the landmarks of a release, [items] of them.

    Args:
        latent: the release's latent space.
        coordinates: [items, latent_dim] standard deviations.
        label_numbers: [items], index into `labels`; `len(labels)` stands for all others.
        labels: the names that have colours: the most frequent ones, in alphabetical order.
        names: [items], the names of the training sounds.
        folder: the release's folder, None where only the engine has it.
        others: number of labels that share a colour.
        axis_titles: [latent_dim], such as "PC 1 · brightness 0.8".
    """

    latent: LatentSpace
    coordinates: FloatArray
    label_numbers: NDArray[np.intp]
    labels: list[str]
    names: list[str]
    folder: Path | None = None
    others: int = 0
    axis_titles: tuple[str, ...] = ()

    def positions(self, axes: tuple[int, int]) -> FloatArray:
        """Project the landmarks on a pad of these two axes, [items, 2], clipped to 0..1."""
        return self.latent.pad_positions(self.coordinates, axes)

    def density(self, axes: tuple[int, int]) -> FloatArray:
        """Estimate the density of landmarks for each label: [labels + 1, grid, grid], row 0 on top.

        Scaled so that the sum over labels has a maximum of 1.
        """
        positions = self.positions(axes)
        counts = np.zeros((len(self.labels) + 1, _GRID, _GRID), np.float32)
        column = np.minimum((positions[:, 0] * _GRID).astype(int), _GRID - 1)
        row = np.minimum(((1.0 - positions[:, 1]) * _GRID).astype(int), _GRID - 1)
        np.add.at(counts, (self.label_numbers, row, column), 1.0)
        smooth = _blurred(counts)
        return smooth / max(float(smooth.sum(axis=0).max()), 1e-9)


def _blurred(counts: FloatArray) -> FloatArray:
    """Blur counts [n, grid, grid] by a Gaussian."""
    cell = np.arange(_GRID)
    kernel = np.exp(-0.5 * ((cell[:, None] - cell) / _BLUR) ** 2).astype(np.float32)
    return np.asarray(kernel @ counts @ kernel, np.float32)


def release_map(card: ReleaseCard, landmarks: Landmarks, folder: Path | None = None) -> ReleaseMap:
    """Build the map of a release's landmarks."""
    names, numbers, counts = np.unique(landmarks.labels, return_inverse=True, return_counts=True)
    frequent = np.sort(np.argsort(-counts, kind="stable")[:MAX_LABELS])
    index = np.full(len(names), len(frequent))
    index[frequent] = np.arange(len(frequent))
    return ReleaseMap(
        card.latent,
        card.latent.coordinates(landmarks.codes),
        index[numbers],
        [printable(str(name).replace("_", " ")) for name in names[frequent]],
        [printable(str(name)) for name in landmarks.sources],
        folder,
        len(names) - len(frequent),
        _axis_titles(card),
    )


def blank(card: ReleaseCard) -> ReleaseMap:
    """Build the map of a release that only the engine has: no landmarks."""
    empty = np.zeros((0, card.latent_dim), np.float32)
    return ReleaseMap(card.latent, empty, np.zeros(0, np.intp), [], [], axis_titles=_axis_titles(card))


def _axis_titles(card: ReleaseCard) -> tuple[str, ...]:
    return tuple(axis_title(card, axis) for axis in range(card.latent_dim))


def find(library: Library, card: ReleaseCard) -> ReleaseMap:
    """Read the map of the release of that name on this machine, or return a blank one.

    Raises:
        ReleaseError: there is one, and its map is damaged.
    """
    folder = library.find(card.name)
    if folder is None:
        return blank(card)
    return release_map(card, read_landmarks(folder, card), folder)
