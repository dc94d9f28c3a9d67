"""Defines a convolutional autoencoder, variational by default."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn

from aitunes.modules.planes import Blocks, Doubling, PlaneAutoencoder, Size, nothing
from aitunes.modules.shared_batch_norm import SharedBatchNorm2d


class CVAE(PlaneAutoencoder):
    """Stacks strided convolutions down and transposed ones up, each normalised over the batch.

    Args:
        input_shape: of one segment.
        latent_dim: numbers in a code.
        channels: after each halving.
        variational: the code has a Gaussian distribution.
        batch_norm_momentum: share of the running statistics that each batch replaces.
        decoder_activation: name of what the decoder ends in.

    Reference:
        Radford, Metz & Chintala, *Unsupervised representation learning with deep convolutional generative adversarial
        networks*, ICLR 2016, section 3.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        latent_dim: int,
        channels: Sequence[int] = (32, 64, 128),
        variational: bool = True,
        batch_norm_momentum: float = 0.1,
        decoder_activation: str = "sigmoid",
    ) -> None:
        norm = partial(SharedBatchNorm2d, momentum=batch_norm_momentum)

        def finish(channels: int) -> nn.Sequential:
            return nn.Sequential(norm(channels), nn.SiLU())

        def down(inputs: int, outputs: int) -> nn.Sequential:
            return nn.Sequential(finish(inputs), nn.Conv2d(inputs, outputs, 3, 2, 1))

        def up(inputs: int, outputs: int, size: Size) -> nn.Sequential:
            return nn.Sequential(finish(inputs), Doubling(inputs, outputs, size))

        blocks = Blocks(down, up, nothing, finish)
        super().__init__(input_shape, latent_dim, blocks, channels, variational, decoder_activation)
