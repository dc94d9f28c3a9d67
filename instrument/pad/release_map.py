"""The map of a release as the pad shows it: landmarks on any two axes, and how densely they lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray
from aitunes.release.card import LatentSpace, ReleaseCard
from aitunes.release.reader import Landmarks, read_landmarks
from instrument.storage.library import Library

MAX_LABELS = 12
"""Labels with a colour of their own; the rest share one."""

_GRID = 96
_BLUR = 3.5


@dataclass(frozen=True)
class ReleaseMap:
    """Landmarks of a release, [items] of them.

    Args:
        coordinates: [items, latent_dim] standard deviations.
        label_numbers: [items], index into `labels`; `len(labels)` stands for all others.
        labels: the names that have colours, the most frequent ones, in order of the alphabet.
        names: [items], the training sounds' own names.
        folder: where the release lies, None where only the engine knows it.
    """

    latent: LatentSpace
    coordinates: FloatArray
    label_numbers: NDArray[np.intp]
    labels: list[str]
    names: list[str]
    folder: Path | None = None
    others: int = field(default=0)

    def positions(self, axes: tuple[int, int]) -> FloatArray:
        """Where the landmarks lie on a pad of these two axes, [items, 2], 0..1; those beyond stand at the edge."""
        low, high = np.asarray(self.latent.pad_range)[list(axes)].T
        wide = np.maximum(high - low, 1e-9)
        return np.asarray(np.clip((self.coordinates[:, list(axes)] - low) / wide, 0.0, 1.0), np.float32)

    def density(self, axes: tuple[int, int]) -> FloatArray:
        """How many landmarks lie around each place of the pad, per label: [labels + 1, grid, grid], row 0 on top.

        Scaled so that the densest place, all labels together, is 1.
        """
        places = self.positions(axes)
        counts = np.zeros((len(self.labels) + 1, _GRID, _GRID), np.float32)
        column = np.minimum((places[:, 0] * _GRID).astype(int), _GRID - 1)
        row = np.minimum(((1.0 - places[:, 1]) * _GRID).astype(int), _GRID - 1)
        np.add.at(counts, (self.label_numbers, row, column), 1.0)
        smooth = _blurred(counts)
        return smooth / max(float(smooth.sum(axis=0).max()), 1e-9)


def _blurred(counts: FloatArray) -> FloatArray:
    """Counts [n, grid, grid], each blurred by a Gaussian."""
    reach = np.arange(_GRID)
    kernel = np.exp(-0.5 * ((reach[:, None] - reach) / _BLUR) ** 2).astype(np.float32)
    return np.asarray(kernel @ counts @ kernel, np.float32)


def release_map(card: ReleaseCard, landmarks: Landmarks, folder: Path | None = None) -> ReleaseMap:
    """The release_map of a release's landmarks."""
    names, numbers, counts = np.unique(landmarks.labels, return_inverse=True, return_counts=True)
    chosen = np.sort(np.argsort(-counts, kind="stable")[:MAX_LABELS])
    place = np.full(len(names), len(chosen))
    place[chosen] = np.arange(len(chosen))
    return ReleaseMap(
        card.latent,
        card.latent.coordinates(landmarks.codes),
        place[numbers],
        [str(name).replace("_", " ") for name in names[chosen]],
        [str(name) for name in landmarks.sources],
        folder,
        len(names) - len(chosen),
    )


def blank(card: ReleaseCard) -> ReleaseMap:
    """The release_map of a release that only the engine knows: no landmarks."""
    nothing = np.zeros((0, card.latent_dim), np.float32)
    return ReleaseMap(card.latent, nothing, np.zeros(0, np.intp), [], [])


def find(library: Library, card: ReleaseCard) -> ReleaseMap:
    """The release_map of the release of that name on this machine, or a blank one.

    Raises:
        ReleaseError: there is one, and its map is damaged.
    """
    folder = library.find(card.name)
    if folder is None:
        return blank(card)
    return release_map(card, read_landmarks(folder, card), folder)
