"""Turns the input on, shows what is heard of it, and sets how far the sound follows."""

from __future__ import annotations

import math
import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from instrument.pad import theme
from instrument.pad.keys import NAMES
from instrument.pad.model import EngineModel
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.choice import Choice
from instrument.pad.widgets.fader import Fader
from instrument.pad.widgets.label import label
from instrument.pad.widgets.learnable import learnable
from instrument.pad.widgets.meter import Meter
from instrument.pad.widgets.spectrogram import Spectrogram

_FRAME_MS = 33
_MIN_CLARITY = 0.6
_DEFAULT = "Default input"


class InputPanel(QWidget):
    """Shows the page for the input.

    Args:
        model: sends the settings.
    """

    def __init__(self, model: EngineModel) -> None:
        super().__init__()
        self._model = model
        tip = "Its pitch, level and timbre play the release"
        self.listen = button("Listen", "Listen to the input", tip, toggles=True)
        self.listen.clicked.connect(self._turn)
        self.device = Choice("Input device")
        self.device.activated.connect(self._choose_device)
        self.picture = Spectrogram("Spectrogram of the input")
        self.meter = Meter()
        self.heard = label(role="quiet")
        self.hold = button("Hold", "Hold what is heard now", "Keep timbre, pitch and level as they are", toggles=True)
        self.hold.clicked.connect(lambda on: model.set("/input/hold", bool(on)))
        self.faders = {
            "/input/gain": Fader("Gain", -60.0, 40.0, 0.0, _decibels),
            "/input/gate": Fader("Gate", -90.0, 0.0, -50.0, _decibels),
            "/input/follow/timbre": Fader("Timbre", 0.0, 1.0, 1.0, _percent),
            "/input/follow/pitch": Fader("Pitch", 0.0, 1.0, 1.0, _percent),
            "/input/follow/level": Fader("Level", 0.0, 1.0, 1.0, _percent),
            "/input/transpose": Fader("Transpose", -48.0, 48.0, 0.0, lambda by: f"{by:+.1f}".replace("-", "−")),
            "/input/mix": Fader("Mix", 0.0, 1.0, 1.0, _percent),
        }
        self.faders["/input/mix"].setToolTip("From the input itself to the synthesis alone")
        self._timer = QTimer(self, interval=_FRAME_MS)
        self._timer.timeout.connect(self._tick)
        self._ticked = time.monotonic()
        self._lay_out()
        self._connect()
        for name in (*self.faders, "/input/on", "/input/hold", "/input/device/set"):
            self._show(name)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        self._model.lists.request("input/device")  # a look for devices, which JACK notices, only when they are wanted
        super().showEvent(event)

    def _lay_out(self) -> None:
        whole = theme.column(self, 0.45)
        line = theme.row(gap=0.35)
        line.addWidget(self.listen, 1)
        line.addWidget(self.device, 3)
        whole.addLayout(line)
        line = theme.row(gap=0.35)
        line.addWidget(self.picture, 1)
        line.addWidget(self.meter)
        whole.addLayout(line, 1)
        line = theme.row(gap=0.35)
        line.addWidget(self.heard, 1)
        line.addWidget(self.hold)
        whole.addLayout(line)
        for fader in self.faders.values():
            whole.addWidget(fader)

    def _connect(self) -> None:
        model = self._model
        for name, fader in self.faders.items():
            fader.moved_to.connect(lambda value, name=name: model.set(name, float(value)))
            learnable(fader, name)
        learnable(self.hold, "/input/hold")
        model.changed.connect(self._show)
        model.lists.changed.connect(lambda kind: self._show_devices() if kind == "input/device" else None)
        model.input.metered.connect(self._meter)
        model.input.scoped.connect(self.picture.add)

    def _turn(self, on: bool) -> None:
        self.listen.setChecked(bool(self._model.value("/input/on")))  # until the engine has done it
        self._model.send("/input/on", on)

    def _choose_device(self) -> None:
        name = self.device.currentText()
        self._model.send("/input/device/set", "" if name == _DEFAULT else name)

    def _show(self, name: str) -> None:
        if name in self.faders:
            self.faders[name].show_value(float(self._model.value(name)))
        elif name == "/input/hold":
            self.hold.setChecked(bool(self._model.value(name)))
        elif name == "/input/device/set":
            self._show_devices()
        elif name == "/input/on":
            on = bool(self._model.value(name))
            self.listen.setChecked(on)
            self.heard.setText("Silence" if on else "Off")
            if on:
                self._timer.start()
            else:
                self.meter.clear()

    def _show_devices(self) -> None:
        present = str(self._model.value("/input/device/set"))
        names = [_DEFAULT, *self._model.lists.inputs]
        self.device.clear()
        self.device.addItems(names if not present or present in names else [*names, present])
        self.device.setCurrentText(present or _DEFAULT)

    def _meter(self, peak_db: float, rms_db: float, is_open: bool, pitch: float, clarity: float) -> None:
        self.meter.add(peak_db, rms_db)
        if not is_open:
            self.heard.setText("Silence")
        elif pitch > 0.0 and clarity > _MIN_CLARITY:
            cents = round(100.0 * (pitch - round(pitch)))
            self.heard.setText(f"{NAMES[round(pitch) % 12]}{round(pitch) // 12 - 1} {cents:+d} cents".replace("-", "−"))
        else:
            self.heard.setText("No pitch")

    def _tick(self) -> None:
        now = time.monotonic()
        seconds, self._ticked = now - self._ticked, now
        self.picture.tick(min(seconds, 1.0))
        self.meter.tick(min(seconds, 1.0))
        if not self._model.value("/input/on") and math.isclose(self.meter.peak_db, -60.0):
            self._timer.stop()


def _percent(amount: float) -> str:
    return f"{100 * amount:.0f} %"


def _decibels(level: float) -> str:
    return f"{level:.0f} dB".replace("-", "−")
