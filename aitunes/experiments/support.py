"""Collects the Lightning callbacks of a training: checkpoints, history, plots and a NaN guard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import Logger, TensorBoardLogger

from aitunes.experiments.callbacks.batch_statistics import BatchStatistics
from aitunes.experiments.callbacks.latent_plot import LatentPlot
from aitunes.experiments.callbacks.loss_history import LossHistory
from aitunes.experiments.callbacks.loss_plot import LossPlot
from aitunes.experiments.callbacks.nan_guard import NaNGuard
from aitunes.experiments.history import HISTORY
from aitunes.experiments.run_files import BEST_CHECKPOINT, LAST_CHECKPOINT

PROGRESS_PICTURE = "progress.png"
LATENT_PICTURES = "latent"


class KeptCheckpoints(ModelCheckpoint):
    """Keeps checkpoints; a class of its own, by which Lightning tells two callbacks of the same period apart."""


@dataclass(frozen=True)
class AutoencoderExperimentSupport:
    """Makes the callbacks and the logger of one run; iterates over the callbacks.

    Args:
        run_dir: where everything goes: `last.ckpt` after every epoch, `history.csv`, `progress.png`, `latent/`.
        best_by: what is logged and smallest in the epoch that `best.ckpt` keeps; None keeps none.
        save_every: epochs after which a checkpoint is kept besides the last one; 0 keeps none.
        plot_every: epochs after which the codes are plotted; 0 plots none.
        label_names: of the numbers that label items, for those plots.
        tensorboard: write an event file as well.
    """

    run_dir: Path
    best_by: str | None = None
    save_every: int = 0
    plot_every: int = 1
    label_names: tuple[str, ...] = ()
    tensorboard: bool = False

    def __iter__(self) -> Iterator[Callback]:
        return iter(self.callbacks())

    @property
    def last_checkpoint(self) -> Path:
        """Path of the last good epoch's checkpoint."""
        return self.run_dir / LAST_CHECKPOINT

    def logger(self) -> Logger | None:
        """Make TensorBoard's logger, or None where it is switched off."""
        if not self.tensorboard:
            return None
        return TensorBoardLogger(self.run_dir, name=None, version="tensorboard")

    def callbacks(self) -> list[Callback]:
        """List the callbacks: the NaN guard before those that save, the history before its picture."""
        history = LossHistory(self.run_dir / HISTORY)
        stem = Path(LAST_CHECKPOINT).stem
        callbacks: list[Callback] = [
            BatchStatistics(),
            NaNGuard(str(self.last_checkpoint)),
            history,
            LossPlot(history, self.run_dir / PROGRESS_PICTURE),
            ModelCheckpoint(self.run_dir, filename=stem, enable_version_counter=False),
        ]
        if self.best_by is not None:
            best = Path(BEST_CHECKPOINT).stem
            callbacks.append(
                KeptCheckpoints(self.run_dir, filename=best, monitor=self.best_by, enable_version_counter=False)
            )
        if self.plot_every:
            callbacks.insert(2, LatentPlot(self.run_dir / LATENT_PICTURES, self.plot_every, self.label_names))
        if self.save_every:
            callbacks.append(
                KeptCheckpoints(
                    self.run_dir,
                    filename="epoch-{epoch:04d}",
                    auto_insert_metric_name=False,
                    every_n_epochs=self.save_every,
                    save_top_k=-1,
                )
            )
        return callbacks
