"""Shows piano keys and the settings of notes, for releases that have a pitch."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame

from instrument.pad import theme
from instrument.pad.keys import note_name
from instrument.pad.model import EngineModel
from instrument.pad.settings import NOTE_SETTINGS
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.fader import Fader
from instrument.pad.widgets.keyboard import Keyboard
from instrument.pad.widgets.learnable import learnable

_HEIGHT_LETTERS = 8.8


def _seconds(value: float) -> str:
    return f"{1e3 * value:.0f} ms" if value < 0.9995 else f"{value:.1f} s"


class NoteStrip(QFrame):
    """Spans the width of the window.

    Args:
        model: sends notes and settings.
    """

    def __init__(self, model: EngineModel) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._model = model
        self.keyboard = Keyboard(model)
        self.typing = button("Keys", "The computer's keys play notes", "Z … M and Q … U play (K)", toggles=True)
        self.typing.toggled.connect(self._set_typing)
        self.down = button("−", "An octave down")
        self.down.clicked.connect(lambda: self.keyboard.shift(-1))
        self.up = button("+", "An octave up")
        self.up.clicked.connect(lambda: self.keyboard.shift(1))
        self.drone = button("Drone", "Drone", "Sound without a note", toggles=True)
        self.drone.clicked.connect(lambda on: model.set("/drone", bool(on)))
        self.voices = Fader("Voices", 1, 8, 1, lambda count: f"{count:.0f}", whole=True)
        self.voices.moved_to.connect(lambda count: model.set("/voices", round(count)))
        self.pitch = Fader("Drone pitch", 24.0, 96.0, 60.0, lambda note: f"{note_name(round(note))} {note:.1f}")
        self.bend = Fader("Bend", -12.0, 12.0, 0.0, lambda steps: f"{steps:+.1f}".replace("-", "−"))
        self.portamento = Fader("Portamento", 0.0, 10.0, 0.0, _seconds, 3.0)
        self.attack = Fader("Attack", 0.0, 10.0, 0.01, _seconds, 4.0)
        self.release_time = Fader("Release", 0.0, 20.0, 0.3, _seconds, 4.0)
        self._connect()
        self._lay_out()
        for name in NOTE_SETTINGS:
            self._show(name)
        self._show_release()

    def _connect(self) -> None:
        model = self._model
        for name, fader in (("/pitch", self.pitch), ("/bend", self.bend), ("/portamento", self.portamento)):
            fader.moved_to.connect(lambda value, name=name: model.set(name, float(value)))
            learnable(fader, name)
        learnable(self.drone, "/drone")
        learnable(self.voices, "/voices")
        learnable(self.attack, "/envelope", 1)
        learnable(self.release_time, "/envelope", 2)
        for fader in (self.attack, self.release_time):
            fader.moved_to.connect(
                lambda _value: model.set("/envelope", float(self.attack.number), float(self.release_time.number))
            )
        model.changed.connect(self._show)
        model.release_changed.connect(self._show_release)

    def _lay_out(self) -> None:
        whole = theme.row(self, 0.5, 0.4)
        side = theme.column(gap=0.3)
        first, second = theme.row(gap=0.3), theme.row(gap=0.3)
        for control, share in ((self.typing, 2), (self.down, 1), (self.up, 1)):
            first.addWidget(control, share)
        second.addWidget(self.drone)
        second.addWidget(self.voices, 1)
        side.addLayout(first)
        side.addLayout(second)
        side.addWidget(self.pitch)
        whole.addLayout(side, 3)
        whole.addWidget(self.keyboard, 8)
        faders = theme.column(gap=0.3)
        for fader in (self.attack, self.release_time, self.portamento, self.bend):
            faders.addWidget(fader)
        whole.addLayout(faders, 3)

    def toggle_typing(self) -> None:
        """Let the computer's keys play notes, or stop that; only while the strip is shown."""
        if self.isVisible():
            self.typing.toggle()

    def scale(self, pixels: int) -> None:
        """Fit the height to letters of that many pixels."""
        self.setFixedHeight(round(_HEIGHT_LETTERS * pixels))

    def _set_typing(self, typing: bool) -> None:
        self.keyboard.release_all()
        self.keyboard.typing = typing
        self.keyboard.update()

    def _show(self, name: str) -> None:
        faders = {"/pitch": self.pitch, "/bend": self.bend, "/portamento": self.portamento}
        if name in faders:
            faders[name].show_value(float(self._model.value(name)))
        elif name == "/envelope":
            attack, release_time = self._model.values[name]
            self.attack.show_value(float(attack))
            self.release_time.show_value(float(release_time))
        elif name == "/drone":
            self.drone.setChecked(bool(self._model.value(name)))
        elif name == "/voices":
            self.voices.show_value(float(self._model.value(name)))

    def _show_release(self) -> None:
        has_pitch = self._model.has_pitch
        if not has_pitch:
            self.typing.setChecked(False)
        self.setVisible(has_pitch)
