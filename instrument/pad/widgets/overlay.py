"""What moves above the map: the point and its trail, anchors, and the name of what lies beneath the mouse."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from instrument.pad import theme
from instrument.pad.widgets.backdrop import DIAMOND, draw_mark

DARK = QColor(11, 14, 19, 130)
_MAX_WIDTH = 0.4  # of the widget, for a name
_GROUND_OF_WORDS = QColor(11, 14, 19, 215)


def paint_point(painter: QPainter, hand: QPointF, sounding: QPointF, playing: bool, letter: float) -> None:
    """A ring where the hand is, and a disc where the sound is on its way to it."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, colour in ((0.32, QColor(0, 0, 0, 160)), (0.16, QColor(theme.TEXT))):
        painter.setPen(QPen(colour, width * letter))
        painter.drawEllipse(hand, 0.72 * letter, 0.72 * letter)
    painter.setPen(QPen(QColor(theme.GROUND), 0.1 * letter))
    painter.setBrush(QColor(theme.ACCENT if playing else theme.QUIET))
    painter.drawEllipse(sounding, 0.4 * letter, 0.4 * letter)


def paint_trail(painter: QPainter, trail: list[tuple[QPointF, float]], letter: float) -> None:
    """Where the sound has been: places, oldest first, and how fresh each is, 0..1."""
    colour = QColor(theme.ACCENT)
    for (earlier, _), (later, fresh) in pairwise(trail):
        left = max(0.0, fresh)
        colour.setAlphaF(0.75 * left)
        width = max(1.0, 0.28 * letter * left)
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(earlier, later)


def paint_anchor(painter: QPainter, place: QPointF, name: str, active: bool, letter: float, width: float) -> None:
    """An anchor and its name, which stays within the width of the widget."""
    painter.setPen(Qt.PenStyle.NoPen)
    for radius, colour in ((0.75, theme.GROUND), (0.5, theme.TEXT if active else theme.QUIET)):
        painter.setBrush(QColor(colour))
        draw_mark(painter, place, radius * letter, DIAMOND)
    _paint_words(painter, QPointF(place.x(), place.y() + 0.95 * letter), name, width)


def paint_shares(painter: QPainter, hand: QPointF, places: list[QPointF], shares: list[float], letter: float) -> None:
    """What each anchor gives to the sound, as a line to it."""
    colour = QColor(theme.ACCENT)
    for place, share in zip(places, shares, strict=True):
        colour.setAlphaF(min(1.0, 0.15 + share))
        painter.setPen(QPen(colour, max(1.0, 0.3 * letter * share)))
        painter.drawLine(hand, place)


def paint_landmark(painter: QPainter, place: QPointF, name: str, letter: float, width: float) -> None:
    """A ring around a landmark, and its name above, or below where there is no room."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.TEXT), 0.12 * letter))
    painter.drawEllipse(place, 0.42 * letter, 0.42 * letter)
    y = place.y() - 2.2 * letter if place.y() > 3.0 * letter else place.y() + letter
    _paint_words(painter, QPointF(place.x(), y), name, width)


def _paint_words(painter: QPainter, middle: QPointF, words: str, width: float) -> None:
    """Words on a dark ground, below a point and around its vertical, within the width of the widget."""
    metrics = QFontMetricsF(painter.font())
    edge = 0.3 * metrics.height()
    words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, _MAX_WIDTH * width)
    long = metrics.horizontalAdvance(words) + 2 * edge
    left = min(max(middle.x() - long / 2, 0.0), width - long)
    box = QRectF(left, middle.y(), long, 1.3 * metrics.height())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_GROUND_OF_WORDS)
    painter.drawRoundedRect(box, edge, edge)
    painter.setPen(QColor(theme.TEXT))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
