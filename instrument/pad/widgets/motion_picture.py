"""Paints the recorded movement at the playing point: its level over time, and its way over the map."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from instrument.pad import theme
from instrument.pad.motion_trace import MotionTrace

_LINES = 5.5
_MAX_POINTS = 400
_MIN_REACH, _ROOM = 0.2, 2.2
"""Standard deviations from the middle of the way's picture to its edge, at least; and edge to way, as recorded."""


class Shown(NamedTuple):
    """Says how far a trace moves, and which axes the pad has."""

    amount: float = 1.0
    axes: tuple[int, int] = (0, 1)


class MotionPicture(QWidget):
    """Shows a trace; without one, that the release holds still."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Recorded movement at the playing point")
        self._trace: MotionTrace | None = None
        self._shown = Shown()

    def show_trace(self, trace: MotionTrace | None, shown: Shown) -> None:
        """Paint another trace."""
        self._trace, self._shown = trace, shown
        self.setAccessibleDescription("This release holds still" if trace is None else f"{trace.seconds:.1f} seconds")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        letter = self.fontMetrics().height()
        return QSize(8 * letter, round(_LINES * letter))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QColor(theme.EDGE))
        painter.setBrush(QColor(theme.FLOOR))
        painter.drawRoundedRect(whole, 4.0, 4.0)
        if self._trace is None:
            painter.setPen(QColor(theme.QUIET))
            painter.drawText(whole, Qt.AlignmentFlag.AlignCenter, "This release holds still")
            return
        inside = whole.adjusted(6.0, 6.0, -6.0, -6.0)
        way = QRectF(inside.right() - inside.height(), inside.top(), inside.height(), inside.height())
        self._paint_level(
            painter, QRectF(inside.left(), inside.top(), way.left() - inside.left() - 6.0, inside.height())
        )
        self._paint_way(painter, way)

    def _paint_level(self, painter: QPainter, box: QRectF) -> None:
        trace = self._trace
        assert trace is not None
        if trace.loop is not None:
            begin, end = (box.left() + share * box.width() for share in trace.loop)
            painter.fillRect(QRectF(begin, box.top(), end - begin, box.height()), QColor(theme.RAISED))
        # A level that the amount doubles falls twice as far below the peak.
        level = np.clip(1.0 - self._shown.amount * (1.0 - _thin(trace.level)), 0.0, 1.0)
        across = np.linspace(box.left(), box.right(), len(level))
        points = [
            QPointF(x, box.bottom() - y * box.height()) for x, y in zip(across.tolist(), level.tolist(), strict=True)
        ]
        painter.setPen(QPen(QColor(theme.ACCENT), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(QColor(theme.QUIET))
        corner = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
        painter.drawText(box, corner, f"{trace.seconds:.1f} s")

    def _paint_way(self, painter: QPainter, box: QRectF) -> None:
        trace = self._trace
        assert trace is not None
        painter.setPen(QColor(theme.EDGE))
        painter.drawRect(box)
        first, second = self._shown.axes
        way = _thin(trace.path[:, [first, second]])
        way = self._shown.amount * way / (_ROOM * max(float(np.abs(way).max(initial=0.0)), _MIN_REACH))
        middle = box.center()
        half = 0.5 * box.width()
        way = np.clip(way, -1.0, 1.0)
        points = [QPointF(middle.x() + x * half, middle.y() - y * half) for x, y in way.tolist()]
        painter.setPen(QPen(QColor(theme.LABEL_COLOURS[0]), 1.0))
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.TEXT))
        painter.drawEllipse(middle, 2.5, 2.5)


def _thin(values: np.ndarray) -> np.ndarray:
    """Return at most `_MAX_POINTS` of the values, evenly chosen."""
    return values[np.linspace(0, len(values) - 1, min(len(values), _MAX_POINTS)).astype(int)]
