"""A variational autoencoder of fully connected layers, small enough to decode at every hop."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from typing_extensions import override

from aitunes.modules.activations import activation, clamped
from aitunes.modules.base import LOG_VAR_LIMIT, Autoencoder, AutoencoderOutput, sample_gaussian
from aitunes.modules.vanilla import perceptron

_SLOWEST_PERIOD = 32.0


class VariationalAutoencoder(Autoencoder):
    """A Gaussian code with diagonal covariance, between two multi-layer perceptrons.

    Args:
        input_shape: of one patch.
        latent_dim: numbers in a code.
        hidden: widths of the encoder's layers; the decoder has them in reverse.
        octaves: for each of the first latent dimensions, how many sines and cosines of it the decoder sees besides
            the number itself, the slowest with a period of 32, each next one twice as fast. A dimension that
            stands for pitch needs them: a perceptron alone learns no function of it that changes that fast.
        decoder_activation: name of what the decoder ends in; of a stretched sigmoid `decode` clamps to 0..1.

    Reference:
        Kingma & Welling, *Auto-Encoding Variational Bayes*, ICLR 2014, section 3 and appendix C;
        Tancik et al., *Fourier features let networks learn high frequency functions in low dimensional domains*,
        NeurIPS 2020.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        latent_dim: int,
        hidden: Sequence[int] = (384, 384),
        octaves: Sequence[int] = (),
        decoder_activation: str = "stretched sigmoid",
    ) -> None:
        super().__init__(input_shape, latent_dim)
        if len(octaves) > latent_dim or any(count < 0 for count in octaves):
            raise ValueError(f"At most {latent_dim} counts of 0 or more octaves are wanted, not {list(octaves)}.")
        self.encoder = perceptron([self.size, *hidden, 2 * latent_dim])
        self.octaves = sum(octaves)
        # One matrix multiplication gives every phase: row by latent dimension, column by sine.
        phases = torch.zeros(latent_dim, sum(octaves))
        columns = [(n, octave) for n, count in enumerate(octaves) for octave in range(count)]
        for column, (n, octave) in enumerate(columns):
            phases[n, column] = 2.0 * torch.pi / _SLOWEST_PERIOD * 2.0**octave
        self.register_buffer("phases", phases)
        self.decoder = perceptron([latent_dim + 2 * sum(octaves), *reversed(hidden), self.size])
        self.activation = activation(decoder_activation)

    phases: Tensor

    def distribution(self, S: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of a patch's code, each [batch, latent_dim]."""
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
        S: Tensor = self.activation(self.decoder(self._with_fourier_features(z)))
        return S.reshape(-1, *self.input_shape)

    def _with_fourier_features(self, z: Tensor) -> Tensor:
        if not self.octaves:
            return z
        phase = z @ self.phases
        return torch.cat([z, torch.sin(phase), torch.cos(phase)], dim=1)

    @override
    def forward(self, S: Tensor) -> AutoencoderOutput:
        mean, log_var = self.distribution(S)
        z = sample_gaussian(mean, log_var) if self.training else mean
        reconstruction = self.decode_unclamped(z) if self.training else self.decode(z)
        return AutoencoderOutput(reconstruction, z, mean, log_var)
