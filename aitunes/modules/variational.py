"""A variational autoencoder of fully connected layers, small enough to decode at every hop."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from typing_extensions import override

from aitunes.modules.base import Autoencoder, AutoencoderOutput

_MARGIN = 0.02
_LOG_VAR_LIMIT = 12.0


class VariationalAutoencoder(Autoencoder):
    """A Gaussian code with diagonal covariance, between two multi-layer perceptrons.

    Args:
        input_shape: of one patch, [n_mels, frames].
        latent_dim: numbers in a code.
        hidden: widths of the encoder's layers; the decoder has them in reverse.

    Reference:
        Kingma & Welling, *Auto-Encoding Variational Bayes*, ICLR 2014, section 3 and appendix C.
    """

    def __init__(self, input_shape: tuple[int, int], latent_dim: int, hidden: Sequence[int] = (384, 384)) -> None:
        super().__init__(input_shape, latent_dim)
        size = input_shape[0] * input_shape[1]
        self.encoder = _perceptron([size, *hidden, 2 * latent_dim])
        self.decoder = _perceptron([latent_dim, *reversed(hidden), size])

    def distribution(self, S: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of a patch's code, each [batch, latent_dim]."""
        mean, log_var = self.encoder(S.flatten(1)).chunk(2, dim=1)
        return mean, log_var.clamp(-_LOG_VAR_LIMIT, _LOG_VAR_LIMIT)

    @override
    def encode(self, S: Tensor) -> Tensor:
        return self.distribution(S)[0]

    @override
    def decode(self, z: Tensor) -> Tensor:
        return self.decode_unclamped(z).clamp(0.0, 1.0)

    def decode_unclamped(self, z: Tensor) -> Tensor:
        """The patch of a code, a little beyond 0..1, for training: a clamped output has no gradient to learn from."""
        # A sigmoid never reaches 0, which is silence: stretched a little, it does.
        S = torch.sigmoid(self.decoder(z)) * (1.0 + 2.0 * _MARGIN) - _MARGIN
        return S.reshape(-1, *self.input_shape)

    @override
    def forward(self, S: Tensor) -> AutoencoderOutput:
        mean, log_var = self.distribution(S)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_var) if self.training else mean
        reconstruction = self.decode_unclamped(z) if self.training else self.decode(z)
        return AutoencoderOutput(reconstruction, z, mean, log_var)


def _perceptron(sizes: Sequence[int]) -> nn.Sequential:
    """Linear layers with SiLU between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.SiLU()]
    return nn.Sequential(*layers[:-1])
