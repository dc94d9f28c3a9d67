"""Stops training when a loss or a weight becomes NaN or infinite, and keeps the last good checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor
from typing_extensions import override

from aitunes.errors import TrainingError


class DivergedError(TrainingError):
    """Says which losses or weights became NaN or infinite."""


class NaNGuard(Callback):
    """Ends the training with a sentence as soon as a loss, or before a checkpoint any weight, is not finite.

    It is to come before what saves checkpoints.

    Args:
        kept: what is left of the training, for the sentence.
    """

    def __init__(self, kept: str = "the last checkpoint") -> None:
        self.kept = kept

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        loss = outputs["loss"] if isinstance(outputs, Mapping) else outputs
        if isinstance(loss, Tensor) and not torch.isfinite(loss).all():
            self._stop(trainer, f"the loss of batch {batch_idx} is {float(loss):g}")

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._check_weights(trainer, pl_module)

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._check_weights(trainer, pl_module)

    def _check_weights(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for name, values in pl_module.state_dict().items():
            if values.is_floating_point() and not torch.isfinite(values).all():
                self._stop(trainer, f"{name} is no longer made of numbers")

    def _stop(self, trainer: Trainer, what: str) -> None:
        epoch = trainer.current_epoch
        kept = f"{self.kept} keeps the epoch before" if epoch else "no epoch was finished"
        raise DivergedError(f"Training diverged in epoch {epoch + 1}: {what}; {kept}. Try a lower learning rate.")
