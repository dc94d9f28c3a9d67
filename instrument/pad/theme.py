"""Defines the colours, the size of letters from which all other sizes follow, and the style sheet."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QMargins
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLayout, QVBoxLayout, QWidget

GROUND = "#0B0E13"
FLOOR = "#10151D"
PANEL = "#141922"
RAISED = "#1F2733"
EDGE = "#364152"
TEXT = "#F4F7FA"
QUIET = "#A9B4C2"
DISABLED = "#7D8896"
ACCENT = "#FFB454"
ON_ACCENT = "#1B1204"
GOOD = "#7EE787"
BAD = "#FF7B72"

LABEL_COLOURS = (
    "#4DABF7", "#FFA94D", "#69DB7C", "#FF8787", "#B197FC", "#D9A066",
    "#F783AC", "#C3CBD6", "#FFE066", "#3BC9DB", "#A9E34B", "#E599F7",
)  # fmt: skip
OTHER_COLOUR = DISABLED

BASE_PIXELS = 14.0
_BASE_SIZE = (1280.0, 800.0)
_MIN_SCALE, _MAX_SCALE = 0.8, 4.0
_FULL_SCREEN_SCALE = 1.3

_Layout = TypeVar("_Layout", bound=QLayout)


def font_pixels(width: int, height: int, full_screen: bool = False) -> int:
    """Compute the size of letters: 14 px at 1280 × 800, in proportion elsewhere; larger in full screen."""
    scale = min(max(min(width / _BASE_SIZE[0], height / _BASE_SIZE[1]), _MIN_SCALE), _MAX_SCALE)
    return round(BASE_PIXELS * (_FULL_SCREEN_SCALE if full_screen else 1.0) * scale)


def label_colour(number: int) -> QColor:
    """Return the colour of a label, or the one that all others share."""
    return QColor(LABEL_COLOURS[number] if number < len(LABEL_COLOURS) else OTHER_COLOUR)


def column(parent: QWidget | None = None, gap: float = 0.5, margin: float = 0.0) -> QVBoxLayout:
    """Make a layout from top to bottom; gap and margin in heights of a letter."""
    return _sized(QVBoxLayout(parent) if parent else QVBoxLayout(), gap, margin)


def row(parent: QWidget | None = None, gap: float = 0.5, margin: float = 0.0) -> QHBoxLayout:
    """Make a layout from left to right; gap and margin in heights of a letter."""
    return _sized(QHBoxLayout(parent) if parent else QHBoxLayout(), gap, margin)


def _sized(layout: _Layout, gap: float, margin: float) -> _Layout:
    layout.setProperty("gap", gap)
    layout.setProperty("margin", margin)
    return layout


def apply(window: QWidget, pixels: int) -> None:
    """Set the size of letters in a window, and everything else in proportion."""
    font = QFont(window.font())
    font.setPixelSize(pixels)
    QApplication.setFont(font)
    window.setStyleSheet(style_sheet(pixels))
    for layout in window.findChildren(QLayout):
        gap, margin = layout.property("gap"), layout.property("margin")
        if gap is not None:
            layout.setSpacing(round(gap * pixels))
            layout.setContentsMargins(QMargins(*[round(margin * pixels)] * 4))


def palette() -> QPalette:
    """Return a dark palette, for what the style sheet does not reach."""
    colours = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, GROUND), (roles.Base, PANEL), (roles.AlternateBase, RAISED), (roles.Button, RAISED),
        (roles.WindowText, TEXT), (roles.Text, TEXT), (roles.ButtonText, TEXT), (roles.ToolTipText, TEXT),
        (roles.ToolTipBase, RAISED), (roles.Highlight, ACCENT), (roles.HighlightedText, ON_ACCENT),
        (roles.PlaceholderText, QUIET), (roles.Link, ACCENT),
    ):  # fmt: skip
        colours.setColor(role, QColor(colour))
    return colours


def style_sheet(pixels: int) -> str:
    """Return the style of all ordinary controls, for letters of that many pixels."""

    def em(count: float) -> str:
        return f"{max(1, round(count * pixels))}px"

    return f"""
    * {{ font-size: {pixels}px; color: {TEXT}; outline: none; }}
    QMainWindow, QDialog, QWidget#ground {{ background: {GROUND}; }}
    QFrame#panel {{ background: {PANEL}; border-radius: {em(0.6)}; }}
    QFrame#sheet {{ background: {PANEL}; border: 1px solid {EDGE}; border-radius: {em(0.8)}; }}
    QFrame#banner {{ background: {PANEL}; border: {em(0.18)} solid {BAD}; border-radius: {em(0.6)}; }}
    QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
    QLabel {{ background: transparent; }}
    QLabel[role="quiet"] {{ color: {QUIET}; }}
    QLabel[role="title"] {{ font-size: {round(1.35 * pixels)}px; font-weight: bold; }}
    QLabel[role="heading"] {{ color: {QUIET}; font-size: {round(0.86 * pixels)}px; font-weight: bold; }}
    QLabel[role="warning"] {{ color: {BAD}; font-weight: bold; }}
    QPushButton, QToolButton {{
        background: {RAISED}; border: 1px solid {EDGE}; border-radius: {em(0.4)};
        padding: {em(0.32)} {em(0.7)}; min-height: {em(1.4)};
    }}
    QPushButton:hover, QToolButton:hover {{ border-color: {QUIET}; }}
    QPushButton:focus, QToolButton:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus, QLineEdit:focus,
    QListWidget:focus {{ border: 1px solid {ACCENT}; }}
    QPushButton:pressed, QToolButton:pressed {{ background: {EDGE}; }}
    QPushButton:checked, QToolButton:checked {{
        background: {ACCENT}; color: {ON_ACCENT}; border-color: {ACCENT}; font-weight: bold;
    }}
    QPushButton:disabled, QToolButton:disabled {{ color: {DISABLED}; background: {PANEL}; }}
    QPushButton[role="record"]:checked {{ background: {BAD}; border-color: {BAD}; color: {ON_ACCENT}; }}
    QPushButton[role="release"] {{
        font-size: {round(1.35 * pixels)}px; font-weight: bold; text-align: left; border-color: transparent;
        background: transparent; padding: {em(0.1)} {em(0.5)};
    }}
    QPushButton[role="release"]:hover {{ background: {RAISED}; }}
    QToolButton[role="small"] {{ padding: 0; min-height: {em(1.5)}; min-width: {em(1.7)}; }}
    QComboBox, QSpinBox, QDoubleSpinBox, QLineEdit {{
        background: {RAISED}; border: 1px solid {EDGE}; border-radius: {em(0.4)};
        padding: {em(0.2)} {em(0.5)}; min-height: {em(1.5)}; selection-background-color: {ACCENT};
        selection-color: {ON_ACCENT};
    }}
    QComboBox::drop-down {{ border: none; width: {em(1.4)}; }}
    QComboBox::down-arrow {{
        image: none; width: 0; height: 0; margin-right: {em(0.5)};
        border-left: {em(0.3)} solid {RAISED}; border-right: {em(0.3)} solid {RAISED};
        border-top: {em(0.4)} solid {QUIET};
    }}
    QComboBox QAbstractItemView {{
        background: {RAISED}; border: 1px solid {EDGE}; selection-background-color: {ACCENT};
        selection-color: {ON_ACCENT};
    }}
    QListWidget {{ background: {GROUND}; border: 1px solid {EDGE}; border-radius: {em(0.4)}; padding: {em(0.2)}; }}
    QListWidget::item {{ padding: {em(0.35)} {em(0.5)}; border-radius: {em(0.3)}; }}
    QListWidget::item:selected {{ background: {ACCENT}; color: {ON_ACCENT}; }}
    QTabWidget::pane {{ border: none; }}
    QTabBar {{ qproperty-drawBase: 0; }}
    QTabBar::tab {{
        background: transparent; color: {QUIET}; padding: {em(0.35)} {em(0.13)}; border: none;
        font-size: {em(0.88)};
        border-bottom: {em(0.16)} solid transparent;
    }}
    QTabBar::tab:selected {{ color: {TEXT}; border-bottom-color: {ACCENT}; font-weight: bold; }}
    QTabBar::tab:hover, QTabBar::tab:focus {{ color: {TEXT}; }}
    QScrollBar:vertical {{ background: transparent; width: {em(1.0)}; margin: 0 0 0 {em(0.4)}; }}
    QScrollBar::handle:vertical {{ background: {EDGE}; border-radius: {em(0.3)}; min-height: {em(2)}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
    QMenu {{ background: {RAISED}; border: 1px solid {EDGE}; padding: {em(0.3)}; }}
    QMenu::item {{ padding: {em(0.35)} {em(1)}; }}
    QMenu::item:selected {{ background: {ACCENT}; color: {ON_ACCENT}; }}
    QToolTip {{ background: {RAISED}; color: {TEXT}; border: 1px solid {EDGE}; padding: {em(0.3)}; }}
    """


def components(colour: QColor) -> tuple[float, float, float]:
    """Return red, green and blue, 0..1."""
    return colour.redF(), colour.greenF(), colour.blueF()
