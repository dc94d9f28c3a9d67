"""Trains an autoencoder: losses, weighted and logged by name, and the optimiser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self

import torch
from lightning import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from typing_extensions import override

from aitunes.experiments.optimisation import Optimisation
from aitunes.experiments.scenarios.scenario import Recipe
from aitunes.modules.base import Autoencoder, QuantisedOutput
from aitunes.modules.objective import Objective, Pass, WeightedLoss
from aitunes.modules.shares import share_of

Batch = Tensor | Sequence[Tensor]
"""Segments S [batch, *input_shape], alone or before labels [batch] and whatever an experiment wants besides."""


class AutoencoderExperiment(LightningModule):
    """Trains an autoencoder on segments.

    What is logged, a mean over each epoch: `train/loss` and `validation/loss`, `train/NAME` and `validation/NAME` of
    every part of the loss; of VQ models `train/usage` and `validation/usage`; `weight/NAME` of parts whose weight
    changes.

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

    def _common_step(self, batch: Batch, stage: str) -> Tensor:
        passed = self.pass_through(batch)
        objective: Objective = self.loss(passed)
        share = share_of(len(passed.S), passed.S.device)
        total = objective.total * share.weight
        named = {f"{stage}/{name}": part for name, part in objective.parts.items()}
        if isinstance(passed.output, QuantisedOutput):
            named[f"{stage}/usage"] = passed.output.usage
        if stage == "train":
            weights = self.loss.weights()
            named |= {f"weight/{name}": torch.tensor(weights[name]) for name in self.loss.annealed}
        # Weighted here, with the same size in every process: Lightning's own mean of uneven sizes rounds them.
        weighted = {name: value * share.weight for name, value in named.items()}
        size = share.total
        self.log(f"{stage}/loss", total, prog_bar=True, on_step=False, on_epoch=True, batch_size=size, sync_dist=True)
        self.log_dict(weighted, on_step=False, on_epoch=True, batch_size=size, sync_dist=True)
        return total

    @override
    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        if self.vary is not None:
            S, *rest = [batch] if isinstance(batch, Tensor) else batch
            batch = [self.vary(S), *rest]
        return self._common_step(batch, "train")

    @override
    def validation_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self._common_step(batch, "validation")

    @override
    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        self.loss.move_to(self.trainer.current_epoch + batch_idx / self.trainer.num_training_batches)

    @override
    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimizer = self.optimisation.optimizer(self.model.parameters())
        steps = max(1, int(self.trainer.estimated_stepping_batches))
        schedule = self.optimisation.schedule(optimizer, steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def segments_of(batch: Batch) -> Tensor:
    """Return the segments S [batch, *input_shape] of a batch."""
    return batch if isinstance(batch, Tensor) else batch[0]
