"""Learns how wide a folder's sounds are: the side channel's level in each band, as a function of the code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from aitunes.features import FloatArray
from aitunes.release.side import SIDE_DB, SideLevels
from training.learn.side_levels import EDGES_HZ

Encode = Callable[[Tensor], Tensor]
"""Takes envelopes [batch, NODES], gives codes [batch, latent_dim]."""

_UNITS = 64
_STEPS, _BATCH, _RATE, _DECAY = 600, 512, 5e-3, 1e-2
_CODE_NOISE = 0.1
_UNIT_DB = 10.0
_MAX_FRAMES = 30_000
_PIECES = 20
_MIN_FRAMES = 200
_FAINT_DB, _RARE = 6.0, 0.02


@dataclass(frozen=True)
class LearntSide:
    """Holds what was learnt, and how far it is from stretches of the same tracks that were held out.

    Args:
        levels: for the release.
        held_db: mean distance of the levels, dB.
        constant_db: the same of levels that are their mean in each band everywhere.
    """

    levels: SideLevels
    held_db: float
    constant_db: float

    @property
    def figures(self) -> dict[str, float]:
        """Return both for the card."""
        return {"side_db": round(self.held_db, 2), "side_constant_db": round(self.constant_db, 2)}


def learn_side(
    encode: Encode, tracks: Sequence[FloatArray], sides: Sequence[FloatArray], seed: int = 0
) -> LearntSide | None:
    """Learn the side levels of tracks; None where they are mono, or too short to tell.

    Every twentieth stretch is held out, to measure.

    Args:
        encode: to the codes of the release.
        tracks: envelopes, [frames, NODES] each, 0..1.
        sides: levels of `side_levels_db`, [frames, bands] each; none for material that is mono.
    """
    if is_mono(sides):
        return None
    z, levels, held = _frames(encode, tracks, sides)
    if (~held).sum() < _MIN_FRAMES or not held.any():
        return None
    learnt = fit_side(z[~held], levels[~held], seed)
    mean = _means(levels[~held])
    found, heard = learnt.levels_db(z[held]), np.isfinite(levels[held])
    errors = (np.abs(made - levels[held])[heard].mean() for made in (found, mean))
    return LearntSide(learnt, *(float(error) for error in errors))


def fit_side(z: FloatArray, levels: FloatArray, seed: int = 0) -> SideLevels:
    """Fit levels [frames, bands], not a number where unknown, to codes [frames, latent_dim]: least absolute error.

    A tenth of a standard deviation of noise on the codes keeps it smooth between the sounds.
    """
    mean, std = z.mean(axis=0), np.maximum(z.std(axis=0), 1e-6)
    middle = _means(levels)
    codes = torch.from_numpy(((z - mean) / std).astype(np.float32))
    heard = torch.from_numpy(np.isfinite(levels).astype(np.float32))
    wanted = torch.from_numpy((np.nan_to_num(levels - middle) / _UNIT_DB).astype(np.float32))
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Linear(z.shape[1], _UNITS), nn.SiLU(), nn.Linear(_UNITS, levels.shape[1]))
    optimiser = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _STEPS)
    for _ in range(_STEPS):
        chosen = torch.randint(len(codes), (_BATCH,), generator=generator)
        noise = _CODE_NOISE * torch.randn(_BATCH, z.shape[1], generator=generator)
        loss = ((network(codes[chosen] + noise) - wanted[chosen]).abs() * heard[chosen]).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    inner, inner_bias, outer, outer_bias = (_array(weights) for weights in network.parameters())
    return SideLevels(
        EDGES_HZ.astype(np.float32),
        np.asarray(inner.T / std[:, None], np.float32),
        np.asarray(inner_bias - inner @ (mean / std), np.float32),
        np.asarray(_UNIT_DB * outer.T, np.float32),
        np.asarray(_UNIT_DB * outer_bias + middle, np.float32),
    )


def is_mono(sides: Sequence[FloatArray]) -> bool:
    """Tell whether a side is hardly ever heard, as of a mono recording that was compressed as two channels."""
    if not sides:
        return True
    levels = np.concatenate(sides)
    levels = levels[np.isfinite(levels)]
    return not levels.size or float((levels > SIDE_DB[0] + _FAINT_DB).mean()) < _RARE


def _frames(
    encode: Encode, tracks: Sequence[FloatArray], sides: Sequence[FloatArray]
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Return codes and levels of the audible frames, an even sample of them, and which are held out."""
    levels = np.concatenate(sides)
    x = np.concatenate(tracks)
    held = np.concatenate([np.arange(len(side)) * _PIECES // max(1, len(side)) == _PIECES // 2 for side in sides])
    audible = np.flatnonzero(np.isfinite(levels).any(axis=1))
    chosen = audible[:: max(1, -(-len(audible) // _MAX_FRAMES))]
    with torch.no_grad():
        parts = torch.split(torch.from_numpy(x[chosen]).float(), 4_096)
        z = torch.cat([encode(part) for part in parts]).numpy() if len(chosen) else np.empty((0, 1), np.float32)
    return np.asarray(z, np.float32), levels[chosen], np.asarray(held[chosen], np.bool_)


def _means(levels: FloatArray) -> FloatArray:
    """Return the mean of each band of [frames, bands]; silence of a band that is never heard."""
    heard = np.isfinite(levels)
    sums = np.where(heard, levels, 0.0).sum(axis=0)
    counts = heard.sum(axis=0)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), SIDE_DB[0]), np.float32)


def _array(weights: Tensor) -> NDArray[np.float64]:
    return weights.detach().numpy().astype(np.float64)
