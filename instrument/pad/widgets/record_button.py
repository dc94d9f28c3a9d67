"""Starts and stops a recording, and shows its duration."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPushButton

from instrument.pad.model import EngineModel


class RecordButton(QPushButton):
    """Switches the engine's recorder.

    Args:
        model: sends the commands.
        clock: seconds, monotonic.
    """

    def __init__(self, model: EngineModel, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__("Record")
        self._model, self._clock = model, clock
        self.format = "wav"
        self._began: float | None = None
        self._file = ""
        self._requested = self._disconnected = False
        self.setCheckable(True)
        self.setProperty("role", "record")
        self.setAccessibleName("Record the sound to a file")
        self.setToolTip("Record to a file in the recordings folder (R)")
        self.clicked.connect(self._toggle)
        self._timer = QTimer(self, interval=200)
        self._timer.timeout.connect(self._show)
        self.setMinimumWidth(1)
        model.command_done.connect(self._handle)
        model.message.connect(lambda _sentence: self._show())

    @property
    def recording(self) -> bool:
        """Return true while a recording runs."""
        return bool(self._file) and not self._disconnected

    def set_disconnected(self) -> None:
        """Show no recording until `request_state` after the next connection."""
        self._disconnected = True
        self._show()

    def request_state(self) -> None:
        """Request the file that is being recorded; its duration is known only if the pad saw it start."""
        self._requested, self._disconnected = True, False
        self._model.send("/record/start")

    def _toggle(self) -> None:
        self._show()
        if self.recording:
            self._model.send("/record/stop")
        else:
            self._model.send("/record/start", f"{datetime.now():%Y-%m-%d %H.%M.%S}.{self.format}")

    def _handle(self, name: str, arguments: list[object]) -> None:
        if name == "/record/start":
            self._store(str(arguments[0]))
        elif name == "/record/stop":
            self._model.message.emit(f"Recorded {self._file}." if self._file else "The recording has ended.")
            self._store("")

    def _store(self, file: str) -> None:
        if file != self._file:
            self._file = file
            self._began = None if self._requested else self._clock()
        self._requested = False
        self._show()

    def _show(self) -> None:
        self.setChecked(self.recording)
        self._timer.start() if self.recording else self._timer.stop()
        if not self.recording:
            self.setText("Record")
        elif self._began is None:
            self.setText("● on")
        else:
            seconds = int(self._clock() - self._began)
            self.setText(f"● {seconds // 60}:{seconds % 60:02d}")
