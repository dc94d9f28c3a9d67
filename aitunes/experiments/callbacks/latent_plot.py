"""Draws the codes of the held-out data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor
from typing_extensions import override

from aitunes.experiments.autoencoder_experiment import segments_of
from aitunes.experiments.latent_pictures import plot_codes
from aitunes.experiments.training_module import TrainingModule

MAX_CODES = 2_000


class LatentPlot(Callback):
    """Draws the codes of validation items on their first two principal components, coloured by label.

    A batch's second tensor, where it is one whole number an item, is the label.

    Args:
        folder: for `epoch-0001.png` and so on.
        every: epochs between pictures.
        names: of the labels, in order.
    """

    def __init__(self, folder: Path, every: int = 1, names: Sequence[str] = ()) -> None:
        if every < 1:
            raise ValueError(f"Pictures are drawn every 1 or more epochs, not {every}.")
        self.folder = folder
        self.every = every
        self.names = tuple(names)
        self._codes: list[Tensor] = []
        self._labels: list[Tensor] = []

    @override
    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if not self._due(trainer) or sum(map(len, self._codes)) >= MAX_CODES:
            return
        if not isinstance(pl_module, TrainingModule):
            raise TypeError(f"Codes are those of a TrainingModule, not of a {type(pl_module).__name__}.")
        S = segments_of(batch)
        with torch.no_grad():
            self._codes.append(pl_module.model.encode(S).float().cpu())
        second = batch[1] if not isinstance(batch, Tensor) and len(batch) > 1 else None
        has_labels = second is not None and second.dim() == 1 and not second.is_floating_point()
        self._labels.append(
            second.cpu() if second is not None and has_labels else torch.zeros(len(S), dtype=torch.long)
        )

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self._codes and trainer.is_global_zero:
            codes, labels = torch.cat(self._codes).numpy(), torch.cat(self._labels).numpy()
            epoch = trainer.current_epoch + 1
            path = self.folder / f"epoch-{epoch:04d}.png"
            plot_codes(codes, labels, self.names, f"codes after epoch {epoch}", path)
        self._codes, self._labels = [], []

    def _due(self, trainer: Trainer) -> bool:
        return not trainer.sanity_checking and (trainer.current_epoch + 1) % self.every == 0
