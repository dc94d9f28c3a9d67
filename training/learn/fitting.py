"""The parts of learning frames: the linear model, augmentation, loss, averaged weights."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from aitunes.features import FloatArray
from training.learn.envelope_errors import CEPSTRAL_WEIGHT, frame_errors_db, weighting
from training.learn.network import NODES, RANGE_DB, FrameAutoencoder

BATCH = 512
_ROUNDS, _SMALL_ERROR_DB = 4, 2.0
_TILT_DB, _GAIN_DB, _SHIFT_NODES = 4.0, 12.0, 2
_CODE_NOISE = 0.05
_SHORTER_CODES = (2, 4, 8)


def linear_model(
    x: FloatArray, latent_dim: int, weighted: bool = True, cepstral_weight: float = CEPSTRAL_WEIGHT
) -> FrameAutoencoder:
    """Return the linear model of envelopes [items, NODES] that has the least mean error of them.

    Principal components have the least squared error of points. Here the error is that of `envelope_errors`, and its
    mean counts instead of its mean square: components of weighted frames, whose weights are the inverse of the error
    that the components before left (iteratively reweighted least squares).

    Args:
        weighted: false for principal components.
        cepstral_weight: of the broad shape beside the points.

    Reference:
        Ding, Zhou, He and Zha, "R1-PCA: rotational invariant L1-norm principal component analysis", ICML 2006.
    """
    factor = weighting(cepstral_weight) if weighted else np.eye(NODES)
    y = x @ factor.astype(np.float32)
    weights = np.ones(len(y), np.float32)
    for _ in range(_ROUNDS if weighted else 1):
        weights /= weights.sum()
        mean = weights @ y
        centred = y - mean
        axes = np.linalg.eigh((centred.T @ (weights[:, None] * centred)).astype(np.float64))[1]
        axes = axes[:, ::-1][:, :latent_dim].astype(np.float32)
        z = centred @ axes
        missed = np.maximum((centred**2).sum(axis=1) - (z**2).sum(axis=1), 0.0) / NODES
        weights = 1.0 / np.sqrt(missed + (_SMALL_ERROR_DB / RANGE_DB) ** 2)
    back = np.linalg.inv(factor)
    return FrameAutoencoder.of_projection(mean @ back, (factor @ axes).T, axes.T @ back, z.std(axis=0))


@dataclass(frozen=True)
class Augmentation:
    """Changes of an envelope that the material could have had.

    Args:
        share: of the items that each kind of change befalls.
        quieter_db: most that an item is turned down.
    """

    share: float = 0.5
    quieter_db: float = _GAIN_DB

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Changed envelopes, as many as x [batch, NODES]."""
        count = len(x)

        def some(low: float, high: float) -> Tensor:
            values = low + (high - low) * torch.rand(count, 1, generator=generator)
            return values * (torch.rand(count, 1, generator=generator) < self.share)

        gain = some(-self.quieter_db, 0.0) / RANGE_DB
        tilt = some(-_TILT_DB, _TILT_DB) / RANGE_DB * torch.linspace(-1.0, 1.0, NODES)
        shift = int(torch.randint(-_SHIFT_NODES, _SHIFT_NODES + 1, (1,), generator=generator))
        moved = torch.roll(x, shift, dims=1)
        chosen = torch.rand(count, 1, generator=generator) < self.share / 2
        x = torch.where(chosen, moved, x)
        # Louder than the loudest does not exist: a tilt is a cut of one end.
        return (x + gain + tilt - tilt.abs().amax(dim=1, keepdim=True)).clamp(0.0, 1.0)


def training_loss(model: FrameAutoencoder, x: Tensor, wanted: Tensor, generator: torch.Generator) -> Tensor:
    """Mean error in dB of decoded codes, some of them cut short so that the first numbers say most."""
    z = model.encode_envelope(x)
    z = z + _CODE_NOISE * model.scale * torch.randn(z.shape, generator=generator)
    lengths = [n for n in _SHORTER_CODES if n < model.latent_dim]
    if lengths and float(torch.rand(1, generator=generator)) < 0.3:
        z = z.clone()
        z[:, lengths[int(torch.randint(len(lengths), (1,), generator=generator))] :] = 0.0
    return frame_errors_db(model.decode_envelope(z), wanted).mean()


def mean_error_db(model: FrameAutoencoder, x: FloatArray) -> float:
    """Mean error of held-out envelopes [items, NODES], dB; the model is left in evaluation mode."""
    model.eval()
    errors = []
    with torch.no_grad():
        for part in torch.from_numpy(x).split(4_096):  # type: ignore[no-untyped-call]
            decoded = model.decode_envelope(model.encode_envelope(part)).clamp(0.0, 1.0)
            errors.append(frame_errors_db(decoded, part))
    return float(torch.cat(errors).mean())


class AveragedWeights:
    """A slow copy of a model, which generalises better than the model itself.

    Reference:
        Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim. 30, 1992.
    """

    def __init__(self, model: FrameAutoencoder, decay: float = 0.998) -> None:
        self.decay = decay
        self.model: FrameAutoencoder = copy.deepcopy(model).eval()
        self._steps = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Move a little towards the model; much, at the beginning."""
        self._steps += 1
        decay = min(self.decay, self._steps / (self._steps + 10.0))
        for slow, fast in zip(self.model.parameters(), model.parameters(), strict=True):
            slow.lerp_(fast, 1.0 - decay)
