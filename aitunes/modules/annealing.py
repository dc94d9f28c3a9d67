"""Anneals loss weights while a model trains; their state is part of the checkpoint."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from typing_extensions import override


class Annealing(nn.Module, ABC):
    """Computes a weight that depends on how much of the training is done.

    Its position is a buffer, so that a checkpoint that is read without its trainer tells the weight it was saved
    with; a resumed training moves it on from there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("epochs", torch.zeros((), dtype=torch.float32))

    epochs: Tensor

    def move_to(self, epochs: float) -> None:
        """Move to `epochs`, with fraction, after the start of the training."""
        self.epochs.fill_(epochs)

    @property
    def weight(self) -> float:
        """The weight at this position."""
        return self.weight_at(float(self.epochs))

    @abstractmethod
    def weight_at(self, epochs: float) -> float:
        """Return the weight after so many epochs."""


class LinearAnnealing(Annealing):
    """Moves along a straight line from one weight to another, and stays there.

    Args:
        first, last: weights.
        duration: of the line, epochs.

    Reference:
        Bowman et al., *Generating sentences from a continuous space*, CoNLL 2016, section 3.1.

    >>> LinearAnnealing(0.0, 2.0, duration=10).weight_at(5)
    1.0
    """

    def __init__(self, first: float, last: float, duration: float) -> None:
        super().__init__()
        if not duration > 0.0:
            raise ValueError(f"An annealing takes some time: {duration!r} epochs.")
        self.first, self.last, self.duration = first, last, duration

    @override
    def weight_at(self, epochs: float) -> float:
        return self.first + (self.last - self.first) * min(1.0, max(0.0, epochs / self.duration))


class CyclicAnnealing(Annealing):
    """Repeats the line: each cycle rises from 0 to the weight, then stays there until the next one.

    Args:
        last: weight at the end of each rise.
        period: of a cycle, epochs.
        rise: share of a cycle that rises, above 0, at most 1.

    Reference:
        Fu et al., *Cyclical annealing schedule: a simple approach to mitigating KL vanishing*, NAACL 2019, equation 6.

    >>> [CyclicAnnealing(2.0, period=8, rise=0.5).weight_at(epochs) for epochs in (0, 2, 4, 7, 8, 10)]
    [0.0, 1.0, 2.0, 2.0, 0.0, 1.0]
    """

    def __init__(self, last: float, period: float, rise: float = 0.5) -> None:
        super().__init__()
        if not (period > 0.0 and 0.0 < rise <= 1.0):
            raise ValueError(f"A cycle takes some time and a part of it rises: {period!r} epochs, {rise!r}.")
        self.last, self.period, self.rise = last, period, rise

    @override
    def weight_at(self, epochs: float) -> float:
        return self.last * min(1.0, (epochs % self.period) / (self.rise * self.period))
