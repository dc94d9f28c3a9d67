"""Defines autoencoders whose decoder is conditioned on a pitch and a level besides the code."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from typing_extensions import override

from aitunes.modules.activations import activation, clamped
from aitunes.modules.base import LOG_VAR_LIMIT, Autoencoder, AutoencoderOutput, sample_gaussian
from aitunes.modules.vanilla import perceptron

_OCTAVES_OF_PITCH = 8
_MAX_PERIOD = 256.0


@dataclass(frozen=True)
class Condition:
    """Describes one condition of a decoder.

    Args:
        name: as the release's card has it.
        low, high: what it can be.
        default: what it is where nobody says.
    """

    name: str
    low: float
    high: float
    default: float


def pitch_and_level(lowest: float, highest: float) -> tuple[Condition, Condition]:
    """Return the conditions of a note: a MIDI note with fraction, and decibels below the loudest frames."""
    return Condition("pitch", lowest, highest, min(max(60.0, lowest), highest)), Condition("level", -60.0, 0.0, 0.0)


class ConditionalAutoencoder(Autoencoder):
    """Has a Gaussian code, and conditions for its decoder; its encoder does not see them.

    Args:
        input_shape, latent_dim: as of every autoencoder.
        conditions: in the order of the columns that `decode` takes.
    """

    def __init__(self, input_shape: tuple[int, ...], latent_dim: int, conditions: Sequence[Condition]) -> None:
        super().__init__(input_shape, latent_dim)
        self.conditions = tuple(conditions)

    @abstractmethod
    def distribution(self, S: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of a segment's code, each [batch, latent_dim]."""

    @abstractmethod
    @override
    def decode(self, z: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Decode codes: z [batch, latent_dim], conditions [batch, len(self.conditions)] to S in 0..1."""

    @override
    def decode_unclamped(self, z: Tensor, conditions: Tensor | None = None) -> Tensor:
        return self.decode(z, conditions)

    @override
    def encode(self, S: Tensor) -> Tensor:
        return self.distribution(S)[0]

    @override
    def forward(self, S: Tensor, conditions: Tensor | None = None) -> AutoencoderOutput:
        mean, log_var = self.distribution(S)
        log_var = log_var.clamp(-LOG_VAR_LIMIT, LOG_VAR_LIMIT)
        z = sample_gaussian(mean, log_var) if self.training else mean
        decode = self.decode_unclamped if self.training else self.decode
        return AutoencoderOutput(decode(z, conditions), z, mean, log_var)

    def with_defaults(self, z: Tensor, conditions: Tensor | None) -> Tensor:
        """Fill in the defaults of conditions that are not given, [batch, len(self.conditions)]."""
        if conditions is not None:
            return conditions
        return z.new_tensor([condition.default for condition in self.conditions]).expand(len(z), -1)

    def centred(self, conditions: Tensor) -> Tensor:
        """Scale conditions so that the middle third of their range becomes −1..1, about unit variance."""
        low, high = (conditions.new_tensor([getattr(c, end) for c in self.conditions]) for end in ("low", "high"))
        return (conditions - 0.5 * (low + high)) * (6.0 / (high - low))


class ConditionalVAE(ConditionalAutoencoder):
    """Stacks fully connected layers; its decoder sees the conditions beside the code.

    Args:
        input_shape, latent_dim: as of every autoencoder.
        conditions: the first is a pitch: the decoder also sees sines and cosines of it, because harmonics move by
            more than their width at every semitone, which a perceptron alone does not learn.
        hidden: widths of the encoder's layers; the decoder has them in reverse.
        decoder_activation: name of what the decoder ends in.

    Reference:
        Sohn, Lee & Yan, *Learning structured output representation using deep conditional generative models*, NIPS
        2015, section 4; Tancik et al., *Fourier features let networks learn high frequency functions in low
        dimensional domains*, NeurIPS 2020.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        latent_dim: int,
        conditions: Sequence[Condition],
        hidden: Sequence[int] = (384, 384),
        decoder_activation: str = "stretched sigmoid",
    ) -> None:
        super().__init__(input_shape, latent_dim, conditions)
        self.encoder = perceptron([self.size, *hidden, 2 * latent_dim])
        seen = latent_dim + len(self.conditions) + 2 * _OCTAVES_OF_PITCH
        self.decoder = perceptron([seen, *reversed(hidden), self.size])
        self.activation = activation(decoder_activation)
        rates = 2.0 * torch.pi / _MAX_PERIOD * 2.0 ** torch.arange(_OCTAVES_OF_PITCH)
        self.register_buffer("rates", rates)

    rates: Tensor

    @override
    def distribution(self, S: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_var = self.encoder(S.flatten(1)).chunk(2, dim=1)
        return mean, log_var

    @override
    def decode(self, z: Tensor, conditions: Tensor | None = None) -> Tensor:
        return clamped(self.activation, self.decode_unclamped(z, conditions))

    @override
    def decode_unclamped(self, z: Tensor, conditions: Tensor | None = None) -> Tensor:
        conditions = self.with_defaults(z, conditions)
        phase = conditions[:, :1] * self.rates
        seen = torch.cat([z, self.centred(conditions), torch.sin(phase), torch.cos(phase)], dim=1)
        S: Tensor = self.activation(self.decoder(seen))
        return S.reshape(-1, *self.input_shape)
