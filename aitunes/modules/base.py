"""Defines the interface of every autoencoder: an encoder, a decoder, and named outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn
from typing_extensions import override

from aitunes.modules.shares import drawn_like

LOG_VAR_LIMIT = 12.0
"""Log variances are kept this near to 0: beyond, their exponential overflows before the divergence pulls them back."""


@dataclass(frozen=True)
class AutoencoderOutput:
    """Holds the outputs of one pass through an autoencoder.

    Args:
        reconstruction: [batch, *input_shape].
        z: the code that was decoded, [batch, latent_dim].
        mean: mean of the code's distribution; the code itself where there is none, [batch, latent_dim].
        log_var: log variance of that distribution, [batch, latent_dim]; None where there is none.
    """

    reconstruction: Tensor
    z: Tensor
    mean: Tensor
    log_var: Tensor | None = None


@dataclass(frozen=True)
class QuantisedOutput(AutoencoderOutput):
    """Holds the outputs of one pass through a VQ model; `mean` and `z` are the code before quantisation.

    Args:
        quantised: the nearest codebook entries, [batch, latent_dim]; gradients pass to `z` as if they were it.
        commitment: squared distance of `z` from them, summed over a code, averaged over the batch; a number.
        usage: perplexity of the entries that this batch chose, 1 to the size of the codebook; a number.
    """

    quantised: Tensor = None  # type: ignore[assignment]  # fields after one with a default need one
    commitment: Tensor = None  # type: ignore[assignment]
    usage: Tensor = None  # type: ignore[assignment]


class Autoencoder(nn.Module, ABC):
    """Maps segments to codes and back.

    Args:
        input_shape: of one segment: audio [n_mels, frames], images [channels, height, width], vectors [n]; any sizes.
        latent_dim: numbers in a code.

    Raises:
        ValueError: a size is below 1, or a segment has more than three dimensions.
    """

    def __init__(self, input_shape: tuple[int, ...], latent_dim: int) -> None:
        super().__init__()
        if not 1 <= len(input_shape) <= 3 or min(*input_shape, latent_dim) < 1:
            raise ValueError(
                f"A segment has one to three dimensions, a segment and a code have at least one number: {input_shape}, "
                f"{latent_dim}."
            )
        self.input_shape = tuple(input_shape)
        self.latent_dim = latent_dim

    @property
    def size(self) -> int:
        """Numbers in a segment."""
        return prod(self.input_shape)

    @abstractmethod
    def encode(self, S: Tensor) -> Tensor:
        """Encode segments without sampling: S [batch, *input_shape] to z [batch, latent_dim].

        The mean of a distribution, or the code before quantisation.
        """

    @abstractmethod
    def decode(self, z: Tensor) -> Tensor:
        """Decode codes: z [batch, latent_dim] to S [batch, *input_shape]."""

    def decode_unclamped(self, z: Tensor) -> Tensor:
        """Decode with a gradient everywhere, for training, where `decode` clamps its output."""
        return self.decode(z)

    def start_from(self, S: Tensor) -> None:
        """Start from training segments [items, *input_shape], where a model can; others stay as they were drawn."""

    @abstractmethod
    @override
    def forward(self, S: Tensor) -> AutoencoderOutput:
        """Encode, sample where the model has a distribution and is in training mode, decode."""

    def sample_codes(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw codes from the model's prior, [count, latent_dim]: a standard normal by default.

        A model without a distribution has no prior; what these codes give then depends on how its data's codes lie.
        """
        device = next(self.parameters()).device
        return torch.randn(count, self.latent_dim, generator=generator).to(device)


def sample_gaussian(mean: Tensor, log_var: Tensor) -> Tensor:
    """Draw one sample of each distribution, differentiable by the mean and the log variance.

    Reference:
        Kingma & Welling, *Auto-Encoding Variational Bayes*, ICLR 2014, section 2.4.
    """
    return mean + drawn_like(mean) * torch.exp(0.5 * log_var)
