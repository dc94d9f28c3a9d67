"""Watches the runs on disk while they grow."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from aitunes.experiments.history import HISTORY, Row
from training.window.runs import Run, find_runs, read_curves, read_run

_LIVE_MS = 500
_HISTORY_MS = 3_000
_MIN_SHARE = 20.0
_NEVER = -1


class RunWatcher(QObject):
    """Follows one run closely, and the list of all of them from afar.

    Signals:
        run_changed: the followed `Run`, or None.
        curves_changed: rows of the followed run, [] before its first epoch is over.
        checkpoint_written: the followed run has a new whole epoch: its `Run`.
        runs_changed: list of all `Run`s, the latest first.
    """

    run_changed = Signal(object)
    curves_changed = Signal(list)
    checkpoint_written = Signal(object)
    runs_changed = Signal(list)

    def __init__(self, root: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.root = root
        self.run: Run | None = None
        self.runs: list[Run] = []
        self._stamp, self._checkpoint, self._not_before = _NEVER, 0, 0.0
        self._live, self._history = QTimer(self), QTimer(self)
        self._live.setInterval(_LIVE_MS)
        self._history.setInterval(_HISTORY_MS)
        self._live.timeout.connect(self._check)
        self._history.timeout.connect(self.refresh)

    def start(self) -> None:
        """Start watching; a run that is going on is followed."""
        self.refresh()
        if self.run is None and self.runs:
            self.follow(next((run for run in self.runs if run.is_live), self.runs[0]).folder)
        self._live.start()
        self._history.start()

    def stop(self) -> None:
        """Stop watching."""
        self._live.stop()
        self._history.stop()

    def follow(self, folder: Path) -> None:
        """Follow the run in a folder."""
        self._stamp, self._checkpoint, self._not_before = _NEVER, 0, 0.0
        self.run = None
        self._check(folder)

    def refresh(self) -> None:
        """Read the list of runs."""
        runs = find_runs(self.root)
        if runs != self.runs:
            self.runs = runs
            self.runs_changed.emit(runs)

    def _check(self, folder: Path | None = None) -> None:
        folder = folder or (self.run.folder if self.run else None)
        if folder is None:
            return
        run = read_run(folder)
        if run != self.run:
            ended = self.run is not None and self.run.is_live and not run.is_live
            self.run = run
            self.run_changed.emit(run)
            if ended:
                self.refresh()
        self._check_curves(run)
        self._check_checkpoints(run)

    def _check_curves(self, run: Run) -> None:
        stamp = _stamp_of(run.folder / HISTORY)
        if stamp == self._stamp or time.monotonic() < self._not_before:
            return
        begun = time.monotonic()
        rows: list[Row] = read_curves(run)
        self._stamp = stamp
        self.curves_changed.emit(rows)
        # A history of many thousand epochs takes a while to read: a twentieth of the time at most goes into that.
        now = time.monotonic()
        self._not_before = now + _MIN_SHARE * (now - begun)

    def _check_checkpoints(self, run: Run) -> None:
        newest = max((_stamp_of(path) for path in run.folder.glob("*.ckpt")), default=0)
        if newest > self._checkpoint:
            self._checkpoint = newest
            self.checkpoint_written.emit(run)


def _stamp_of(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # replaced at this moment, or not there
        return 0
