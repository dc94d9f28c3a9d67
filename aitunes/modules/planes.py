"""Defines networks over two-dimensional segments: halved stage by stage down to a code, doubled back to their sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from aitunes.modules.activations import activation, clamped
from aitunes.modules.base import LOG_VAR_LIMIT, Autoencoder, AutoencoderOutput, sample_gaussian

Size = tuple[int, int]


@dataclass(frozen=True)
class Blocks:
    """Makes the stages of a network.

    Args:
        down: block from [batch, inputs, h, w] to [batch, outputs, ⌈h/2⌉, ⌈w/2⌉]; called with inputs, outputs.
        up: block to [batch, outputs, *size] from half of it, rounded up; called with inputs, outputs, size.
        first, last: what stands between a layer to so many channels and the stages, and between these and the layer
            after them.
    """

    down: Callable[[int, int], nn.Module]
    up: Callable[[int, int, Size], nn.Module]
    first: Callable[[int], nn.Module]
    last: Callable[[int], nn.Module]


class PlaneAutoencoder(Autoencoder):
    """Stacks stages of convolutions and one linear layer to the code; and back.

    The first and the last layer are plain convolutions at half of the size, so that the widest planes, which cost
    most, are passed once.

    Args:
        input_shape: of one segment; what is not [channels, height, width] gets ones in front.
        latent_dim: numbers in a code.
        blocks: what the stages are made of.
        channels: after each halving.
        variational: the code has a Gaussian distribution.
        decoder_activation: name of what the decoder ends in.

    Raises:
        ValueError: no channels, or a shape that `Autoencoder` refuses.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        latent_dim: int,
        blocks: Blocks,
        channels: Sequence[int],
        variational: bool,
        decoder_activation: str,
    ) -> None:
        super().__init__(input_shape, latent_dim)
        if not channels or min(channels) < 1:
            raise ValueError(f"Every stage has channels, and there is one at least: {list(channels)}.")
        self.variational = variational
        depth, height, width = self._plane_shape = (*(1,) * (3 - len(input_shape)), *input_shape)
        sizes = halvings((height, width), len(channels))
        inner = (channels[-1], *sizes[-1])
        flat = inner[0] * inner[1] * inner[2]
        self.encoder = nn.Sequential(
            nn.Conv2d(depth, channels[0], 3, 2, 1),
            blocks.first(channels[0]),
            *(blocks.down(inputs, outputs) for inputs, outputs in pairwise(channels)),
            blocks.last(channels[-1]),
            nn.Flatten(),
            nn.Linear(flat, latent_dim * (2 if variational else 1)),
        )
        stages = zip(pairwise(reversed(channels)), reversed(sizes[1:-1]), strict=True)
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, flat),
            nn.Unflatten(1, inner),
            blocks.first(channels[-1]),
            *(blocks.up(inputs, outputs, size) for (inputs, outputs), size in stages),
            blocks.last(channels[0]),
            SmoothDoubling(channels[0], depth, sizes[0]),
        )
        self.activation = activation(decoder_activation)

    def distribution(self, S: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return mean and log variance (None without a distribution) of a segment's code, each [batch, latent_dim]."""
        code = self.encoder(S.reshape(-1, *self._plane_shape))
        if not self.variational:
            return code, None
        mean, log_var = code.chunk(2, dim=1)
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
        z = mean if log_var is None or not self.training else sample_gaussian(mean, log_var)
        reconstruction = self.decode_unclamped(z) if self.training else self.decode(z)
        return AutoencoderOutput(reconstruction, z, mean, log_var)


class Doubling(nn.Module):
    """Doubles a size by a transposed convolution, from its half, rounded up.

    Its kernel is twice its stride, so that every number out is made of as many numbers in.
    """

    def __init__(self, inputs: int, outputs: int, size: Size) -> None:
        super().__init__()
        self.convolution = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1)
        self.size = size

    @override
    def forward(self, x: Tensor) -> Tensor:
        height, width = self.size
        doubled: Tensor = self.convolution(x)
        return doubled[:, :, :height, :width]


class SmoothDoubling(nn.Module):
    """Doubles a size by linear interpolation, from its half, rounded up, then convolves.

    A transposed convolution has weights of its own for even and odd rows and columns; as long as they are not learnt
    to agree, a checkerboard lies over the segment, which in a spectrogram is a buzz. Here it never starts.

    Reference:
        Odena, Dumoulin & Olah, *Deconvolution and checkerboard artifacts*, Distill, 2016.
    """

    def __init__(self, inputs: int, outputs: int, size: Size) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, 1, 1)
        self.size = size

    @override
    def forward(self, x: Tensor) -> Tensor:
        height, width = self.size
        doubled = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        smooth: Tensor = self.convolution(doubled[:, :, :height, :width])
        return smooth


def nothing(channels: int) -> nn.Module:
    """Return an identity, for `Blocks` that need no first or last layer."""
    return nn.Identity()


def halvings(size: Size, count: int) -> list[Size]:
    """Return a size, halved and rounded up so many times.

    >>> halvings((5, 8), 3)
    [(5, 8), (3, 4), (2, 2), (1, 1)]
    """
    sizes = [size]
    for _ in range(count):
        height, width = sizes[-1]
        sizes.append((-(-height // 2), -(-width // 2)))
    return sizes
