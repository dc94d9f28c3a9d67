"""Shows a row of large figures with their captions below."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from training.window.look import GAP, caption


class FigureRow(QWidget):
    """Shows figures side by side, of equal width.

    Args:
        names: what they mean.
    """

    def __init__(self, names: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP * 2)
        self._values: dict[str, QLabel] = {}
        for name in names:
            value = self._values[name] = QLabel("–")
            value.setAccessibleName(name)
            font = value.font()
            font.setPointSizeF(font.pointSizeF() * 1.35)
            value.setFont(font)
            column = QVBoxLayout()
            column.setSpacing(0)
            column.addWidget(value)
            column.addWidget(caption(name))
            layout.addLayout(column, 1)

    def set(self, name: str, text: str) -> None:
        """Change a figure."""
        if self._values[name].text() != text:
            self._values[name].setText(text)

    def text(self, name: str) -> str:
        """Return the text of a figure."""
        return self._values[name].text()
