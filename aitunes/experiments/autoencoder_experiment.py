"""Pairs an autoencoder with what it is trained for; `training_module` trains it with Lightning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self

from torch import Tensor, nn

from aitunes.experiments.optimisation import Optimisation
from aitunes.experiments.scenarios.scenario import Recipe
from aitunes.modules.base import Autoencoder
from aitunes.modules.objective import Pass, WeightedLoss

Batch = Tensor | Sequence[Tensor]
"""Segments S [batch, *input_shape], alone or before labels [batch] and whatever an experiment wants besides."""


class AutoencoderExperiment(nn.Module):
    """Holds an autoencoder of segments, its loss and its optimiser.

    Args:
        model: what is trained.
        loss: what it is trained to make small.
        optimisation: the optimiser.
    """

    vary: Callable[[Tensor], Tensor] | None = None
    """Makes another batch of segments out of one that is trained on."""

    def __init__(self, model: Autoencoder, loss: WeightedLoss, optimisation: Optimisation = Optimisation()) -> None:  # noqa: B008 - frozen
        super().__init__()
        self.model = model
        self.loss = loss
        self.optimisation = optimisation

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """Make the experiment of a scenario's recipe."""
        experiment = cls(recipe.model, recipe.loss, recipe.optimisation)
        experiment.vary = recipe.vary
        return experiment

    def pass_through(self, batch: Batch) -> Pass:
        """Run the model on a batch; returns what the losses look at."""
        S = segments_of(batch)
        return Pass(self.model, S, self.model(S))


def segments_of(batch: Batch) -> Tensor:
    """Return the segments S [batch, *input_shape] of a batch."""
    return batch if isinstance(batch, Tensor) else batch[0]
