"""Measures a trained scenario on tracks that it has never seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from aitunes.audio_processing.metrics import MetricError, log_spectral_distance, spectral_convergence
from aitunes.features import AudioFeatures, FloatArray
from aitunes.modules.base import Autoencoder, QuantisedOutput
from aitunes.modules.losses import kl_divergence
from aitunes.release.card import LatentSpace
from training.data.corpus import Corpus
from training.data.loading import EpochBatches, loader
from training.evaluate.inference import codes_of, log_mel_distance_db, reconstruct
from training.evaluate.landmarks import find_landmarks
from training.evaluate.playability import playability
from training.fit.trained import Trained

MAX_ITEMS = 2_000
_ACTIVE_VARIANCE = 0.01
_BATCH = 64


@dataclass(frozen=True)
class LatentUse:
    """Holds how much each latent dimension is used.

    Args:
        std: of the codes, [latent_dim].
        kl_nats: divergence from the standard normal, [latent_dim]; None of models without a distribution.
    """

    std: NDArray[np.float64]
    kl_nats: NDArray[np.float64] | None

    @property
    def active(self) -> int:
        """Dimensions whose codes vary by more than 0.01 (Burda, Grosse & Salakhutdinov, ICLR 2016, section 5.2)."""
        return int((self.std**2 > _ACTIVE_VARIANCE).sum())


def assess(trained: Trained, corpus: Corpus, playing: bool = True) -> dict[str, float]:
    """Measure a model on held-out items.

    Args:
        playing: measure also how a model with pitch plays, which takes minutes.

    Returns:
        every loss by name, as in training; mean_squared_error; active_units of latent_dim; kl_nats where there is a
        distribution; of audio spectral_convergence_db and log_spectral_distance_db on magnitudes, and
        log_mel_distance_db where these are mel; of models with pitch, how they play (`playability`).
    """
    model, held = trained.experiment.model, corpus.held.some(MAX_ITEMS)
    S = np.asarray(held.S)
    use = latent_use(model, S)
    decoded = reconstruct(model, S, held.conditions)
    figures = {
        **_losses(trained, corpus),
        "mean_squared_error": float(mean_squared_errors(decoded, S).mean()),
        "active_units": float(use.active),
        "latent_dim": float(model.latent_dim),
    }
    if use.kl_nats is not None:
        figures["kl_nats"] = float(use.kl_nats.sum())
    if corpus.features is not None:
        figures |= _spectral(decoded, S, corpus.features)
        if playing:
            figures |= playability(model, LatentSpace.from_codes(find_landmarks(model, corpus)[0]), corpus.features)
    return {name: round(value, 5) for name, value in figures.items()}


def mean_squared_errors(decoded: FloatArray, S: FloatArray) -> NDArray[np.float64]:
    """Return the mean squared error of each item, [items]."""
    return np.asarray(((decoded - S).astype(np.float64) ** 2).reshape(len(S), -1).mean(axis=1))


def latent_use(model: Autoencoder, S: FloatArray) -> LatentUse:
    """Measure how much each latent dimension is used for segments [items, *input_shape]."""
    kl = []
    with torch.no_grad():
        for start in range(0, len(S), _BATCH):
            output = model(torch.from_numpy(S[start : start + _BATCH]))
            if output.log_var is not None:
                kl.append(kl_divergence(output.mean, output.log_var).numpy() * len(output.mean))
    total = np.sum(kl, axis=0) / len(S) if kl else None
    return LatentUse(codes_of(model, S).astype(np.float64).std(axis=0), total)


def _losses(trained: Trained, corpus: Corpus) -> dict[str, float]:
    """Compute the training's own losses on the held-out half, means over its items."""
    experiment, sums, count = trained.experiment, dict[str, float](), 0
    with torch.no_grad():
        for batch in loader(corpus.held, EpochBatches.of(corpus.held, _BATCH, None)):
            passed = experiment.pass_through(batch)
            objective = experiment.loss(passed)
            parts = {"loss": objective.total, **{f"loss_{name}": part for name, part in objective.parts.items()}}
            if isinstance(passed.output, QuantisedOutput):
                parts["codebook_usage"] = passed.output.usage
            for name, value in parts.items():
                sums[name] = sums.get(name, 0.0) + float(value) * len(passed.S)
            count += len(passed.S)
    return {name: value / count for name, value in sums.items()}


def _spectral(decoded: FloatArray, S: FloatArray, features: AudioFeatures) -> dict[str, float]:
    decoded_magnitudes, magnitudes = features.denormalise(decoded), features.denormalise(S)
    estimate, reference = (np.concatenate(list(S), axis=1) for S in (decoded_magnitudes, magnitudes))
    figures = {"log_mel_distance_db": log_mel_distance_db(decoded, S, features)} if features.scale == "mel" else {}
    try:
        figures["spectral_convergence_db"] = spectral_convergence(estimate, reference)
        figures["log_spectral_distance_db"] = log_spectral_distance(estimate, reference, axis=0)
    except MetricError:
        return figures  # silence has no distance to measure
    return figures
