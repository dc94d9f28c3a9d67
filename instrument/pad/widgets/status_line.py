"""The truth on stage: load, latency, interruptions, late events, connection; and a warning when it lasts."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget
from typing_extensions import override

from instrument.pad import theme
from instrument.pad.model import EngineModel
from instrument.pad.status import EngineStatus, Warnings
from instrument.pad.widgets.elided_label import Words

_SAID_SECONDS = 8.0


class StatusLine(QWidget):
    """One line at the foot of the window."""

    def __init__(self, model: EngineModel, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._model = model
        self._warnings = Warnings(clock)
        self.sentence = Words()
        self.sentence.setAccessibleName("Message")
        self.figures = QLabel()
        self.figures.setAccessibleName("Load, latency, interruptions")
        self.figures.setProperty("role", "quiet")
        self.figures.setMinimumWidth(1)
        self._row = theme.row(self, 1.0)
        self._row.addWidget(self.sentence, 1)
        self._row.addWidget(self.figures)
        self._silence = QTimer(self, singleShot=True, interval=round(1e3 * _SAID_SECONDS))
        self._silence.timeout.connect(lambda: self._say("", warning=False))
        self._warned = ""
        self._lengths: tuple[str, ...] = ()
        model.status_changed.connect(self._show_status)
        model.told.connect(self.say)

    def say(self, sentence: str) -> None:
        """Show a sentence for a while."""
        self._say(sentence, warning=False)
        self._silence.start()

    def forget(self) -> None:
        """Another engine has come: what was is no warning for it."""
        self._warnings.forget()

    def show_lost(self) -> None:
        """There is no engine to tell of."""
        self._lengths = ("not connected",)
        self._make_room()

    def _show_status(self) -> None:
        status = self._model.status
        self._lengths = figures(status)
        self._make_room()
        self.figures.setToolTip(stages(status))
        warning = self._warnings.judge(status)
        if warning != self._warned:
            self._warned = warning
            self._say(warning, warning=True)
            self._silence.stop()

    def _say(self, sentence: str, warning: bool) -> None:
        if not sentence and self._warned:
            sentence, warning = self._warned, True
        role = "warning" if warning else "quiet"
        if self.sentence.property("role") != role:
            self.sentence.setProperty("role", role)
            self.sentence.style().unpolish(self.sentence)
            self.sentence.style().polish(self.sentence)
        self.sentence.setText(sentence)
        self._make_room()

    def _make_room(self) -> None:
        """Words come first: the figures are as long as what is left."""
        words = self.sentence.sizeHint().width() + self._row.spacing() if self.sentence.text() else 0
        width = self.figures.fontMetrics().horizontalAdvance
        fitting = (each for each in self._lengths if width(each) <= self.width() - words)
        self.figures.setText(next(fitting, ""))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()


def figures(status: EngineStatus) -> tuple[str, str]:
    """The measures in one line, and in a shorter one."""
    load = f"load {status.mean_load:.0f} % (peak {status.peak_load:.0f} %)"
    latency = f"latency {status.latency_ms:.0f} ms"
    by_stage = (
        f"(control {status.control_ms:.0f}, synthesis {status.synthesis_ms:.0f}, "
        f"buffer {status.buffer_ms:.0f}, device {status.device_ms:.0f})"
    )
    rest = f"interruptions {status.underruns}   late {status.late_events}"
    return f"{load}   {latency} {by_stage}   {rest}   connected", f"{load}   {latency}   {rest}"


def stages(status: EngineStatus) -> str:
    """Latency stage by stage, and the rate."""
    return (
        f"Latency: control {status.control_ms:.1f} ms, synthesis {status.synthesis_ms:.1f} ms, "
        f"buffer {status.buffer_ms:.1f} ms, device {status.device_ms:.1f} ms\n"
        f"Sample rate: {status.nominal_sample_rate:.0f} Hz, measured {status.measured_sample_rate:.1f} Hz\n"
        f"Iterations in use: {status.iterations}\n"
        f"Programs connected: {status.subscribers}"
    )
