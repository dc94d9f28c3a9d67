"""Says in large letters that the engine is not there, while it is not."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from instrument.pad import theme


class Banner(QFrame):
    """A strip over the pad."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.title = QLabel()
        self.title.setProperty("role", "title")
        self.title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.detail = QLabel()
        self.detail.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.detail.setWordWrap(True)
        layout = theme.column(self, 0.3, 0.9)
        layout.addWidget(self.title)
        layout.addWidget(self.detail)

    def say(self, title: str, detail: str) -> None:
        """Show it."""
        self.title.setText(title)
        self.detail.setText(detail)
        self.setAccessibleName(f"{title} {detail}")
        self.show()
        self.raise_()
