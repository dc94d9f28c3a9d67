"""Defines losses. Every one is a mean over the batch of a sum over the segment."""

from __future__ import annotations

from torch import Tensor
from typing_extensions import override

from aitunes.modules.base import QuantisedOutput
from aitunes.modules.objective import Loss, Pass


def kl_divergence(mean: Tensor, log_var: Tensor) -> Tensor:
    """Return the divergence of diagonal Gaussians from the standard normal, one value a dimension, nats.

    Args:
        mean, log_var: [batch, latent_dim].

    Returns:
        Mean over the batch, [latent_dim].

    Reference:
        Kingma & Welling 2014, appendix B: −½ (1 + log σ² − μ² − σ²).
    """
    return (-0.5 * (1.0 + log_var - mean**2 - log_var.exp())).mean(dim=0)


def squared_error(output: Tensor, target: Tensor) -> Tensor:
    """Return the squared error of two batches of segments [batch, ...], summed over a segment."""
    return ((output - target) ** 2).flatten(1).sum(dim=1).mean()


class SquaredError(Loss):
    """Measures the squared error of the reconstruction."""

    @override
    def forward(self, passed: Pass) -> Tensor:
        return squared_error(passed.output.reconstruction, passed.S)


class KLDivergence(Loss):
    """Measures the divergence of the codes' distributions from the standard normal, nats, summed over a code.

    0 for models without a distribution.
    """

    @override
    def forward(self, passed: Pass) -> Tensor:
        output = passed.output
        if output.log_var is None:
            return output.mean.new_zeros(())
        return kl_divergence(output.mean, output.log_var).sum()


class Commitment(Loss):
    """Measures the squared distance of codes from their codebook entries; 0 for models without a codebook.

    Reference:
        van den Oord, Vinyals & Kavukcuoglu, *Neural discrete representation learning*, NeurIPS 2017, equation 3.
    """

    @override
    def forward(self, passed: Pass) -> Tensor:
        output = passed.output
        return output.commitment if isinstance(output, QuantisedOutput) else output.mean.new_zeros(())
