"""Measures how much a release moves beside its material, and how many of its coordinates do so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from aitunes.features import FloatArray
from training.learn.network import RANGE_DB, FrameAutoencoder

_WINDOW_SECONDS = 4.0
_BLOCK_SECONDS = 0.093
_AUDIBLE_DB = 60.0
_MAX_WINDOWS = 60


def motion_figures(model: FrameAutoencoder, tracks: Sequence[FloatArray], frame_rate: float) -> dict[str, float]:
    """Compare the movement of the material with that of its codes, for the card.

    Movement is the standard deviation of a point of the envelope over four seconds, in blocks of 93 ms, averaged over
    the points; what lies 60 dB below the loudest point of the material is silence.

    Args:
        tracks: envelopes in their order, [frames, NODES] each, 0..1.
        frame_rate: of the tracks, Hz.

    Returns:
        `material_moves_db`, `motion_moves_db`, and `coordinates_used`: the participation ratio of the codes' variances
        of what they change in the envelope, (Σ v)² / Σ v².
    """
    block, blocks = max(1, round(_BLOCK_SECONDS * frame_rate)), round(_WINDOW_SECONDS / _BLOCK_SECONDS)
    size = block * blocks
    windows = [track[first : first + size] for track in tracks for first in range(0, len(track) - size + 1, size)]
    if not windows:
        return {}
    chosen = np.unique(np.linspace(0, len(windows) - 1, min(_MAX_WINDOWS, len(windows))).round().astype(int))
    material, decoded, codes = [], [], []
    with torch.no_grad():
        for x in (torch.from_numpy(np.asarray(windows[n], np.float32)) for n in chosen):
            z = model.encode_envelope(x)
            y = model.decode_envelope(z)
            y += ((model.level_db(x) - model.level_db(y)) / RANGE_DB)[:, None]
            codes.append(z.numpy())
            material.append(_moves_db(x.numpy(), block))
            decoded.append(_moves_db(y.numpy(), block))
    gains = model.decoder_linear.weight.detach().numpy()
    variances = np.concatenate(codes).var(axis=0) * (gains**2).sum(axis=0)
    return {
        "material_moves_db": round(float(np.mean(material)), 2),
        "motion_moves_db": round(float(np.mean(decoded)), 2),
        "coordinates_used": round(float(variances.sum() ** 2 / (variances**2).sum()), 1),
    }


def _moves_db(x: FloatArray, block: int) -> float:
    floored = np.maximum(x, 1.0 - _AUDIBLE_DB / RANGE_DB)
    return float(floored.reshape(-1, block, x.shape[1]).mean(axis=1).std(axis=0).mean()) * RANGE_DB
