"""Paints what moves above the map: the point and its trail, anchors, and the name of the landmark under the mouse."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from instrument.pad import theme
from instrument.pad.widgets.backdrop import DIAMOND, draw_mark

DARK = QColor(11, 14, 19, 130)
_MAX_WIDTH = 0.4  # of the widget, for a name
_TEXT_GROUND = QColor(11, 14, 19, 215)


def paint_point(painter: QPainter, target: QPointF, current: QPointF, playing: bool, letter: float) -> None:
    """Paint a ring at the target, and a disc at the position that sounds now."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, colour in ((0.32, QColor(0, 0, 0, 160)), (0.16, QColor(theme.TEXT))):
        painter.setPen(QPen(colour, width * letter))
        painter.drawEllipse(target, 0.72 * letter, 0.72 * letter)
    painter.setPen(QPen(QColor(theme.GROUND), 0.1 * letter))
    painter.setBrush(QColor(theme.ACCENT if playing else theme.QUIET))
    painter.drawEllipse(current, 0.4 * letter, 0.4 * letter)


def paint_trail(painter: QPainter, trail: list[tuple[QPointF, float]], letter: float) -> None:
    """Paint recent positions, oldest first, each with its opacity, 0..1."""
    colour = QColor(theme.ACCENT)
    for (earlier, _), (later, opacity) in pairwise(trail):
        opacity = max(0.0, opacity)
        colour.setAlphaF(0.75 * opacity)
        width = max(1.0, 0.28 * letter * opacity)
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(earlier, later)


def paint_anchor(painter: QPainter, pixel: QPointF, name: str, active: bool, letter: float, width: float) -> None:
    """Paint an anchor and its name, which stays within the width of the widget."""
    painter.setPen(Qt.PenStyle.NoPen)
    for radius, colour in ((0.75, theme.GROUND), (0.5, theme.TEXT if active else theme.QUIET)):
        painter.setBrush(QColor(colour))
        draw_mark(painter, pixel, radius * letter, DIAMOND)
    _paint_text(painter, QPointF(pixel.x(), pixel.y() + 0.95 * letter), name, width)


def paint_weights(
    painter: QPainter, target: QPointF, anchors: list[QPointF], weights: list[float], letter: float
) -> None:
    """Paint a line to each anchor, as thick as its weight in the blend."""
    colour = QColor(theme.ACCENT)
    for anchor, weight in zip(anchors, weights, strict=True):
        colour.setAlphaF(min(1.0, 0.15 + weight))
        painter.setPen(QPen(colour, max(1.0, 0.3 * letter * weight)))
        painter.drawLine(target, anchor)


def paint_landmark(painter: QPainter, pixel: QPointF, name: str, letter: float, width: float) -> None:
    """Paint a ring around a landmark, and its name above, or below where there is no room."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.TEXT), 0.12 * letter))
    painter.drawEllipse(pixel, 0.42 * letter, 0.42 * letter)
    y = pixel.y() - 2.2 * letter if pixel.y() > 3.0 * letter else pixel.y() + letter
    _paint_text(painter, QPointF(pixel.x(), y), name, width)


def _paint_text(painter: QPainter, top: QPointF, text: str, width: float) -> None:
    """Paint text on a dark ground, centred below a pixel, within the width of the widget."""
    metrics = QFontMetricsF(painter.font())
    edge = 0.3 * metrics.height()
    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, _MAX_WIDTH * width)
    length = metrics.horizontalAdvance(text) + 2 * edge
    left = min(max(top.x() - length / 2, 0.0), width - length)
    box = QRectF(left, top.y(), length, 1.3 * metrics.height())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_TEXT_GROUND)
    painter.drawRoundedRect(box, edge, edge)
    painter.setPen(QColor(theme.TEXT))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
