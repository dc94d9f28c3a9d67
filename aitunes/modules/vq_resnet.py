"""Defines a residual autoencoder whose code is quantised."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from typing_extensions import override

from aitunes.modules.base import QuantisedOutput
from aitunes.modules.quantiser import VectorQuantiser
from aitunes.modules.resnet import CHANNELS, ResNet2dV2


class VQ_ResNet2D(ResNet2dV2):  # noqa: N801 - the original's name
    """Extends `ResNet2dV2` by a VQ code: groups of numbers, each of which becomes an entry of one codebook.

    The latent coordinate is the code before quantisation: `encode` gives it, `decode` quantises it first.

    Args:
        input_shape: of one segment.
        latent_dim: numbers in a code.
        entry_dim: numbers in an entry; it divides `latent_dim`.
        entries: in the codebook.
        channels, depth, batch_norm_momentum, decoder_activation: as `ResNet2dV2` has them.
        decay, restart_below: as `VectorQuantiser` has them.

    Raises:
        ValueError: `entry_dim` does not divide `latent_dim`, or another value is out of range.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        latent_dim: int,
        entry_dim: int = 4,
        entries: int = 256,
        channels: Sequence[int] = CHANNELS,
        depth: int = 1,
        batch_norm_momentum: float = 0.1,
        decoder_activation: str = "sigmoid",
        decay: float = 0.99,
        restart_below: float = 0.05,
    ) -> None:
        if entry_dim < 1 or latent_dim % entry_dim:
            raise ValueError(f"entry_dim must divide latent_dim; {entry_dim} does not divide {latent_dim}.")
        super().__init__(input_shape, latent_dim, channels, depth, False, batch_norm_momentum, decoder_activation)
        self.quantiser = VectorQuantiser(entries, entry_dim, decay, restart_below)

    @property
    def groups(self) -> int:
        """Entries in a code."""
        return self.latent_dim // self.quantiser.codebook.shape[1]

    def quantise(self, z: Tensor) -> Tensor:
        """Replace each group of codes [batch, latent_dim] by the nearest entry; the codebook does not change."""
        vectors = z.reshape(-1, self.quantiser.codebook.shape[1])
        return self.quantiser.lookup(self.quantiser.nearest(vectors)).reshape(-1, self.latent_dim)

    @override
    def decode_unclamped(self, z: Tensor) -> Tensor:
        return super().decode_unclamped(self.quantise(z))

    @override
    def forward(self, S: Tensor) -> QuantisedOutput:
        z = self.encode(S)
        groups = self.quantiser(z.reshape(-1, self.quantiser.codebook.shape[1]))
        quantised = groups.vectors.reshape(z.shape)
        reconstruction = super().decode_unclamped(quantised)
        commitment = groups.distances.reshape(len(z), -1).sum(dim=1).mean()
        if not self.training:
            reconstruction = self.decode(z)
        return QuantisedOutput(reconstruction, z, z, None, quantised, commitment, groups.usage)

    @override
    def sample_codes(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw an entry for every group, as often as the data chose it."""
        shares = self.quantiser.counts.cpu().clamp(min=0.0)
        drawn = torch.multinomial(shares, count * self.groups, replacement=True, generator=generator)
        return self.quantiser.lookup(drawn.to(self.quantiser.codebook.device)).reshape(count, self.latent_dim)
