"""Offers a combo box that the mouse wheel does not change."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox
from typing_extensions import override


class Choice(QComboBox):
    """Lets one item be chosen; fits any width, whatever the length of the items.

    A click leaves the keyboard focus with the surface; Tab reaches it.

    Args:
        name: its name for screen readers.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # another sound device by accident would end a concert
