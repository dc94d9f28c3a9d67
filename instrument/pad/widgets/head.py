"""What plays, in large letters, and the ways to the stage and to help."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from aitunes.release.card import ReleaseCard
from instrument.pad import theme
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.elided_label import Words

_NAME_LETTERS = 14


class Head(QWidget):
    """The top of the window."""

    def __init__(self) -> None:
        super().__init__()
        self._name = ""
        self.release = button("AiTunes", "Choose a release", "Choose a release (L)", role="release")
        self.description = Words()
        self.description.setProperty("role", "quiet")
        self.stage = button("Stage", "Performance: the pad fills the screen", "The pad fills the screen (F11)")
        self.help = button("?", "Help", "What does what (?)")
        layout = theme.row(self, 0.5)
        layout.addWidget(self.release)
        layout.addWidget(self.description, 1)
        layout.addWidget(self.stage)
        layout.addWidget(self.help)

    def show_release(self, card: ReleaseCard) -> None:
        """Tell what plays."""
        self._name = card.public_name
        self.release.setToolTip(f"{self._name}: choose a release (L)")
        self.description.setText(card.description)
        self.fit()

    def fit(self) -> None:
        """Leave room for the description, however long the name is."""
        if self._name:
            metrics = self.release.fontMetrics()
            room = _NAME_LETTERS * metrics.height()
            self.release.setText(metrics.elidedText(self._name, Qt.TextElideMode.ElideRight, room) + "  ▾")
