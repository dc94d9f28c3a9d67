"""Lays the axes of a learnt release so that its pad moves the timbre at an even level, brighter to the right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aitunes.features import FloatArray
from aitunes.release.card import LatentSpace
from training.learn.network import FrameAutoencoder

LEVEL_AXIS = 2
"""Of the axes, the one that moves the level most; the pad spans the two before it."""
MAX_UNEVENNESS_DB = 6.0

Levels = Callable[[Tensor], Tensor]
"""Gives the level of decoded codes [items, latent_dim], dB, [items]."""

_LEVEL_SHARE = 4  # one dimension in so many is kept off the pad, because the level lies there
_SHRINK, _SMALLEST = 0.94, 0.25
_GRID = 16


def pad_axes(model: FrameAutoencoder, codes: FloatArray, brightness: NDArray[np.floating]) -> LatentSpace:
    """Return axes of which the first two change the level little, over ranges within which it stays even.

    Of fewer than three dimensions, all are principal directions.

    Args:
        codes: z [items, latent_dim].
        brightness: of each, [items], in any unit: the axes of the pad point to where it rises.
    """
    dimension = codes.shape[1]
    if dimension <= LEVEL_AXIS or len(codes) <= dimension:
        return LatentSpace.from_codes(codes)
    return level_axes(partial(_levels_db, model), codes, brightness, max(1, dimension // _LEVEL_SHARE))


def level_axes(
    levels: Levels,
    codes: FloatArray,
    brightness: NDArray[np.floating],
    louder_axes: int,
    changes: NDArray[np.floating] | None = None,
) -> LatentSpace:
    """Return axes of which the first two change the level little, for any decoder.

    Directions along which the level of the decoded codes rises are kept off the pad: the eigenvectors of the mean
    outer product of the level's gradients with the largest eigenvalues. The other axes are principal directions of
    what is left of the codes.

    Args:
        codes: z [items, latent_dim], more than dimensions.
        brightness: as `pad_axes` has it.
        louder_axes: directions that are kept off the pad.
        changes: what a step along each dimension changes in what is decoded, [latent_dim, anything]: the other axes
            are those that change most. None takes all dimensions for alike.
    """
    dimension = codes.shape[1]
    centred = np.asarray(codes - codes.mean(axis=0), np.float64)
    gradients = _level_gradients(levels, codes)
    louder = np.linalg.eigh(gradients.T @ gradients)[1][:, ::-1][:, :louder_axes].T
    louder *= np.where(louder @ gradients.mean(axis=0) < 0.0, -1.0, 1.0)[:, None]
    across = (centred if changes is None else np.asarray(changes, np.float64).T) @ (
        np.eye(dimension) - louder.T @ louder
    )
    axes = np.linalg.svd(across, full_matrices=False)[2][: dimension - len(louder)]
    rises = axes @ (centred.T @ (brightness - brightness.mean()))
    axes *= np.where(rises < 0.0, -1.0, 1.0)[:, None]
    latent = LatentSpace.along(codes, np.concatenate([axes[:LEVEL_AXIS], louder, axes[LEVEL_AXIS:]]))
    return _within_even_level(levels, latent)


def unevenness_db(model: FrameAutoencoder, latent: LatentSpace) -> float:
    """Return how far the level on a grid over the pad goes from its median, dB."""
    level = pad_levels_db(partial(_levels_db, model), latent)
    return float(np.abs(level - np.median(level)).max())


def pad_levels_db(levels: Levels, latent: LatentSpace) -> NDArray[np.floating]:
    """Return the level on a grid over the pad, dB, [points]."""
    edges = np.asarray(latent.pad_range)[:2]
    at = np.linspace(0.0, 1.0, _GRID)[:, None]
    coordinates = np.zeros((_GRID, _GRID, len(latent.mean)))
    for axis, along in enumerate((coordinates, coordinates.swapaxes(0, 1))[: len(edges)]):
        along[..., axis] = edges[axis, 0] + (edges[axis, 1] - edges[axis, 0]) * at
    codes = latent.codes(coordinates.reshape(_GRID * _GRID, -1))
    with torch.no_grad():
        return np.asarray(levels(torch.from_numpy(codes)).numpy())


def _within_even_level(levels: Levels, latent: LatentSpace) -> LatentSpace:
    """Draw the pad's edges in until the level over it is even; faders still go further."""
    share = 1.0
    edges = np.asarray(latent.pad_range)
    while share > _SMALLEST:
        level = pad_levels_db(levels, latent)
        if float(np.abs(level - np.median(level)).max()) <= MAX_UNEVENNESS_DB:
            break
        share *= _SHRINK
        narrow = [(low * share, high * share) for low, high in edges[:LEVEL_AXIS].tolist()]
        latent = replace(latent, pad_range=(*narrow, *latent.pad_range[LEVEL_AXIS:]))
    return latent


def _level_gradients(levels: Levels, codes: FloatArray) -> NDArray[np.float64]:
    z = torch.from_numpy(np.array(codes, np.float32)).requires_grad_()
    (gradients,) = torch.autograd.grad(levels(z).sum(), z)
    return gradients.numpy().astype(np.float64)


def _levels_db(model: FrameAutoencoder, z: Tensor) -> Tensor:
    """Return the level of decoded codes [items, latent_dim], dB, [items]."""
    return model.level_db(model.decode_envelope(z))
