"""Shows in large letters that there is no engine."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QWidget

from instrument.pad import theme
from instrument.pad.widgets.label import label

_WIDTH_LETTERS = 34


class Banner(QFrame):
    """Covers the middle of the surface with a title and a line of detail."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.setObjectName("banner")
        self.title = label(role="title")
        self.detail = label(wraps=True)
        layout = theme.column(self, 0.3, 0.9)
        for line in (self.title, self.detail):
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(line)

    def show_text(self, title: str, detail: str) -> None:
        """Show a title and a line of detail."""
        self.title.setText(title)
        self.detail.setText(detail)
        self.setAccessibleName(f"{title} {detail}")
        self.show()
        self.raise_()

    def place_over(self, widget: QWidget, pixels: int) -> None:
        """Centre it over another widget, for letters of that many pixels."""
        width = min(_WIDTH_LETTERS * pixels, widget.width())
        height = max(self.heightForWidth(width), self.sizeHint().height())
        centre = widget.mapTo(self._window, widget.rect().center())
        self.setGeometry(centre.x() - width // 2, centre.y() - height // 2, width, height)
