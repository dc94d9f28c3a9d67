"""Styles the window: Qt's Fusion style, dark unless the system asks for light."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QPushButton, QTableWidget, QWidget

W = TypeVar("W", bound=QWidget)

GAP = 8
"""Pixels between things."""
SERIES = ("#4c9be8", "#f0a33e", "#5bbf73", "#e0635c", "#a67fd6", "#3fb8b5", "#d978b0", "#9c9f3d", "#8f8f9c", "#c98b5e")
"""Colours of curves, readable on dark and on light."""

_DARK = {
    QPalette.ColorRole.Window: "#272b32",
    QPalette.ColorRole.WindowText: "#e3e6ea",
    QPalette.ColorRole.Base: "#15171b",
    QPalette.ColorRole.AlternateBase: "#1c1f24",
    QPalette.ColorRole.Text: "#e3e6ea",
    QPalette.ColorRole.Button: "#383e48",
    QPalette.ColorRole.ButtonText: "#e3e6ea",
    QPalette.ColorRole.BrightText: "#ffffff",
    QPalette.ColorRole.ToolTipBase: "#2b2f36",
    QPalette.ColorRole.ToolTipText: "#e3e6ea",
    QPalette.ColorRole.Highlight: "#3a7bc8",
    QPalette.ColorRole.HighlightedText: "#ffffff",
    QPalette.ColorRole.Link: "#6fb1f0",
    QPalette.ColorRole.PlaceholderText: "#8b929c",
    QPalette.ColorRole.Mid: "#3a3f48",
}
_DISABLED = (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText)


def dress(app: QApplication) -> None:
    """Give the application its style and colours, and the plots the same."""
    app.setStyle("Fusion")
    if app.styleHints().colorScheme() != Qt.ColorScheme.Light:
        app.setPalette(_dark())
    palette = app.palette()
    pyqtgraph.setConfigOptions(
        antialias=True,
        background=palette.color(QPalette.ColorRole.Base),
        foreground=palette.color(QPalette.ColorRole.Text),
    )


def _dark() -> QPalette:
    palette = QPalette()
    for role, colour in _DARK.items():
        palette.setColor(role, QColor(colour))
    for role in _DISABLED:
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor("#70767f"))
    return palette


def named(widget: W, name: str, tip: str = "") -> W:
    """Give a widget an accessible name and a tooltip."""
    widget.setAccessibleName(name)
    widget.setToolTip(tip)
    return widget


def hinted(widget: W, tip: str) -> W:
    """Give a widget a tooltip; its own text names it."""
    widget.setToolTip(tip)
    return widget


def plain_table(columns: Sequence[str], name: str) -> QTableWidget:
    """Make a read-only table."""
    table = named(QTableWidget(0, len(columns)), name)
    table.setHorizontalHeaderLabels(list(columns))
    table.horizontalHeader().setHighlightSections(False)
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    return table


def caption(text: str = "", of: QLabel | None = None) -> QLabel:
    """Make a quieter label, which wraps."""
    label = of or QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return label


def make_primary(button: QPushButton) -> None:
    """Colour the button that most people want next."""
    palette = button.palette()
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
        palette.setColor(group, QPalette.ColorRole.Button, QColor("#2f6db5"))
        palette.setColor(group, QPalette.ColorRole.ButtonText, QColor("#ffffff"))
    button.setPalette(palette)
