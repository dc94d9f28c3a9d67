"""Draws codes on their first two principal components."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray
from aitunes.figures import literal, new_figure, png_bytes, scatter_by_label


def principal_plane(codes: FloatArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project codes [items, latent_dim] on their first two principal components, [items, 2]; also their shares.

    A code of one number has 0 for its second coordinate.
    """
    centred = codes.astype(np.float64) - codes.mean(axis=0)
    _, values, directions = np.linalg.svd(centred, full_matrices=False)
    share = values**2 / max(float((values**2).sum()), 1e-30)
    plane, shares = np.zeros((len(codes), 2)), np.zeros(2)
    count = min(2, len(values))
    plane[:, :count], shares[:count] = centred @ directions[:count].T, share[:count]
    return plane, shares


def pc_label(index: int, share: float) -> str:
    """Label the axis of a principal component, counted from 0, with its share of the variance.

    >>> pc_label(0, 0.214)
    'PC 1 (21 % of variance)'
    """
    return f"PC {index + 1} ({100.0 * share:.0f} % of variance)"


def plot_codes(codes: FloatArray, labels: NDArray[np.int64], names: Sequence[str], title: str, path: Path) -> None:
    """Draw codes, 800 × 640.

    Args:
        codes: [items, latent_dim].
        labels: whole numbers, [items].
        names: of the labels, in order; without them their numbers are shown.
    """
    figure, (plane, shares) = new_figure(8.0, 6.4), principal_plane(codes)
    texts = np.array([names[label] if label < len(names) else str(label) for label in labels.tolist()], dtype=np.str_)
    axes = scatter_by_label(figure, plane, texts, 10.0)
    axes.set(title=literal(title, 80), xlabel=pc_label(0, shares[0]), ylabel=pc_label(1, shares[1]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_bytes(figure))
