"""Installs packed releases that were dropped on the pad, one at a time, each in a process of its own."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from PySide6.QtCore import QObject, QProcess, QUrl, Signal

from aitunes.printable import printable
from aitunes.release.archive import ENDING
from aitunes.release.reader import CARD
from instrument.pad.child_process import child_process, end_child, last_words


def release_source(url: QUrl) -> str | None:
    """Return the path or URL of a packed release, or of a release's folder; None for anything else."""
    if url.isLocalFile():
        path = Path(url.toLocalFile())
        return str(path) if path.suffix.lower() == ENDING or (path / CARD).is_file() else None
    text = url.toString()
    is_release = url.scheme() in ("http", "https") and urlsplit(text).path.lower().endswith(ENDING)
    return text if is_release else None


class ReleaseInstalling(QObject):
    """Runs `aitunes install` for whatever waits.

    Args:
        command: the program and its words before those of `install`; None takes this package.
    """

    message = Signal(str)
    """A sentence for the performer."""

    installed = Signal(str)
    """The name of a release that is there now."""

    def __init__(self, parent: QObject | None = None, command: Sequence[str] | None = None) -> None:
        super().__init__(parent)
        self._command = command
        self._waiting: deque[str] = deque()
        self._process: QProcess | None = None
        self._title = ""

    @property
    def busy(self) -> bool:
        """Return true while a release is being installed."""
        return self._process is not None

    def install(self, source: str) -> None:
        """Queue a file, a folder or a URL."""
        self._waiting.append(source)
        self._start_next()

    def close(self) -> None:
        """Forget what waits and end the process, which then leaves nothing behind."""
        self._waiting.clear()
        process, self._process = self._process, None
        if process is not None:
            end_child(process)

    def _start_next(self) -> None:
        if self._process is not None or not self._waiting:
            return
        source = self._waiting.popleft()
        self._title = printable(unquote(source).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1])
        # A name that is taken gets a number: there is nobody to ask, and nothing may be lost.
        words = ["install", "--beside", "--json", "--", source]
        process = self._process = child_process(self, "instrument", words, self._command)
        process.finished.connect(self._end)
        process.errorOccurred.connect(self._fail_to_start)
        process.start()
        self.message.emit(f"Installing “{self._title}” …")

    def _fail_to_start(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            name = str(json.loads(bytes(process.readAllStandardOutput().data()))["release"])
        except (ValueError, KeyError, TypeError):
            self.message.emit(last_words(process, f"“{self._title}” could not be installed."))
        else:
            self.message.emit(f"“{self._title}” is installed as {name}.")
            self.installed.emit(name)
        process.deleteLater()
        self._start_next()
