"""Learns a release from a folder that was dropped on the pad, in a child process of the training extra."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal

from instrument.learning import PROGRAM, TRAINING_MISSING, LearningProgress, learn_words, training_is_installed
from instrument.pad.child_process import child_process, end_child

_STEPS = 10  # that the bar's share is told in


class FolderLearning(QObject):
    """Runs `aitunes-train learn` for one folder at a time; the engine changes to each version by itself.

    Args:
        engine: HOST:PORT of the engine that plays.
        command: the program and its words before the folder; None takes the installed training extra.
    """

    message = Signal(str)
    """A sentence for the performer."""

    finished = Signal(str)
    """The release that was learnt; empty after a failure."""

    def __init__(self, engine: str, parent: QObject | None = None, command: Sequence[str] | None = None) -> None:
        super().__init__(parent)
        self._engine, self._command = engine, command
        self._process: QProcess | None = None
        self._name, self._told = "", 0
        self._progress = LearningProgress()

    @property
    def busy(self) -> bool:
        """Return true while a folder is being learnt."""
        return self._process is not None

    def learn(self, folder: Path) -> None:
        """Start on a folder, unless another one is being learnt."""
        if self.busy:
            self.message.emit(f"“{self._name}” is still being learnt; drop the next folder when it is done.")
            return
        if self._command is None and not training_is_installed():
            self.message.emit(TRAINING_MISSING)
            return
        self._name, self._told, self._progress = folder.name, 0, LearningProgress()
        words = learn_words(folder, self._engine)
        process = self._process = child_process(self, PROGRAM, words, self._command, one_thread=False)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._end)
        process.errorOccurred.connect(self._fail_to_start)
        process.start()
        self.message.emit(f"Learning “{self._name}”: a first version plays within a minute or so.")

    def stop(self) -> None:
        """Stop early; the best version so far is kept."""
        if self._process is not None:
            self._process.write(b"stop\n")

    def close(self) -> None:
        """End the process; the last version that was installed stays."""
        process, self._process = self._process, None
        if process is not None:
            end_child(process)

    def _read(self) -> None:
        while self._process is not None and self._process.canReadLine():
            kind = self._progress.take(bytes(self._process.readLine().data()))
            if kind == "progress":
                self._show_progress()
            elif kind == "version":
                heard = "plays now" if self._progress.plays else "is in the list of releases"
                self.message.emit(f"“{self._name}”, version {self._progress.version}, {heard}.")

    def _show_progress(self) -> None:
        step, seconds = int(_STEPS * self._progress.share), int(self._progress.seconds_left or 0.0)
        if step > self._told:
            self._told = step
            left = f"{seconds // 60}:{seconds % 60:02d}"
            self.message.emit(f"Learning “{self._name}”: {100 * step // _STEPS} %, {left} left.")

    def _fail_to_start(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._progress.failure = f"{sys.executable} cannot be started."
            self._end()

    def _end(self) -> None:
        self._read()
        process, self._process = self._process, None
        if process is None:
            return
        progress = self._progress
        if progress.failure:
            self.message.emit(progress.failure)
        elif progress.release:
            self.message.emit(f"“{self._name}” is learnt; it stays in the list of releases as {progress.release}.")
        else:
            self.message.emit(f"“{self._name}” could not be learnt; `aitunes-train learn` in a terminal says why.")
        self.finished.emit("" if progress.failure else progress.release)
        process.deleteLater()
