"""Shows load, latency, interruptions, late events and connection, and warns when a condition lasts."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from instrument.pad import theme
from instrument.pad.model import EngineModel
from instrument.pad.status_warnings import StatusWarnings
from instrument.pad.widgets.elided_label import ElidedLabel
from instrument.pad.widgets.label import label, literal_tip
from instrument.status import Status

_MESSAGE_SECONDS = 8.0


class StatusLine(QWidget):
    """Forms the line at the bottom of the window.

    Args:
        model: emits statuses and messages.
        clock: seconds, monotonic.
    """

    def __init__(self, model: EngineModel, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._model = model
        self._warnings = StatusWarnings(clock)
        self.sentence = ElidedLabel()
        self.sentence.setAccessibleName("Message")
        self.figures = label(role="quiet")
        self.figures.setAccessibleName("Load, latency, interruptions")
        self.figures.setMinimumWidth(1)
        self._row = theme.row(self, 1.0)
        self._row.addWidget(self.sentence, 1)
        self._row.addWidget(self.figures)
        self._timeout = QTimer(self, singleShot=True, interval=round(1e3 * _MESSAGE_SECONDS))
        self._timeout.timeout.connect(lambda: self._show("", warning=False))
        self._warning = ""
        self._lengths: tuple[str, ...] = ()
        model.status_changed.connect(self._show_status)
        model.message.connect(self.show_message)

    def show_message(self, sentence: str) -> None:
        """Show a sentence for some seconds."""
        self._show(sentence, warning=False)
        self._timeout.start()

    def clear_warnings(self) -> None:
        """Forget the measurements of the engine of before."""
        self._warnings.clear()

    def show_disconnected(self) -> None:
        """Show that there is no engine."""
        self._lengths = ("not connected",)
        self._fit_figures()

    def _show_status(self) -> None:
        status = self._model.status
        self._lengths = figures(status)
        self._fit_figures()
        self.figures.setToolTip(literal_tip(stages(status)))
        warning = self._warnings.update(status)
        if warning != self._warning:
            self._warning = warning
            self._show(warning, warning=True)
            self._timeout.stop()

    def _show(self, sentence: str, warning: bool) -> None:
        if not sentence and self._warning:
            sentence, warning = self._warning, True
        role = "warning" if warning else "quiet"
        if self.sentence.property("role") != role:
            self.sentence.setProperty("role", role)
            self.sentence.style().unpolish(self.sentence)
            self.sentence.style().polish(self.sentence)
        self.sentence.setText(sentence)
        self._fit_figures()

    def _fit_figures(self) -> None:
        """Show the longest form of the figures that fits beside the sentence."""
        taken = self.sentence.sizeHint().width() + self._row.spacing() if self.sentence.text() else 0
        width = self.figures.fontMetrics().horizontalAdvance
        fitting = (text for text in self._lengths if width(text) <= self.width() - taken)
        self.figures.setText(next(fitting, ""))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_figures()


def figures(status: Status) -> tuple[str, str]:
    """Format the measurements in one line, and in a shorter one."""
    load = f"load {status.mean_load:.0f} % (peak {status.peak_load:.0f} %)"
    latency = f"latency {status.latency_ms:.0f} ms"
    by_stage = (
        f"(control {status.control_ms:.0f}, synthesis {status.synthesis_ms:.0f}, "
        f"buffer {status.buffer_ms:.0f}, device {status.device_ms:.0f})"
    )
    rest = f"interruptions {status.underruns}   late {status.late_events}"
    return f"{load}   {latency} {by_stage}   {rest}   connected", f"{load}   {latency}   {rest}"


def stages(status: Status) -> str:
    """Format latency stage by stage, the sample rates and the iterations."""
    return (
        f"Latency: control {status.control_ms:.1f} ms, synthesis {status.synthesis_ms:.1f} ms, "
        f"buffer {status.buffer_ms:.1f} ms, device {status.device_ms:.1f} ms\n"
        f"Sample rate: {status.nominal_sample_rate:.0f} Hz, measured {status.measured_sample_rate:.1f} Hz\n"
        f"Iterations in use: {status.iterations}\n"
        f"Programs connected: {status.subscribers}"
    )
