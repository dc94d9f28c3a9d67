"""Sets how sounds move: amount, speed, what follows, the seed, and how far the release dreams."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QGridLayout, QWidget

from aitunes.release.motion import MOTION
from instrument.pad import theme
from instrument.pad.model import EngineModel
from instrument.pad.motion_trace import MotionTraces
from instrument.pad.widgets.choice import Choice
from instrument.pad.widgets.fader import Fader, grid_fader
from instrument.pad.widgets.label import label
from instrument.pad.widgets.learnable import learnable
from instrument.pad.widgets.motion_picture import MotionPicture, Shown

MODES = {"wander": "Wander", "loop": "Loop", "once": "Once"}
MAX_SEED = 99
"""Of the fader; the address takes larger ones."""

NOTES_ALONE = ("/motion/attack", "/motion/decay")
"""Faders for releases that play notes; the others have the grid instead."""

_PICTURE_MS = 100


class MotionPanel(QWidget):
    """Shows the page for movement, with the picture of what moves at the playing point.

    Args:
        model: sends the settings.
    """

    def __init__(self, model: EngineModel) -> None:
        super().__init__()
        self._model = model
        self._traces: MotionTraces | None = None
        self.picture = MotionPicture()
        self.faders = {
            "/motion": Fader("Amount", 0.0, 2.0, 1.0, lambda amount: f"{100 * amount:.0f} %"),
            "/motion/speed": Fader("Speed", -4.0, 4.0, 1.0, lambda speed: f"{speed:.2f} ×".replace("-", "−")),
            "/motion/attack": Fader("Attack", 0.1, 10.0, 1.0, lambda times: f"{times:.2f} ×", curve=3.0),
            "/motion/decay": Fader("Decay", -60.0, 60.0, 0.0, lambda decay: f"{decay:+.0f} dB/s".replace("-", "−")),
            "/motion/seed": Fader("Seed", 0, MAX_SEED, 0, lambda seed: f"{seed:.0f}", whole=True),
            "/dream": Fader("Dream", 0.0, 1.0, 0.0, lambda dream: f"{100 * dream:.0f} %"),
            "/motion/quantise": grid_fader(),
            "/tempo": Fader("Tempo", 20.0, 300.0, 120.0, lambda tempo: f"{tempo:.0f} bpm"),
        }
        self.faders["/motion/attack"].setToolTip("Length of a note's attack, beside what the place has")
        self.faders["/motion/decay"].setToolTip("How much faster a held note falls than the place lets it")
        self.faders["/motion/seed"].setToolTip("The same seed and notes give the same movement")
        self.faders["/motion/quantise"].setToolTip(
            "Passages of a release without notes begin on these beats; of segments, every grain"
        )
        self.mode = Choice("What follows the recorded movement")
        for mode, name in MODES.items():
            self.mode.addItem(name, mode)
        self.mode.setToolTip("Wander goes on from a similar moment, Loop repeats, Once ends")
        self.note = label(role="quiet", wraps=True)
        # The point may move at every frame; the picture needs to follow it only now and then.
        self._timer = QTimer(self, singleShot=True, interval=_PICTURE_MS)
        self._timer.timeout.connect(self._show_trace)
        self._lay_out()
        self._connect()
        for name in (*self.faders, "/motion/mode"):
            self._show(name)

    def show_traces(self, traces: MotionTraces | None) -> None:
        """Show the movements of another release."""
        self._traces = traces
        card = self._model.card
        moves = card is not None and MOTION in card.files
        here = "" if traces is not None else "Its movement is drawn where the pad has the release's files."
        self.note.setText(here if moves else "This release holds still: it was made without motion.")
        self.note.setVisible(bool(self.note.text()))
        for name in NOTES_ALONE:
            self.faders[name].setVisible(self._model.has_pitch)
        self.faders["/motion/quantise"].setVisible(not self._model.has_pitch)
        self._show_trace()

    def _lay_out(self) -> None:
        whole = theme.column(self, 0.6)
        whole.addWidget(self.picture)
        whole.addWidget(self.note)
        whole.addWidget(self.faders["/motion"])
        whole.addWidget(self.faders["/motion/speed"])
        contour = theme.row(gap=0.35)
        for name in NOTES_ALONE:
            contour.addWidget(self.faders[name])
        whole.addLayout(contour)
        grid = QGridLayout()
        grid.setProperty("gap", 0.45)
        grid.setProperty("margin", 0.0)
        grid.addWidget(label("Then"), 0, 0)
        grid.addWidget(self.mode, 0, 1)
        grid.setColumnStretch(1, 1)
        whole.addLayout(grid)
        for name in ("/motion/seed", "/dream", "/motion/quantise", "/tempo"):
            whole.addWidget(self.faders[name])
        whole.addStretch(1)

    def _connect(self) -> None:
        model = self._model
        for name, fader in self.faders.items():
            kind = int if name == "/motion/seed" else float
            fader.moved_to.connect(lambda value, name=name, kind=kind: model.set(name, kind(value)))
            if name != "/motion/seed":
                learnable(fader, name)
        self.mode.activated.connect(lambda: model.set("/motion/mode", str(self.mode.currentData())))
        model.changed.connect(self._show)
        model.moved.connect(self._show_soon)

    def _show(self, name: str) -> None:
        if name in self.faders:
            self.faders[name].show_value(float(self._model.value(name)))
        elif name == "/motion/mode":
            self.mode.setCurrentIndex(max(0, self.mode.findData(self._model.value(name))))
        if name in ("/motion", "/pad/axes", "/pitch"):
            self._show_soon()

    def _show_soon(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def _show_trace(self) -> None:
        model = self._model
        shown = Shown(float(model.value("/motion")), model.axes)
        fits = self._traces is not None and model.card is not None
        trace = self._traces.at(model.latent.target, float(model.value("/pitch"))) if fits and self._traces else None
        self.picture.show_trace(trace, shown)
