"""Defines the activations that a decoder ends in."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from typing_extensions import override

_MARGIN = 0.02


class StretchedSigmoid(nn.Module):
    """Reaches a little beyond 0..1: a plain sigmoid never reaches 0, so never silence."""

    @override
    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(x) * (1.0 + 2.0 * _MARGIN) - _MARGIN


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "stretched sigmoid": StretchedSigmoid,
    "tanh": nn.Tanh,
    "identity": nn.Identity,
}


def activation(name: str) -> nn.Module:
    """Make the activation of that name.

    Raises:
        ValueError: there is none; the message lists those that there are.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"There is no activation named {name!r}; choose from {', '.join(ACTIVATIONS)}.")
    return ACTIVATIONS[name]()


def clamped(of: nn.Module, S: Tensor) -> Tensor:
    """Clamp the output of a stretched sigmoid to 0..1; leave that of other activations."""
    return S.clamp(0.0, 1.0) if isinstance(of, StretchedSigmoid) else S
