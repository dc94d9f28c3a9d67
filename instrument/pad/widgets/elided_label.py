"""Shows text that ends in an ellipsis where it is longer than the label."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel
from typing_extensions import override

from instrument.pad.widgets.label import literal_tip, make_plain


class ElidedLabel(QLabel):
    """Shows plain text in any width; the tooltip has the whole text."""

    def __init__(self) -> None:
        super().__init__()
        make_plain(self)

    @override
    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip(literal_tip(text))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(1, super().minimumSizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        QPainter(self).drawText(self.rect(), self.alignment(), shown)
