"""A list to choose from that nothing but a choice changes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox
from typing_extensions import override


class Choice(QComboBox):
    """A combo box as wide as its room, whatever the length of its words.

    The wheel passes over it, as another sound device by accident would end the concert; a click leaves the keys with
    the pad, and Tab reaches it.

    Args:
        name: what a screen reader says.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
