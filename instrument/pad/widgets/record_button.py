"""Record what is played, with a running clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPushButton

from instrument.pad.model import EngineModel


class RecordButton(QPushButton):
    """Starts and ends a recording of the engine.

    Args:
        model: asks the engine.
        clock: seconds, monotonic.
    """

    def __init__(self, model: EngineModel, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__("Record")
        self._model, self._clock = model, clock
        self.format = "wav"
        self._begin: float | None = None
        self._file = ""
        self._asked = self._lost = False
        self.setCheckable(True)
        self.setProperty("role", "record")
        self.setAccessibleName("Record the sound to a file")
        self.setToolTip("Record to a file in the recordings folder (R)")
        self.clicked.connect(self._toggle)
        self._timer = QTimer(self, interval=200)
        self._timer.timeout.connect(self._show)
        self.setMinimumWidth(1)
        model.acted.connect(self._hear)
        model.told.connect(lambda _sentence: self._show())

    @property
    def recording(self) -> bool:
        """Whether a recording runs."""
        return bool(self._file) and not self._lost

    def set_lost(self) -> None:
        """The engine has gone, or only the way to it: `ask` finds out what has become of the recording."""
        self._lost = True
        self._show()

    def ask(self) -> None:
        """Ask what is being recorded; since when, only those know who saw it begin."""
        self._asked, self._lost = True, False
        self._model.send("/record/start")

    def _toggle(self) -> None:
        self._show()
        if self.recording:
            self._model.send("/record/stop")
        else:
            self._model.send("/record/start", f"{datetime.now():%Y-%m-%d %H.%M.%S}.{self.format}")

    def _hear(self, name: str, arguments: list[object]) -> None:
        if name == "/record/start":
            self._take(str(arguments[0]))
        elif name == "/record/stop":
            self._model.told.emit(f"Recorded {self._file}." if self._file else "The recording has ended.")
            self._take("")

    def _take(self, file: str) -> None:
        if file != self._file:
            self._file = file
            self._begin = None if self._asked else self._clock()
        self._asked = False
        self._show()

    def _show(self) -> None:
        self.setChecked(self.recording)
        self._timer.start() if self.recording else self._timer.stop()
        if not self.recording:
            self.setText("Record")
        elif self._begin is None:
            self.setText("● on")
        else:
            seconds = int(self._clock() - self._begin)
            self.setText(f"● {seconds // 60}:{seconds % 60:02d}")
