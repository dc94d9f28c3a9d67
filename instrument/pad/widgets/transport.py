"""Plays, freezes, and sets gain, smoothing and the playhead."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from instrument.pad import theme
from instrument.pad.model import EngineModel
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.fader import Fader
from instrument.pad.widgets.learnable import learnable


def _db(value: float) -> str:
    return f"{value:+.1f} dB".replace("-", "−")


def _seconds(value: float) -> str:
    return "off" if value < 0.005 else f"{value:.2f} s" if value < 1.0 else f"{value:.1f} s"


def _times(value: float) -> str:
    return f"{value:.2f} ×".replace("-", "−")


class Transport(QWidget):
    """Shows the controls above the pages; speed, position and freeze for releases with a playhead only.

    Args:
        model: sends the settings.
    """

    def __init__(self, model: EngineModel) -> None:
        super().__init__()
        self._model = model
        self.play = button("Playing", "Play or stop", "Play or fade out (space)", toggles=True)
        self.play.clicked.connect(model.play)
        self.freeze = button("Freeze", "Freeze", "Hold the playhead where it is (F)", toggles=True)
        self.freeze.clicked.connect(lambda on: model.set("/freeze", bool(on)))
        self.faders = {
            "/gain": Fader("Gain", -60.0, 6.0, 0.0, _db, 0.5),
            "/smoothing": Fader("Smoothing", 0.0, 10.0, 0.0, _seconds, 3.0),
            "/speed": Fader("Speed", -4.0, 4.0, 1.0, _times),
            "/position": Fader("Position", 0.0, 1.0, 0.0, lambda value: f"{100 * value:.0f} %"),
        }
        self._lay_out()
        learnable(self.play, "/play")
        learnable(self.freeze, "/freeze")
        for name, fader in self.faders.items():
            fader.moved_to.connect(lambda value, name=name: model.set(name, float(value)))
            learnable(fader, name)
        model.changed.connect(self._show)
        model.playing_changed.connect(self._show_playing)
        model.release_changed.connect(self._show_playhead)
        self._show_playing(model.playing)
        self._show_playhead()

    def _lay_out(self) -> None:
        whole = theme.column(self, 0.35)
        buttons = theme.row(gap=0.35)
        buttons.addWidget(self.play, 2)
        buttons.addWidget(self.freeze, 1)
        whole.addLayout(buttons)
        for fader in self.faders.values():
            whole.addWidget(fader)

    def toggle_freeze(self) -> None:
        """Hold the playhead, or let it move on."""
        if self.freeze.isVisibleTo(self):
            self._model.set("/freeze", not self._model.value("/freeze"))

    def _show(self, name: str) -> None:
        if name in self.faders:
            self.faders[name].show_value(float(self._model.value(name)))
        elif name == "/freeze":
            self.freeze.setChecked(bool(self._model.value(name)))

    def _show_playing(self, playing: bool) -> None:
        self.play.setChecked(playing)
        self.play.setText("Playing" if playing else "Stopped")

    def _show_playhead(self) -> None:
        card = self._model.card
        has_playhead = card is not None and not card.is_frame_model
        for control in (self.freeze, self.faders["/speed"], self.faders["/position"]):
            control.setVisible(has_playhead)
