"""Defines perceptrons that give zero before they are trained, to add to what is right already."""

from __future__ import annotations

from torch import Tensor, nn
from typing_extensions import override


class Block(nn.Module):
    """x + W₂ gelu(W₁ norm(x)), of one width; W₂ is zero at the start.

    Args:
        width: numbers in and out.
        dropout: share of the inner numbers that training leaves out.
    """

    def __init__(self, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    @override
    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.outer(self.dropout(nn.functional.gelu(self.inner(self.norm(x)))))
        return y


def residual(inputs: int, outputs: int, blocks: int, width: int, dropout: float = 0.0) -> nn.Sequential:
    """Make a perceptron of residual blocks that gives zero before it is trained.

    Args:
        inputs, outputs: numbers in and out.
        blocks: how many.
        width: of the blocks.
        dropout: as `Block` has it.
    """
    last = nn.Linear(width, outputs)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    inner = (Block(width, dropout) for _ in range(blocks))
    return nn.Sequential(nn.Linear(inputs, width), *inner, nn.LayerNorm(width), last)
