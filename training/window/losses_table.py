"""Lists every part of the loss after the last epoch; its colours are the legend of the curves."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidgetItem, QVBoxLayout, QWidget

from aitunes.experiments.history import Row
from training.window.formats import figure
from training.window.look import plain_table

_COLUMNS = ("Loss", "Training", "Validation")
_MAX_ROWS = 6


class LossesTable(QWidget):
    """Shows a row for each loss."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = plain_table(_COLUMNS, "Losses after the last epoch")
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table)
        self._fit()

    def show_losses(self, row: Row, colours: dict[str, str]) -> None:
        """Show the losses of one epoch."""
        self.table.setRowCount(len(colours))
        for n, (name, colour) in enumerate(colours.items()):
            values = (row.get(f"train/{name}"), row.get(f"validation/{name}"))
            self.table.setItem(n, 0, QTableWidgetItem(_swatch(colour), name))
            for column, value in enumerate(values, start=1):
                self.table.setItem(n, column, QTableWidgetItem(figure(value)))
        self._fit()

    def _fit(self) -> None:
        table = self.table
        rows = min(max(2, table.rowCount()), _MAX_ROWS)
        height = table.verticalHeader().defaultSectionSize() * rows + table.horizontalHeader().sizeHint().height()
        table.setFixedHeight(height + 2 * table.frameWidth())


def _swatch(colour: str) -> QIcon:
    pixels = QPixmap(10, 10)
    pixels.fill(QColor(colour))
    return QIcon(pixels)
