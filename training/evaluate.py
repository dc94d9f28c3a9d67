"""How good a trained model is, in numbers that go onto its card."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from aitunes.features import AudioFeatures, FloatArray
from aitunes.modules.base import Autoencoder
from aitunes.modules.losses import kl_divergence
from aitunes.modules.variational import VariationalAutoencoder

_ACTIVE_VARIANCE = 0.01
_BATCH = 4_096
_BATCH_VALUES = 1 << 22


def codes_of(model: Autoencoder, S: FloatArray) -> FloatArray:
    """Codes of patches [items, *input_shape], without chance, [items, latent_dim]."""
    with torch.no_grad():
        return np.concatenate([model.encode(torch.from_numpy(part)).numpy() for part in _parts(S)])


def reconstruct(model: Autoencoder, S: FloatArray) -> FloatArray:
    """Patches [items, *input_shape], encoded and decoded."""
    with torch.no_grad():
        return np.concatenate([model.decode(model.encode(torch.from_numpy(part))).numpy() for part in _parts(S)])


def log_mel_distance_db(one: FloatArray, other: FloatArray, features: AudioFeatures) -> float:
    """Root-mean-square difference of each patch's bands, dB, averaged over patches [items, n_mels, frames]."""
    low, high = features.db_range
    return float(np.sqrt(((one - other) ** 2).mean(axis=(1, 2))).mean() * (high - low))


def evaluate(model: VariationalAutoencoder, S: FloatArray, features: AudioFeatures) -> dict[str, float]:
    """Figures of a model on patches that it was not trained on.

    Returns:
        log_mel_distance_db; active_units, latent dimensions whose mean code varies by more than 0.01 (Burda,
        Grosse & Salakhutdinov, *Importance Weighted Autoencoders*, ICLR 2016, section 5.2); kl_nats, their sum;
        kl_nats_N and std_N of every dimension.
    """
    with torch.no_grad():
        distributions = [model.distribution(torch.from_numpy(part)) for part in _parts(S)]
    mean, log_var = (torch.cat(parts) for parts in zip(*distributions, strict=True))
    kl = kl_divergence(mean, log_var).tolist()
    std = mean.std(dim=0, correction=0).tolist()
    return {
        "log_mel_distance_db": round(log_mel_distance_db(reconstruct(model, S), S, features), 3),
        "active_units": float(sum(s**2 > _ACTIVE_VARIANCE for s in std)),
        "kl_nats": round(sum(kl), 3),
        **{f"kl_nats_{n}": round(value, 3) for n, value in enumerate(kl)},
        **{f"std_{n}": round(value, 3) for n, value in enumerate(std)},
    }


def _parts(S: FloatArray) -> list[NDArray[np.float32]]:
    rows = max(1, min(_BATCH, _BATCH_VALUES // S[0].size))
    return [S[start : start + rows] for start in range(0, len(S), rows)]
