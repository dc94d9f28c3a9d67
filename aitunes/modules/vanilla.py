"""Defines the plainest autoencoder: two multi-layer perceptrons and a code between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from typing_extensions import override

from aitunes.modules.activations import activation, clamped
from aitunes.modules.base import Autoencoder, AutoencoderOutput


class VanillaAutoencoder(Autoencoder):
    """Stacks fully connected layers, without a distribution.

    Args:
        input_shape: of one segment.
        latent_dim: numbers in a code.
        hidden: widths of the encoder's layers; the decoder has them in reverse.
        decoder_activation: name of what the decoder ends in.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        latent_dim: int,
        hidden: Sequence[int] = (384, 384),
        decoder_activation: str = "sigmoid",
    ) -> None:
        super().__init__(input_shape, latent_dim)
        self.encoder = perceptron([self.size, *hidden, latent_dim])
        self.decoder = perceptron([latent_dim, *reversed(hidden), self.size])
        self.activation = activation(decoder_activation)

    @override
    def encode(self, S: Tensor) -> Tensor:
        z: Tensor = self.encoder(S.flatten(1))
        return z

    @override
    def decode(self, z: Tensor) -> Tensor:
        return clamped(self.activation, self.decode_unclamped(z))

    @override
    def decode_unclamped(self, z: Tensor) -> Tensor:
        S: Tensor = self.activation(self.decoder(z))
        return S.reshape(-1, *self.input_shape)

    @override
    def forward(self, S: Tensor) -> AutoencoderOutput:
        z = self.encode(S)
        return AutoencoderOutput(self.decode_unclamped(z) if self.training else self.decode(z), z, z)


def perceptron(sizes: Sequence[int]) -> nn.Sequential:
    """Stack linear layers with SiLU between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.SiLU()]
    return nn.Sequential(*layers[:-1])
