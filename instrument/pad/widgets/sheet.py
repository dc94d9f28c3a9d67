"""Covers the window with a panel until it is closed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QColor, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QWidget
from typing_extensions import override

from instrument.pad import theme


class Sheet(QWidget):
    """Darkens its parent and shows a panel in the middle.

    Args:
        parent: the window.
        width, height: of the panel, in heights of a letter; less where the window is smaller.
    """

    def __init__(self, parent: QWidget, width: float, height: float) -> None:
        super().__init__(parent)
        self._window = parent
        self._letters = (width, height)
        self._last_focus: QWidget | None = None
        self.panel = QFrame(self)
        self.panel.setObjectName("sheet")
        self.content = theme.column(self.panel, 0.7, 1.2)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        parent.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Show the sheet above everything else."""
        self._last_focus = QApplication.focusWidget()
        self._fit()
        self.show()
        self.raise_()
        self.setFocus()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._fit()
        return False

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange and self.isVisible():
            self._fit()
        super().changeEvent(event)

    def _fit(self) -> None:
        whole = self._window.rect()
        self.setGeometry(whole)
        letter = self.fontMetrics().height()
        width = min(round(self._letters[0] * letter), whole.width() - 2 * letter)
        height = min(round(self._letters[1] * letter), whole.height() - 2 * letter)
        self.panel.setGeometry(QRect((whole.width() - width) // 2, (whole.height() - height) // 2, width, height))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), QColor(0, 0, 0, 170))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.panel.geometry().contains(event.position().toPoint()):
            self.hide()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        if self._last_focus is not None:
            self._last_focus.setFocus()

    @override
    def event(self, event: QEvent) -> bool:
        # Letters and digits search the open sheet's list, in place of running shortcuts.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and event.text().isalnum():
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)
