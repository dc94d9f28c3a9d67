"""Keeps a table of every loss of every epoch."""

from __future__ import annotations

from pathlib import Path

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from typing_extensions import override

from aitunes.experiments.history import Row, read_history, write_history


class LossHistory(Callback):
    """Writes what was logged, a row an epoch, to a CSV file whose first column is `epoch`, counting from 1.

    A resumed training goes on in the same file, and its rows replace those of the epochs that it repeats; a new
    training starts a new file.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[Row] = []

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        before = read_history(self.path) if self.path.is_file() and trainer.current_epoch else []
        self.rows = [row for row in before if row["epoch"] <= trainer.current_epoch]

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        # After the validation of the same epoch: its figures are among them.
        logged = {name: float(value) for name, value in sorted(trainer.callback_metrics.items())}
        self.rows.append({"epoch": float(trainer.current_epoch + 1), **logged})
        if trainer.is_global_zero:
            write_history(self.path, self.rows)
