"""The weighted sum that training makes small, every part of it known by name."""

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
    """A batch and what the model made of it: all that a loss may look at.

    Args:
        model: that made it.
        S: segments, [batch, *input_shape].
        output: of the model for S.
        labels: numbers of what the segments are, [batch]; None where nobody says.
        conditions: what the decoder was told, [batch, conditions]; None of models that are told nothing.
    """

    model: Autoencoder
    S: Tensor
    output: AutoencoderOutput
    labels: Tensor | None = None
    conditions: Tensor | None = None


class Loss(nn.Module, ABC):
    """One part of an objective."""

    @abstractmethod
    @override
    def forward(self, passed: Pass) -> Tensor:
        """A number, 0 at best; unless its class says otherwise, a mean over the batch of a sum over the segment."""


@dataclass(frozen=True)
class Objective:
    """What a batch scored.

    Args:
        total: the weighted sum, a number with a gradient.
        parts: every part by name, not weighted.
    """

    total: Tensor
    parts: dict[str, Tensor]


class WeightedLoss(nn.Module):
    """A weighted sum of named losses.

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
        """What every part counts now."""
        return {name: self._weight(name) for name in self.parts}

    def move_to(self, epochs: float) -> None:
        """Tell the weights that change how much of the training is done, in epochs and parts of one."""
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
