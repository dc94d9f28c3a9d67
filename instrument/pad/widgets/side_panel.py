"""Shows the column of controls: transport, and pages, from the latent space to MIDI."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QTabWidget, QWidget

from instrument.pad import theme
from instrument.pad.session import PadSession
from instrument.pad.widgets.anchor_panel import AnchorPanel
from instrument.pad.widgets.coordinates import Coordinates
from instrument.pad.widgets.gesture_panel import GesturePanel
from instrument.pad.widgets.input_panel import InputPanel
from instrument.pad.widgets.midi_panel import MidiPanel
from instrument.pad.widgets.motion_panel import MotionPanel
from instrument.pad.widgets.record_button import RecordButton
from instrument.pad.widgets.sound_panel import SoundPanel
from instrument.pad.widgets.transport import Transport

_WIDTH_LETTERS = 27.0


class SidePanel(QFrame):
    """Forms the column beside the surface.

    Args:
        session: what the controls show and change.
        record: the record button, whose file format is chosen on the page for sound.
        page: the number of the page to open.
    """

    def __init__(self, session: PadSession, record: RecordButton, page: int = 0) -> None:
        super().__init__()
        self.setObjectName("panel")
        model, point = session.model, session.point
        self.transport = Transport(model)
        self.coordinates = Coordinates(model, point)
        self.anchors = AnchorPanel(model, point, session.anchors, session.encoder)
        self.gestures = GesturePanel(model)
        self.motion = MotionPanel(model)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Controls")
        self.tabs.setDocumentMode(True)
        self._add_page(self.coordinates, "Latent")
        self._add_page(self.anchors, "Anchors")
        self._add_page(self.gestures, "Gestures")
        self._add_page(self.motion, "Motion")
        self._add_page(SoundPanel(model, record), "Sound")
        self.input = InputPanel(model)
        self._add_page(self.input, "Input")
        self.midi = MidiPanel(model)
        self._add_page(self.midi, "MIDI")
        self.tabs.setCurrentIndex(page)
        layout = theme.column(self, 0.5, 0.6)
        layout.addWidget(self.transport)
        layout.addWidget(self.tabs, 1)

    def _add_page(self, page: QWidget, name: str) -> None:
        holder = QWidget()
        theme.column(holder, 0.0, 0.5).addWidget(page)
        self.tabs.addTab(holder, name)

    def scale(self, pixels: int) -> None:
        """Fit the width to letters of that many pixels."""
        self.setFixedWidth(round(_WIDTH_LETTERS * pixels))
