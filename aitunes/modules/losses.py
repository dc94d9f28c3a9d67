"""What models are trained to make small. Every loss is a mean over the batch of a sum over the patch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from aitunes.features import AudioFeatures
from aitunes.modules.base import QuantisedOutput
from aitunes.modules.objective import Loss, Pass


def kl_divergence(mean: Tensor, log_var: Tensor) -> Tensor:
    """Divergence of diagonal Gaussians from the standard normal, one value a dimension, nats.

    Args:
        mean, log_var: [batch, latent_dim].

    Returns:
        Mean over the batch, [latent_dim].

    Reference:
        Kingma & Welling 2014, appendix B: −½ (1 + log σ² − μ² − σ²).
    """
    return (-0.5 * (1.0 + log_var - mean**2 - log_var.exp())).mean(dim=0)


def squared_error(output: Tensor, target: Tensor) -> Tensor:
    """Squared error of two batches of patches [batch, ...], summed over a patch."""
    return ((output - target) ** 2).flatten(1).sum(dim=1).mean()


def multi_resolution_error(output: Tensor, target: Tensor, widths: tuple[int, ...] = (4, 16)) -> Tensor:
    """Squared error of log-mel patches blurred along frequency, summed over several widths.

    A partial that is one band off is as wrong as one that is fifty off when bands are compared singly; blurred,
    near is better than far, so the latent space comes out ordered by pitch.

    Args:
        output, target: [batch, n_mels, frames].
        widths: bands that are averaged; those wider than the patch are left out.
    """
    error = output.new_zeros(())
    difference = (output - target).transpose(1, 2)
    for width in widths:
        if width <= difference.shape[-1]:
            stride = max(1, width // 4)
            blurred = functional.avg_pool1d(difference, width, stride)
            # One value stands for `stride` bands.
            error = error + stride * (blurred**2).sum(dim=(1, 2)).mean()
    return error


class SquaredError(Loss):
    """Squared error of the reconstruction."""

    @override
    def forward(self, passed: Pass) -> Tensor:
        return squared_error(passed.output.reconstruction, passed.S)


class BlurredError(Loss):
    """Squared error of log-mel patches blurred along frequency, see `multi_resolution_error`.

    Args:
        widths: bands that are averaged.
    """

    def __init__(self, widths: tuple[int, ...] = (4, 16)) -> None:
        super().__init__()
        self.widths = widths

    @override
    def forward(self, passed: Pass) -> Tensor:
        return multi_resolution_error(passed.output.reconstruction, passed.S, self.widths)


class KLDivergence(Loss):
    """Divergence of the codes' distributions from the standard normal, nats, summed over a code.

    0 for models without a distribution.
    """

    @override
    def forward(self, passed: Pass) -> Tensor:
        output = passed.output
        if output.log_var is None:
            return output.mean.new_zeros(())
        return kl_divergence(output.mean, output.log_var).sum()


class Commitment(Loss):
    """Squared distance of codes from their codebook entries; 0 for models without a codebook.

    Reference:
        van den Oord, Vinyals & Kavukcuoglu, *Neural discrete representation learning*, NeurIPS 2017, equation 3.
    """

    @override
    def forward(self, passed: Pass) -> Tensor:
        output = passed.output
        return output.commitment if isinstance(output, QuantisedOutput) else output.mean.new_zeros(())


class LevelLoss(nn.Module):
    """How far the loudness of decoded patches lies outside the range that the data keeps.

    Applied to codes between and beyond those of the data, it leaves no corner of the latent space silent.

    Args:
        features: how patches were made.
        level_range: dB that need no correction, as `level_db` counts them.
    """

    def __init__(self, features: AudioFeatures, level_range: tuple[float, float]) -> None:
        super().__init__()
        self.db_range = features.db_range
        self.level_range = level_range
        # A filter of unit area is as wide as it is low.
        widths = 1.0 / np.maximum(features.filter_bank.max(axis=1), 1e-9)
        self.register_buffer("widths", torch.from_numpy(widths / widths.sum()).float()[:, None])

    widths: Tensor

    def level_db(self, S: Tensor) -> Tensor:
        """Mean mel power of patches [batch, n_mels, frames], bands weighted by their width; dB, [batch]."""
        low, high = self.db_range
        power = 10.0 ** ((S * (high - low) + low) / 10.0)
        return 10.0 * torch.log10((power * self.widths).sum(dim=1).mean(dim=1))

    @override
    def forward(self, S: Tensor) -> Tensor:
        """Mean squared excess, dB²."""
        low, high = self.level_range
        level = self.level_db(S)
        return (torch.relu(level - high) ** 2 + torch.relu(low - level) ** 2).mean()
