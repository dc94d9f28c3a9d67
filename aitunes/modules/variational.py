"""Defines a variational autoencoder of fully connected layers, small enough to decode at every hop."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from typing_extensions import override

from aitunes.modules.activations import activation, clamped
from aitunes.modules.base import LOG_VAR_LIMIT, Autoencoder, AutoencoderOutput, sample_gaussian
from aitunes.modules.vanilla import perceptron


class VariationalAutoencoder(Autoencoder):
    """Puts a Gaussian code with diagonal covariance between two multi-layer perceptrons.

    Args:
        input_shape: of one segment.
        latent_dim: numbers in a code.
        hidden: widths of the encoder's layers; the decoder has them in reverse.
        decoder_activation: name of what the decoder ends in; of a stretched sigmoid `decode` clamps to 0..1.

    Reference:
        Kingma & Welling, *Auto-Encoding Variational Bayes*, ICLR 2014, section 3 and appendix C.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        latent_dim: int,
        hidden: Sequence[int] = (384, 384),
        decoder_activation: str = "stretched sigmoid",
    ) -> None:
        super().__init__(input_shape, latent_dim)
        self.encoder = perceptron([self.size, *hidden, 2 * latent_dim])
        self.decoder = perceptron([latent_dim, *reversed(hidden), self.size])
        self.activation = activation(decoder_activation)

    def distribution(self, S: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of a segment's code, each [batch, latent_dim]."""
        mean, log_var = self.encoder(S.flatten(1)).chunk(2, dim=1)
        return mean, log_var.clamp(-LOG_VAR_LIMIT, LOG_VAR_LIMIT)

    @override
    def encode(self, S: Tensor) -> Tensor:
        return self.distribution(S)[0]

    @override
    def decode(self, z: Tensor) -> Tensor:
        return clamped(self.activation, self.decode_unclamped(z))

    @override
    def decode_unclamped(self, z: Tensor) -> Tensor:
        S: Tensor = self.activation(self.decoder(z))
        return S.reshape(-1, *self.input_shape)

    @override
    def forward(self, S: Tensor) -> AutoencoderOutput:
        mean, log_var = self.distribution(S)
        z = sample_gaussian(mean, log_var) if self.training else mean
        reconstruction = self.decode_unclamped(z) if self.training else self.decode(z)
        return AutoencoderOutput(reconstruction, z, mean, log_var)
