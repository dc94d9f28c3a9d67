"""Every loss of every epoch, in a table."""

from __future__ import annotations

import csv
from pathlib import Path

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from typing_extensions import override

Row = dict[str, float]


class LossHistory(Callback):
    """Writes what was logged, a row an epoch, to a CSV file whose first column is `epoch`, counting from 1.

    A resumed training goes on in the same file, in place of rows of the epochs that it repeats; a new one starts anew.

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


def write_history(path: Path, rows: list[Row]) -> None:
    """Replace the file as a whole, so that nobody ever reads half of it."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    partial = path.with_suffix(".partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    with partial.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows({name: f"{value:.9g}" for name, value in row.items()} for row in rows)
    partial.replace(path)


def read_history(path: Path) -> list[Row]:
    """The rows of such a file; what is missing in one is left out."""
    with path.open(newline="", encoding="utf-8") as stream:
        return [{name: float(text) for name, text in row.items() if text} for row in csv.DictReader(stream)]
