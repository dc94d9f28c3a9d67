"""Shows the playing surface, with the spectrogram below it."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QWidget

from instrument.pad import theme
from instrument.pad.session import PadSession
from instrument.pad.widgets.spectrogram import Spectrogram
from instrument.pad.widgets.surface import Surface

_STRIP_LETTERS = 8.0
_FULL_SCREEN_STRIP_LETTERS = 4.5


class PlayArea(QWidget):
    """Forms the largest part of the window.

    Args:
        session: what the surface shows and moves.
    """

    def __init__(self, session: PadSession) -> None:
        super().__init__()
        self.surface = Surface(session.model, session.point, session.anchors, session.clock)
        self.spectrogram = Spectrogram()
        self._strip = QFrame()
        self._strip.setObjectName("panel")
        theme.row(self._strip, 0.5, 0.4).addWidget(self.spectrogram, 1)
        layout = theme.column(self, 0.5)
        layout.addWidget(self.surface, 1)
        layout.addWidget(self._strip)
        session.model.scoped.connect(self.spectrogram.add)

    def tick(self, seconds: float) -> None:
        """Advance by one frame."""
        self.surface.tick()
        self.spectrogram.tick(seconds)

    def scale(self, pixels: int, full_screen: bool) -> None:
        """Fit the strip to letters of that many pixels."""
        self._strip.setFixedHeight(round((_FULL_SCREEN_STRIP_LETTERS if full_screen else _STRIP_LETTERS) * pixels))
