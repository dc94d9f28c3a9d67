"""Makes the objectives that scenarios share; every call makes new ones, since some keep a state."""

from __future__ import annotations

from math import prod

from aitunes.features import AudioFeatures
from aitunes.modules.annealing import Annealing, LinearAnnealing
from aitunes.modules.losses import Commitment, KLDivergence, SquaredError
from aitunes.modules.objective import Loss, WeightedLoss
from aitunes.modules.perceptual import LogSpectralDistance, MultiResolutionSpectralError

_COMMITMENT = 0.25
"""As van den Oord et al. have it; results hardly depend on it."""

_SPECTRAL_PER_VALUE = 0.003
_KL_PER_VALUE = 6e-6
"""Weights grow with the segment, as the squared error that they stand against does: about a tenth at 128 × 128."""
_KL_RISE_EPOCHS = 10
_KL_PER_DB, _KL_DIMENSIONS = 0.003, 32
"""Against the log-spectral distance: where that is 7 dB, as much as a tenth is against the squared error. Of larger
codes each number counts less, or the divergence would be most of the objective, and half of them go unused."""


def squared() -> WeightedLoss:
    """Make an objective of the squared error alone."""
    return WeightedLoss({"squared": SquaredError()})


def squared_and_kl(kl: float | Annealing) -> WeightedLoss:
    """Make an objective of the squared error and the KL divergence at a fixed or annealed weight."""
    return WeightedLoss({"squared": SquaredError(), "kl": KLDivergence()}, {"kl": kl})


def squared_and_commitment() -> WeightedLoss:
    """Make an objective of the squared error and codes near their codebook entries."""
    return WeightedLoss({"squared": SquaredError(), "commitment": Commitment()}, {"commitment": _COMMITMENT})


def spectral_and_kl(shape: tuple[int, ...], features: AudioFeatures) -> WeightedLoss:
    """Make an objective of the multi-resolution spectral error and the annealed KL divergence."""
    kl = LinearAnnealing(0.0, _KL_PER_VALUE * prod(shape), _KL_RISE_EPOCHS)
    return _spectral({"kl": KLDivergence()}, {"kl": kl}, shape, features)


def distance_and_kl(features: AudioFeatures, latent_dim: int) -> WeightedLoss:
    """Make an objective of the log-spectral distance and the KL divergence, at one weight from the first step on.

    A weight that rises from nothing lets the codes' means run away first, to hundreds of nats.
    """
    kl = _KL_PER_DB * min(1.0, _KL_DIMENSIONS / latent_dim)
    return WeightedLoss({"distance": LogSpectralDistance(features.db_range), "kl": KLDivergence()}, {"kl": kl})


def spectral_and_commitment(shape: tuple[int, ...], features: AudioFeatures) -> WeightedLoss:
    """Make an objective of the multi-resolution spectral error and codes near their codebook entries."""
    return _spectral({"commitment": Commitment()}, {"commitment": _COMMITMENT}, shape, features)


def _spectral(
    more: dict[str, Loss], weights: dict[str, float | Annealing], shape: tuple[int, ...], features: AudioFeatures
) -> WeightedLoss:
    parts = {"squared": SquaredError(), "spectral": MultiResolutionSpectralError(features.db_range), **more}
    return WeightedLoss(parts, {"spectral": _SPECTRAL_PER_VALUE * prod(shape), **weights})
