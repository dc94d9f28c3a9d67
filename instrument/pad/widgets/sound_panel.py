"""Sets the sound device and its buffer size, the effort of the phase reconstruction, and the file format."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

from aitunes.audio_processing.defaults import DEFAULT_ITERATIONS
from instrument.pad import theme
from instrument.pad.model import EngineModel
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.choice import Choice
from instrument.pad.widgets.fader import Fader
from instrument.pad.widgets.label import label
from instrument.pad.widgets.learnable import learnable
from instrument.pad.widgets.record_button import RecordButton
from instrument.pad.widgets.status_line import stages

BLOCKS = (0, 16, 32, 64, 128, 256, 512, 1024, 2048)
"""Buffer sizes to choose from, frames; 0 is the device's default."""


class SoundPanel(QWidget):
    """Shows the page for settings that are made once, before a concert.

    Args:
        model: sends the settings.
        recorder: its file format is chosen here.
    """

    def __init__(self, model: EngineModel, recorder: RecordButton) -> None:
        super().__init__()
        self._model, self._recorder = model, recorder
        self.device = Choice("Sound device")
        self.device.activated.connect(self._choose_device)
        self.rescan = button("Rescan", "Rescan the sound devices")
        self.rescan.clicked.connect(lambda: model.lists.request("device"))
        self.block = Choice("Buffer size of the sound device")
        self.block.setObjectName("block")
        self.block.setToolTip("Smaller: less latency. Larger: fewer interruptions.")
        self.block.activated.connect(self._choose_block)
        self.iterations = Fader("Iterations", 0, 64, DEFAULT_ITERATIONS, lambda count: f"{count:.0f} a hop", whole=True)
        self.lookahead = Fader("Look-ahead", 0, 8, 0, lambda count: f"{count:.0f} frames", whole=True)
        for fader in (self.iterations, self.lookahead):
            fader.moved_to.connect(self._choose_quality)
        self.stereo = {
            "/width": Fader("Width", 0.0, 1.0, 0.5, lambda width: f"{100 * width:.0f} %"),
            "/pan": Fader("Pan", -1.0, 1.0, 0.0, _pan),
        }
        self.stereo["/width"].setToolTip("0 %: mono. 100 %: a stereo release is as wide as its recordings.")
        for name, fader in self.stereo.items():
            fader.moved_to.connect(lambda value, name=name: model.set(name, float(value)))
            learnable(fader, name)
        self.file_format = Choice("File format of recordings")
        self.file_format.addItems(["WAV", "FLAC"])
        self.file_format.currentTextChanged.connect(lambda text: setattr(recorder, "format", text.lower()))
        self.measures = label(role="quiet", wraps=True)
        self._lay_out()
        model.lists.changed.connect(lambda kind: self._show_devices() if kind == "device" else None)
        model.changed.connect(self._show)
        model.status_changed.connect(lambda: self.measures.setText(stages(model.status)))
        self._show("/quality")
        self._show_block()

    def _lay_out(self) -> None:
        whole = theme.column(self, 0.6)
        grid = QGridLayout()
        grid.setProperty("gap", 0.45)
        grid.setProperty("margin", 0.0)
        rows = (
            ("Device", self.device),
            ("", self.rescan),
            ("Buffer size", self.block),
            ("File format", self.file_format),
        )
        for n, (name, control) in enumerate(rows):
            grid.addWidget(label(name), n, 0)
            grid.addWidget(control, n, 1)
        grid.setColumnStretch(1, 1)
        whole.addLayout(grid)
        for fader in self.stereo.values():
            whole.addWidget(fader)
        whole.addWidget(self.iterations)
        whole.addWidget(self.lookahead)
        whole.addWidget(self.measures)
        whole.addStretch(1)

    def _choose_device(self) -> None:
        self._model.send("/device/set", self.device.currentText())
        self._show_devices()  # still the present one, until the engine has changed

    def _choose_block(self) -> None:
        self._model.send("/device/block", self.block.currentData())
        self._show_block()

    def _choose_quality(self, _value: float) -> None:
        self._model.set("/quality", round(self.iterations.number), round(self.lookahead.number))

    def _show(self, name: str) -> None:
        if name == "/quality":
            for fader, value in zip((self.iterations, self.lookahead), self._model.values[name], strict=True):
                fader.show_value(float(value))
        elif name in self.stereo:
            self.stereo[name].show_value(float(self._model.values[name][0]))
        elif name == "/device":
            self._show_devices()
        elif name == "/device/block":
            self._show_block()

    def _show_devices(self) -> None:
        names = list(self._model.lists.devices)
        present = self._model.device
        if present and present not in names:
            names.insert(0, present)
        self.device.clear()
        self.device.addItems(names)
        self.device.setCurrentText(present)

    def _show_block(self) -> None:
        present = self._model.value("/device/block")
        self.block.clear()
        for frames in sorted({*BLOCKS, present}):
            self.block.addItem(f"{frames} frames" if frames else "Default", frames)
        self.block.setCurrentIndex(self.block.findData(present))


def _pan(pan: float) -> str:
    side = "left" if pan < 0.0 else "right"
    return f"{100 * abs(pan):.0f} % {side}" if abs(pan) >= 0.005 else "centre"
