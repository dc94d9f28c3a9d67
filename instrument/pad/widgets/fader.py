"""Shows a fader's name, value and level in one bar, large enough for a finger."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QSlider
from typing_extensions import override

from instrument.pad import theme

_STEPS = 1_000
_INSET = 0.35  # of the height, beside text and level


class Fader(QSlider):
    """Slides over a range of numbers; a double-click resets it.

    Args:
        name: its name, on the bar and for screen readers.
        low, high: its range.
        rest: the value that a double-click restores, and from which the bar is filled.
        text: formats the value.
        curve: 1 is linear; above, the low end has finer steps.
        whole: whole numbers only.
    """

    moved_to = Signal(float)
    """The performer has set another value."""

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        rest: float,
        text: Callable[[float], str],
        curve: float = 1.0,
        whole: bool = False,
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._name, self._low, self._high, self._rest = name, low, high, rest
        self._text = text
        self._curve, self._whole = curve, whole
        self._exact = rest
        self.setRange(0, _STEPS)
        step = math.ceil(_STEPS / (high - low)) if whole else _STEPS // 100
        self.setSingleStep(step)
        self.setPageStep(10 * step)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.show_value(rest)
        self.valueChanged.connect(self._set_step)

    @property
    def number(self) -> float:
        """Return the value shown."""
        return self._exact

    def show_value(self, value: float) -> None:
        """Show a value that another client has set."""
        self._exact = value
        share = (min(max(value, self._low), self._high) - self._low) / (self._high - self._low)
        self.blockSignals(True)
        self.setValue(round(share ** (1.0 / self._curve) * _STEPS))
        self.blockSignals(False)
        self.setAccessibleDescription(self._text(value))
        self.update()

    def reset(self) -> None:
        """Restore the value at rest."""
        self.show_value(self._rest)
        self.moved_to.emit(self._rest)

    def _set_step(self, step: int) -> None:
        exact = self._low + (step / _STEPS) ** self._curve * (self._high - self._low)
        if self._whole:
            exact = float(round(exact))
            if exact == self._exact:
                return
        self._exact = exact
        self.setAccessibleDescription(self._text(self._exact))
        self.update()
        self.moved_to.emit(self._exact)

    @override
    def sizeHint(self) -> QSize:
        letter = self.fontMetrics().height()
        return QSize(8 * letter, round(1.8 * letter))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._drag(event.position())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():  # not after a double-click, though the button is still held
            self._drag(event.position())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        # The wheel scrolls a column of faders, unless a fader has the focus.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _drag(self, pixel: QPointF) -> None:
        inset = _INSET * self.height()
        self.setValue(round((pixel.x() - inset) / max(1.0, self.width() - 2 * inset) * _STEPS))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        radius = 0.22 * bar.height()
        painter.setPen(QColor(theme.ACCENT if self.hasFocus() else theme.EDGE))
        painter.setBrush(QColor(theme.RAISED))
        painter.drawRoundedRect(bar, radius, radius)
        self._paint_level(painter, bar)
        self._paint_text(painter, bar)

    def _paint_level(self, painter: QPainter, bar: QRectF) -> None:
        rest = ((self._rest - self._low) / (self._high - self._low)) ** (1.0 / self._curve)
        level = self.value() / _STEPS
        begin, end = sorted((rest, level))
        inset = _INSET * bar.height()
        span = bar.width() - 2 * inset
        thick = max(2.0, 0.12 * bar.height())
        line = QRectF(bar.left() + inset, bar.bottom() - 1.5 * thick, span, thick)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.EDGE))
        painter.drawRoundedRect(line, thick / 2, thick / 2)
        if not self.isEnabled():
            return
        painter.setBrush(QColor(theme.ACCENT))
        painter.drawRoundedRect(
            QRectF(line.left() + begin * span, line.top(), (end - begin) * span, thick), thick / 2, thick / 2
        )
        handle = 0.8 * thick
        painter.drawEllipse(QPointF(line.left() + level * span, line.center().y()), 1.3 * handle, 1.3 * handle)

    def _paint_text(self, painter: QPainter, bar: QRectF) -> None:
        box = bar.adjusted(_INSET * bar.height(), 0, -_INSET * bar.height(), -0.16 * bar.height())
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(theme.TEXT if self.isEnabled() else theme.QUIET))
        value = self._text(self._exact)
        painter.drawText(box, centre | Qt.AlignmentFlag.AlignRight, value)
        room = box.width() - painter.fontMetrics().horizontalAdvance(value + "  ")
        name = painter.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideRight, round(room))
        painter.drawText(box, centre | Qt.AlignmentFlag.AlignLeft, name)


def grid_fader() -> Fader:
    """Create the fader of a grid of beats; at its left end there is none."""
    return Fader("Grid", 0, 16, 0, lambda beats: f"{beats:g} beats" if beats else "none", whole=True)
