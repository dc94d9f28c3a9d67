"""What every autoencoder here is: an encoder, a decoder, and named outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn
from typing_extensions import override


@dataclass(frozen=True)
class AutoencoderOutput:
    """What one pass through an autoencoder gives.

    Args:
        reconstruction: [batch, n_mels, frames].
        z: the code that was decoded, [batch, latent_dim].
        mean: mean of the code's distribution; the code itself where there is none, [batch, latent_dim].
        log_var: log variance of that distribution, [batch, latent_dim]; None where there is none.
    """

    reconstruction: Tensor
    z: Tensor
    mean: Tensor
    log_var: Tensor | None = None


class Autoencoder(nn.Module, ABC):
    """Maps patches to codes and back.

    Args:
        input_shape: of one patch, [n_mels, frames].
        latent_dim: numbers in a code.
    """

    def __init__(self, input_shape: tuple[int, int], latent_dim: int) -> None:
        super().__init__()
        if min(*input_shape, latent_dim) < 1:
            raise ValueError(f"A patch and a code have at least one number: {input_shape}, {latent_dim}.")
        self.input_shape = input_shape
        self.latent_dim = latent_dim

    @abstractmethod
    def encode(self, S: Tensor) -> Tensor:
        """The code of a patch, without chance: S [batch, n_mels, frames] to z [batch, latent_dim]."""

    @abstractmethod
    def decode(self, z: Tensor) -> Tensor:
        """The patch of a code, 0..1: z [batch, latent_dim] to S [batch, n_mels, frames]."""

    @abstractmethod
    @override
    def forward(self, S: Tensor) -> AutoencoderOutput:
        """Encode, sample where the model has a distribution, decode."""
