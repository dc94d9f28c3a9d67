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
_SLOWEST_PERIOD = 32.0


class VariationalAutoencoder(Autoencoder):
    """A Gaussian code with diagonal covariance, between two multi-layer perceptrons.

    Args:
        input_shape: of one patch, [n_mels, frames].
        latent_dim: numbers in a code.
        hidden: widths of the encoder's layers; the decoder has them in reverse.
        octaves: for each of the first latent dimensions, how many sines and cosines of it the decoder sees besides
            the number itself, the slowest with a period of 32, each next one twice as fast. A dimension that
            stands for pitch needs them: a perceptron alone learns no function of it that changes that fast.

    Reference:
        Kingma & Welling, *Auto-Encoding Variational Bayes*, ICLR 2014, section 3 and appendix C;
        Tancik et al., *Fourier features let networks learn high frequency functions in low dimensional domains*,
        NeurIPS 2020.
    """

    def __init__(
        self,
        input_shape: tuple[int, int],
        latent_dim: int,
        hidden: Sequence[int] = (384, 384),
        octaves: Sequence[int] = (),
    ) -> None:
        super().__init__(input_shape, latent_dim)
        if len(octaves) > latent_dim or any(count < 0 for count in octaves):
            raise ValueError(f"At most {latent_dim} counts of 0 or more octaves are wanted, not {list(octaves)}.")
        size = input_shape[0] * input_shape[1]
        self.encoder = _perceptron([size, *hidden, 2 * latent_dim])
        self.octaves = sum(octaves)
        # One matrix multiplication gives every phase: row by latent dimension, column by sine.
        phases = torch.zeros(latent_dim, sum(octaves))
        columns = [(n, octave) for n, count in enumerate(octaves) for octave in range(count)]
        for column, (n, octave) in enumerate(columns):
            phases[n, column] = 2.0 * torch.pi / _SLOWEST_PERIOD * 2.0**octave
        self.register_buffer("phases", phases)
        self.decoder = _perceptron([latent_dim + 2 * sum(octaves), *reversed(hidden), size])

    phases: Tensor

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
        S = torch.sigmoid(self.decoder(self._with_fourier_features(z))) * (1.0 + 2.0 * _MARGIN) - _MARGIN
        return S.reshape(-1, *self.input_shape)

    def _with_fourier_features(self, z: Tensor) -> Tensor:
        if not self.octaves:
            return z
        phase = z @ self.phases
        return torch.cat([z, torch.sin(phase), torch.cos(phase)], dim=1)

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
