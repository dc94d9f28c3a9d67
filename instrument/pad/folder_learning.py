"""Learns a release from a folder that was dropped on the pad, in a child process of the training extra."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, Signal

from instrument.pad.child_process import child_process, end_child

TRAINING_MISSING = "To make an instrument of a folder, install the training extra: pip install 'aitunes[training]'"

_PROGRAM = "training.cli"
_LIBRARIES = ("torch", "lightning", "librosa", "rich")
_STEPS = 10  # that the bar's share is told in
_MAX_CHARACTERS = 400


def training_is_installed() -> bool:
    """Find out whether the training extra is there, without loading any of it."""
    return all(find_spec(name) for name in _LIBRARIES)


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
        self._name, self._told, self._release = "", 0, ""
        self._failure = ""

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
        self._name, self._told, self._release, self._failure = folder.name, 0, "", ""
        words = ["learn", str(folder), "--json-progress", "--connect", self._engine]
        process = self._process = child_process(self, _PROGRAM, words, self._command, one_thread=False)
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
            try:
                line = json.loads(bytes(self._process.readLine().data()))
            except ValueError:
                continue
            if isinstance(line, dict):
                self._show(line)

    def _show(self, line: dict[str, Any]) -> None:
        """Show one line of the process's progress."""
        if isinstance(progress := line.get("progress"), dict):
            self._show_progress(float(progress.get("share", 0.0)), float(progress.get("seconds_left", 0.0)))
        elif isinstance(version := line.get("version"), dict):
            self._release = str(version.get("release", ""))
            heard = "plays now" if version.get("plays") else "is in the list of releases"
            self.message.emit(f"“{self._name}”, version {version.get('number')}, {heard}.")
        elif "failed" in line:
            self._failure = str(line["failed"])[:_MAX_CHARACTERS]

    def _show_progress(self, share: float, seconds_left: float) -> None:
        step = int(_STEPS * share)
        if step > self._told:
            self._told = step
            left = f"{int(seconds_left) // 60}:{int(seconds_left) % 60:02d}"
            self.message.emit(f"Learning “{self._name}”: {100 * step // _STEPS} %, {left} left.")

    def _fail_to_start(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._failure = f"{sys.executable} cannot be started."
            self._end()

    def _end(self) -> None:
        self._read()
        process, self._process = self._process, None
        if process is None:
            return
        if self._failure:
            self.message.emit(self._failure)
        elif self._release:
            self.message.emit(f"“{self._name}” is learnt; it stays in the list of releases as {self._release}.")
        else:
            self.message.emit(f"“{self._name}” could not be learnt; `aitunes-train learn` in a terminal says why.")
        self.finished.emit("" if self._failure else self._release)
        process.deleteLater()
