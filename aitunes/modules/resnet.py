"""Defines two residual autoencoders over planes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn

from aitunes.modules.planes import Blocks, PlaneAutoencoder, Size, nothing
from aitunes.modules.residual import Enlarged, Norm, ResidualBlockV1, ResidualBlockV2
from aitunes.modules.shared_batch_norm import SharedBatchNorm2d

CHANNELS = (32, 64, 128, 256)

_Block = type[ResidualBlockV1] | type[ResidualBlockV2]


class ResNet2dV1(PlaneAutoencoder):
    """Stacks residual blocks with the activation after the sum.

    Args:
        input_shape: of one segment.
        latent_dim: numbers in a code.
        channels: after each halving.
        depth: blocks a stage.
        variational: the code has a Gaussian distribution.
        batch_norm_momentum: share of the running statistics that each batch replaces: smaller ones remember longer,
            which steadies evaluation where batches are small.
        decoder_activation: name of what the decoder ends in.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        latent_dim: int,
        channels: Sequence[int] = CHANNELS,
        depth: int = 1,
        variational: bool = True,
        batch_norm_momentum: float = 0.1,
        decoder_activation: str = "sigmoid",
    ) -> None:
        norm = partial(SharedBatchNorm2d, momentum=batch_norm_momentum)
        # These blocks want to be fed what is normalised and activated already, and end so.
        blocks = _blocks(ResidualBlockV1, norm, depth, first=_normalised_relu(norm), last=nothing)
        super().__init__(input_shape, latent_dim, blocks, channels, variational, decoder_activation)


class ResNet2dV2(PlaneAutoencoder):
    """Stacks residual blocks with the activation before the convolutions: deep ones train more easily.

    Args: as `ResNet2dV1` has them.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        latent_dim: int,
        channels: Sequence[int] = CHANNELS,
        depth: int = 1,
        variational: bool = True,
        batch_norm_momentum: float = 0.1,
        decoder_activation: str = "sigmoid",
    ) -> None:
        norm = partial(SharedBatchNorm2d, momentum=batch_norm_momentum)
        blocks = _blocks(ResidualBlockV2, norm, depth, first=nothing, last=_normalised_relu(norm))
        super().__init__(input_shape, latent_dim, blocks, channels, variational, decoder_activation)


def _normalised_relu(norm: Norm) -> Norm:
    return lambda channels: nn.Sequential(norm(channels), nn.ReLU())


def _blocks(block: _Block, norm: Norm, depth: int, first: Norm, last: Norm) -> Blocks:
    """Make stages of `depth` blocks, of which the first changes the size."""

    def more(channels: int) -> list[nn.Module]:
        return [block(channels, channels, norm) for _ in range(depth - 1)]

    def down(inputs: int, outputs: int) -> nn.Module:
        return nn.Sequential(block(inputs, outputs, norm, stride=2), *more(outputs))

    def up(inputs: int, outputs: int, size: Size) -> nn.Module:
        return nn.Sequential(Enlarged(block(inputs, outputs, norm), size), *more(outputs))

    return Blocks(down, up, first, last)
