"""Defines the optimiser and its learning rate over time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

_FIRST_RATE = 0.04


@dataclass(frozen=True)
class Optimisation:
    """Makes Adam and a learning rate that rises and falls once over a training.

    Args:
        learning_rate: at its peak.
        weight_decay: share of each weight taken away a step, times the learning rate.
        warm_up: share of the training until the peak, above 0, below 1.

    Raises:
        ValueError: a setting is out of range.

    Reference:
        Loshchilov & Hutter, *Decoupled weight decay regularization*, ICLR 2019.
    """

    learning_rate: float = 2e-3
    weight_decay: float = 0.0
    warm_up: float = 0.2

    def __post_init__(self) -> None:
        if not (self.learning_rate > 0.0 and self.weight_decay >= 0.0 and 0.0 < self.warm_up < 1.0):
            raise ValueError(f"A learning rate above 0, a decay of 0 or more, a warm-up between 0 and 1: {self}.")

    def optimizer(self, weights: Iterable[nn.Parameter]) -> Optimizer:
        """Make the optimiser of some weights."""
        return AdamW(weights, self.learning_rate, weight_decay=self.weight_decay)

    def schedule(self, optimizer: Optimizer, steps: int) -> LambdaLR:
        """Make the schedule of its learning rate over a training of so many steps."""
        # A function of the step alone: nothing in the checkpoint ties a resumed run to the length first asked for.
        return LambdaLR(optimizer, lambda step: warm_up_and_decay(step / steps, self.warm_up))


def warm_up_and_decay(progress: float, warm_up: float = 0.2) -> float:
    """Return the share of the peak learning rate: a half-cosine up, another one down to 0.

    Args:
        progress: share of all steps done; beyond 1 it stays 0.
        warm_up: share of all steps until the peak.

    Reference:
        Smith & Topin, *Super-convergence: very fast training of neural networks using large learning rates*, 2019.
    """
    if progress < warm_up:
        return _FIRST_RATE + (1.0 - _FIRST_RATE) * (0.5 - 0.5 * math.cos(math.pi * progress / warm_up))
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, (progress - warm_up) / (1.0 - warm_up)))
