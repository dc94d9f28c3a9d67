"""Sums losses by weight, every part of the sum known by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from typing_extensions import override

from aitunes.modules.annealing import Annealing
from aitunes.modules.base import Autoencoder, AutoencoderOutput


@dataclass(frozen=True)
class Pass:
    """Holds a batch and the model's output for it: all that a loss may look at.

    Args:
        model: that made it.
        S: segments, [batch, *input_shape].
        output: of the model for S.
        labels: numbers of what the segments are, [batch]; None where nobody says.
        conditions: what the decoder was conditioned on, [batch, conditions]; None for models without conditions.
    """

    model: Autoencoder
    S: Tensor
    output: AutoencoderOutput
    labels: Tensor | None = None
    conditions: Tensor | None = None


class Loss(nn.Module, ABC):
    """Computes one part of an objective."""

    @abstractmethod
    @override
    def forward(self, passed: Pass) -> Tensor:
        """Return the loss, 0 at best; by default a mean over the batch of a sum over the segment."""


@dataclass(frozen=True)
class Objective:
    """Holds the loss of a batch, in total and by part.

    Args:
        total: the weighted sum, a number with a gradient.
        parts: every part by name, not weighted.
    """

    total: Tensor
    parts: dict[str, Tensor]


class WeightedLoss(nn.Module):
    """Sums named losses by weight.

    Args:
        parts: losses by name; the order is that of the sum and of the log.
        weights: of some of them, numbers or numbers that change during the training; 1 for the others.

    Raises:
        ValueError: no parts, or a weight of none of them.
    """

    def __init__(self, parts: Mapping[str, Loss], weights: Mapping[str, float | Annealing] | None = None) -> None:
        super().__init__()
        weights = weights or {}
        if not parts or set(weights) - set(parts):
            raise ValueError(f"Weights belong to parts: there are {list(parts)}, and weights of {list(weights)}.")
        self.parts = nn.ModuleDict(parts)
        self.constants = {name: w for name, w in weights.items() if not isinstance(w, Annealing)}
        # Modules, because where they stand belongs into the checkpoint.
        self.annealed = nn.ModuleDict({name: w for name, w in weights.items() if isinstance(w, Annealing)})

    def weights(self) -> dict[str, float]:
        """Return the present weight of every part."""
        return {name: self._weight(name) for name in self.parts}

    def move_to(self, epochs: float) -> None:
        """Move annealed weights to so many epochs, with fraction, after the start of the training."""
        for annealing in self.annealed.values():
            cast(Annealing, annealing).move_to(epochs)

    @override
    def forward(self, passed: Pass) -> Objective:
        parts = {name: loss(passed) for name, loss in self.parts.items()}
        total = torch.stack([self._weight(name) * part for name, part in parts.items()]).sum()
        return Objective(total, parts)

    def _weight(self, name: str) -> float:
        if name in self.annealed:
            return cast(Annealing, self.annealed[name]).weight
        return self.constants.get(name, 1.0)
