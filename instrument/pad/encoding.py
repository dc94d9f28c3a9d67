"""Audio files wait in line to be encoded, one after another, beside the window."""

from __future__ import annotations

import json
import sys
from collections import deque
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QProcess, Signal

_LAST_WORDS = 200


class Encoding(QObject):
    """Has sound files encoded by a release's encoder, in a process of its own."""

    encoded = Signal(str, object)
    """A file's name without its ending, and its place [latent_dim], standard deviations."""

    failed = Signal(str)
    """Why a file could not be encoded."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[tuple[Path, Path]] = deque()
        self._process: QProcess | None = None

    @property
    def busy(self) -> bool:
        """Whether a file is being encoded."""
        return self._process is not None

    def encode(self, folder: Path, path: Path) -> None:
        """Put a file in line for the release in that folder."""
        self._waiting.append((folder, path))
        self._next()

    def close(self) -> None:
        """Drop what waits and end what runs."""
        self._waiting.clear()
        if self._process is not None:
            self._process.disconnect(self)
            self._process.kill()
            self._process.waitForFinished(1_000)

    def _next(self) -> None:
        if self._process is not None or not self._waiting:
            return
        folder, path = self._waiting.popleft()
        process = self._process = QProcess(self)
        process.finished.connect(lambda: self._end(path))
        process.errorOccurred.connect(
            lambda error: self._end(path) if error is QProcess.ProcessError.FailedToStart else None
        )
        process.start(sys.executable, ["-m", "instrument.pad.encode", str(folder), str(path)])

    def _end(self, path: Path) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            answer = json.loads(bytes(process.readAllStandardOutput().data()))
            coordinates = np.array(answer["coordinates"], np.float32)
        except (ValueError, KeyError, TypeError):
            words = bytes(process.readAllStandardError().data()).decode(errors="replace").strip().splitlines()
            self.failed.emit((words or [f"{path.name} could not be encoded."])[-1][:_LAST_WORDS])
        else:
            self.encoded.emit(path.stem, coordinates)
        process.deleteLater()
        self._next()
