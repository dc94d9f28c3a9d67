"""What stands beside an experiment while it trains: checkpoints, history, plots and a guard, as Lightning callbacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import Logger, TensorBoardLogger

LAST_CHECKPOINT = "last.ckpt"
HISTORY = "history.csv"
PROGRESS_PICTURE = "progress.png"
LATENT_PICTURES = "latent"


@dataclass(frozen=True)
class AutoencoderExperimentSupport:
    """The callbacks and the logger of one run; iterates over the callbacks.

    Args:
        run_dir: where everything goes: `last.ckpt` after every epoch, `history.csv`, `progress.png`, `latent/`.
        save_every: epochs after which a checkpoint is kept besides the last one; 0 keeps none.
        plot_every: epochs after which the codes are plotted; 0 plots none.
        tensorboard: write an event file as well.
    """

    run_dir: Path
    save_every: int = 0
    plot_every: int = 1
    tensorboard: bool = False

    def __iter__(self) -> Iterator[Callback]:
        return iter(self.callbacks())

    @property
    def last_checkpoint(self) -> Path:
        """Of the last whole epoch that was good."""
        return self.run_dir / LAST_CHECKPOINT

    def logger(self) -> Logger | None:
        """TensorBoard's, where it is wanted."""
        if not self.tensorboard:
            return None
        return TensorBoardLogger(self.run_dir, name=None, version="tensorboard")

    def callbacks(self) -> list[Callback]:
        """The guard first, so that what is not a number is found before it is saved."""
        last = ModelCheckpoint(self.run_dir, filename=Path(LAST_CHECKPOINT).stem, enable_version_counter=False)
        return [last]
