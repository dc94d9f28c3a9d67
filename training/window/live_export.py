"""Exports every new checkpoint while training, and has the playing engine change to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from training.engine_link import DEFAULT_ENGINE
from training.window.runs import Run
from training.window.workshop import Answer, Workshop


class LiveExport(QObject):
    """Exports the followed run at its checkpoints while it is switched on.

    While the worker is at something else, checkpoints wait, and only the newest of them is exported next.

    Signals:
        message: what was sent last, or why nothing was.
    """

    message = Signal(str)

    def __init__(self, workshop: Workshop) -> None:
        super().__init__(workshop)
        self._workshop = workshop
        self._waiting: Run | None = None
        self._sent_model: tuple[Path, int] | None = None
        self.is_on = False
        self.engine = DEFAULT_ENGINE
        workshop.watcher.checkpoint_written.connect(self._checkpoint)
        workshop.busy_changed.connect(self._continue)

    def switch(self, on: bool) -> None:
        """Switch it on or off; on, the newest checkpoint is sent at once."""
        self.is_on, self._sent_model = on, None
        self.message.emit("The next checkpoint goes to the engine." if on else "")
        run = self._workshop.watcher.run
        if run is not None and run.checkpoints:
            self._checkpoint(run)

    def _checkpoint(self, run: Run) -> None:
        if not self.is_on:
            return
        if self._workshop.studio.busy:
            self._waiting = run
            return
        model = _model_to_send(run)
        stamp = model, model.stat().st_mtime_ns
        if stamp == self._sent_model:
            return
        self._sent_model = stamp
        self.message.emit("Exporting a checkpoint …")
        choice = self._workshop.choice_of(run)
        parameters = {"choice": replace(choice, model=str(model)).as_dict(), "engine": self.engine, "quick": True}
        self._workshop.studio.ask("export", parameters, self._sent, self.message.emit)

    def _sent(self, answer: Answer) -> None:
        self.message.emit(f"{answer['release']} plays, as it was after epoch {answer['epochs']}.")

    def _continue(self, busy: str) -> None:
        if self._waiting is not None and not busy:
            run, self._waiting = self._waiting, None
            self._checkpoint(run)


def _model_to_send(run: Run) -> Path:
    """Choose the newest periodic checkpoint; without one, and at the end, the last."""
    kept = sorted(run.folder.glob("epoch-*.ckpt"), key=lambda path: path.stat().st_mtime_ns)
    by_period = run.record is not None and run.record.save_every > 0 and run.is_live
    return kept[-1] if kept and by_period else run.folder / "last.ckpt"
