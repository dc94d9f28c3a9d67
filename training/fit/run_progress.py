"""Keeps a run's record up to date while it trains."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from typing_extensions import override

from training.fit.run_record import DONE, FAILED, STOPPED, TRAINING, RunRecord, process_started, write_record

_PAUSE_SECONDS = 0.5


class RunProgress(Callback):
    """Writes epoch, rate and time left, twice a second at most, and how the run ended.

    Args:
        folder: of the run.
        record: what is known before; time and process are filled in here.
        examples: of an epoch.
        clock: seconds, for rates.
    """

    def __init__(
        self,
        folder: Path,
        record: RunRecord,
        examples: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder, self.examples, self.clock = folder, examples, clock
        pid = os.getpid()
        self.record = replace(record, started=time.time(), pid=pid, process_started=process_started(pid))
        self._begun = self._written = clock()
        self._done_before = 0

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._begun, self._done_before = self.clock(), trainer.current_epoch
        done = trainer.current_epoch
        self._write(trainer, replace(self.record, state=TRAINING, epochs=trainer.max_epochs or 0, epoch=done))

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self.clock() - self._written >= _PAUSE_SECONDS:
            self._update(trainer, trainer.current_epoch, (batch_idx + 1) / max(1, int(trainer.num_training_batches)))

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.clock() - self._written >= _PAUSE_SECONDS:
            self._update(trainer, trainer.current_epoch + 1, 0.0)

    @override
    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._update(trainer, trainer.current_epoch, 0.0)
        self._write(trainer, replace(self.record, state=DONE, seconds_left=0.0))

    @override
    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        stopped = isinstance(exception, KeyboardInterrupt | SystemExit)
        sentence = "" if stopped else str(exception)
        self._write(trainer, replace(self.record, state=STOPPED if stopped else FAILED, sentence=sentence))

    def _update(self, trainer: Trainer, epoch: int, fraction: float) -> None:
        """Show that `epoch` whole ones are done, and a fraction of the next."""
        done = self.examples * (epoch + fraction - self._done_before)
        rate = done / max(self.clock() - self._begun, 1e-9)
        left = self.examples * (self.record.epochs - epoch - fraction)
        seconds_left = left / rate if rate > 0.0 else None
        self._write(
            trainer,
            replace(self.record, epoch=epoch, fraction=fraction, examples_per_second=rate, seconds_left=seconds_left),
        )

    def _write(self, trainer: Trainer, record: RunRecord) -> None:
        self.record, self._written = record, self.clock()
        if trainer.is_global_zero:
            write_record(self.folder, record)
