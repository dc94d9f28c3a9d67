"""Defines residual blocks, with the activation after the sum (V1) and before the convolutions (V2).

Reference:
    V1: He, Zhang, Ren & Sun, *Deep residual learning for image recognition*, CVPR 2016, figure 2;
    V2: the same, *Identity mappings in deep residual networks*, ECCV 2016, figure 4e.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from aitunes.modules.planes import Size

Norm = Callable[[int], nn.Module]
"""Makes the normalisation of so many channels."""


class ResidualBlockV1(nn.Module):
    """Computes relu(shortcut(x) + norm(conv(relu(norm(conv(x)))))).

    Args:
        inputs, outputs: channels.
        norm: makes the normalisations.
        stride: 2 halves the plane.
    """

    def __init__(self, inputs: int, outputs: int, norm: Norm, stride: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            norm(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            norm(outputs),
        )
        same = inputs == outputs and stride == 1
        projection = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), norm(outputs))
        self.shortcut = nn.Identity() if same else projection

    @override
    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.shortcut(x) + self.body(x))


class ResidualBlockV2(nn.Module):
    """Computes shortcut(x) + conv(relu(norm(conv(relu(norm(x)))))): the sum itself passes no activation.

    Args:
        inputs, outputs: channels.
        norm: makes the normalisations.
        stride: 2 halves the plane.
    """

    def __init__(self, inputs: int, outputs: int, norm: Norm, stride: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            norm(inputs),
            nn.ReLU(),
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            norm(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
        )
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    @override
    def forward(self, x: Tensor) -> Tensor:
        total: Tensor = self.shortcut(x) + self.body(x)
        return total


class Enlarged(nn.Module):
    """Repeats a plane to twice its size, then applies a block.

    Args:
        block: from [batch, inputs, *size] to [batch, outputs, *size].
        size: that comes out; half of it, rounded up, goes in.
    """

    def __init__(self, block: nn.Module, size: Size) -> None:
        super().__init__()
        self.block = block
        self.size = size

    @override
    def forward(self, x: Tensor) -> Tensor:
        height, width = self.size
        repeated = functional.interpolate(x, scale_factor=2.0, mode="nearest")[:, :, :height, :width]
        enlarged: Tensor = self.block(repeated)
        return enlarged
