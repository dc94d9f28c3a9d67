"""Trains an experiment with Lightning, which a process loads for seconds; what only uses a model does without it."""

from __future__ import annotations

import torch
from lightning import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from typing_extensions import override

from aitunes.experiments.autoencoder_experiment import AutoencoderExperiment, Batch
from aitunes.modules.base import QuantisedOutput
from aitunes.modules.objective import Objective
from aitunes.modules.shares import share_of


class TrainingModule(LightningModule):
    """Trains an experiment: its losses are weighted and logged by name.

    What is logged, a mean over each epoch: `train/loss` and `validation/loss`, `train/NAME` and `validation/NAME` of
    every part of the loss; of VQ models `train/usage` and `validation/usage`; `weight/NAME` of parts whose weight
    changes.

    Args:
        experiment: whose model and loss these are, in checkpoints by the names `model` and `loss`.
    """

    def __init__(self, experiment: AutoencoderExperiment) -> None:
        super().__init__()
        self.model, self.loss = experiment.model, experiment.loss
        self._experiment = (experiment,)  # no part of this module, or a checkpoint would hold its weights twice

    @property
    def experiment(self) -> AutoencoderExperiment:
        """The model, its loss and its optimiser."""
        return self._experiment[0]

    def _common_step(self, batch: Batch, stage: str) -> Tensor:
        passed = self.experiment.pass_through(batch)
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
        if self.experiment.vary is not None:
            S, *rest = [batch] if isinstance(batch, Tensor) else batch
            batch = [self.experiment.vary(S), *rest]
        return self._common_step(batch, "train")

    @override
    def validation_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self._common_step(batch, "validation")

    @override
    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        self.loss.move_to(self.trainer.current_epoch + batch_idx / self.trainer.num_training_batches)

    @override
    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimisation = self.experiment.optimisation
        optimizer = optimisation.optimizer(self.model.parameters())
        steps = max(1, int(self.trainer.estimated_stepping_batches))
        schedule = optimisation.schedule(optimizer, steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
