"""Shows the release's name and description, and the buttons for a phone, full screen and help."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from aitunes.printable import printable
from aitunes.release.card import ReleaseCard
from instrument.pad import theme
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.elided_label import ElidedLabel
from instrument.pad.widgets.label import literal_caption, literal_tip

_NAME_LETTERS = 14


class Head(QWidget):
    """Forms the top of the window."""

    def __init__(self) -> None:
        super().__init__()
        self._name = ""
        self.release = button("AiTunes", "Choose a release", "Choose a release (L)", role="release")
        self.description = ElidedLabel()
        self.description.setProperty("role", "quiet")
        self.phone = button("Phone", "Play with a phone", "A code that makes a phone a pad (P)")
        self.full_screen = button("Full screen", "Full screen", "The pad fills the screen (F11)")
        self.help = button("?", "Help", "Shortcuts (?)")
        layout = theme.row(self, 0.5)
        layout.addWidget(self.release)
        layout.addWidget(self.description, 1)
        layout.addWidget(self.phone)
        layout.addWidget(self.full_screen)
        layout.addWidget(self.help)

    def show_release(self, card: ReleaseCard) -> None:
        """Show the release that plays."""
        self._name = printable(card.public_name)
        self.release.setToolTip(literal_tip(f"{self._name}: choose a release (L)"))
        self.description.setText(printable(card.description))
        self.fit()

    def fit(self) -> None:
        """Elide a long name, so that the description has room."""
        if self._name:
            metrics = self.release.fontMetrics()
            room = _NAME_LETTERS * metrics.height()
            name = metrics.elidedText(self._name, Qt.TextElideMode.ElideRight, room)
            self.release.setText(literal_caption(name) + "  ▾")
