"""Shows the map and the point, and follows mouse, touch, pen and keys."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QSinglePointEvent,
    QTabletEvent,
    QTouchEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from aitunes.features import FloatArray
from instrument.pad.anchors import AnchorSet, anchor_weights
from instrument.pad.model import EngineModel
from instrument.pad.point import Point
from instrument.pad.release_map import ReleaseMap
from instrument.pad.widgets import overlay
from instrument.pad.widgets.backdrop import frame_of, paint_backdrop, pixel_in
from instrument.pad.widgets.grip import Grip

TRAIL_SECONDS = 0.9
_WHEEL_STEP = 0.1
_KEY_STEP, _FINE_STEP = 0.02, 0.002
_PLAY_NOW = Qt.KeyboardModifier.ControlModifier


class Surface(QWidget):
    """Forms the surface that is played.

    Args:
        model, point, anchors: shown and moved.
        clock: seconds, monotonic.
    """

    def __init__(
        self, model: EngineModel, point: Point, anchors: AnchorSet, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._model, self._point, self._anchors, self._clock = model, point, anchors, clock
        self.release_map: ReleaseMap | None = None
        self._positions = np.zeros((0, 2), np.float32)
        self._backdrop: QPixmap | None = None
        self._trail: deque[tuple[float, float, float]] = deque(maxlen=128)
        self._shown = (0.5, 0.5, 0.5, 0.5)
        self._painted = QRect()
        self.hovered: int | None = None
        """The number of the landmark under the mouse or the pen."""
        self._grip = Grip(self, point, anchors, clock)
        self._finger = 0
        self._turned_from: float | None = None
        self.setAccessibleName("Pad")
        self.setAccessibleDescription("Arrow keys move the sound, page up and down along a third axis")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.installEventFilter(self)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 180)
        self.setCursor(Qt.CursorShape.CrossCursor)
        anchors.changed.connect(self.update)
        model.changed.connect(lambda name: self.show_map(self.release_map) if name == "/pad/axes" else None)

    # Painting.

    def show_map(self, release_map: ReleaseMap | None) -> None:
        """Show a map on the present axes."""
        self.release_map = release_map
        self.hovered = None
        axes = self._model.axes
        fits = release_map is not None and max(axes) < release_map.coordinates.shape[1]
        self._positions = (
            release_map.positions(axes) if release_map is not None and fits else np.zeros((0, 2), np.float32)
        )
        self._forget_backdrop()

    def tick(self) -> None:
        """Advance by one frame: follow the point and fade its trail; repaint only where something moves."""
        now = self._clock()
        before = self._shown
        self._shown = (*self._point.target, *self._point.current)
        if self._shown != before:
            self._trail.append((*self._shown[2:], now))
        # The newest position stays, however old it is.
        while len(self._trail) > 1 and now - self._trail[0][2] > TRAIL_SECONDS:
            self._trail.popleft()
        if self._shown != before or len(self._trail) > 1:
            moving = self.rect() if self._anchors.active else self._moving_rect()
            self.update(moving.united(self._painted))
            self._painted = moving

    def _moving_rect(self) -> QRect:
        """Return the rectangle that the point, its target and its trail cover."""
        pixels = [self.pixel_at(x, y) for x, y, _ in self._trail] + [self.pixel_at(*self._shown[:2])]
        xs, ys = [pixel.x() for pixel in pixels], [pixel.y() for pixel in pixels]
        margin = 1.2 * self.letter()
        covered = QRectF(QPointF(min(xs), min(ys)), QPointF(max(xs), max(ys)))
        return covered.adjusted(-margin, -margin, margin, margin).toAlignedRect()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._forget_backdrop()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self._forget_backdrop()
        super().changeEvent(event)

    def _forget_backdrop(self) -> None:
        self._backdrop = None
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(800, 560)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._backdrop is None:
            home = self._model.pad_position(np.zeros(max(self._model.latent_dim, 2), np.float32))
            fits = self.release_map is not None and max(self._model.axes) < self.release_map.coordinates.shape[1]
            release_map = self.release_map if fits else None
            self._backdrop = paint_backdrop(
                release_map, self._model.axes, self.size(), self.devicePixelRatioF(), self.font(), home
            )
        painter = QPainter(self)
        ratio = self._backdrop.devicePixelRatio()
        for rect in list(event.region()):  # type: ignore[call-overload]
            source = QRectF(rect.x() * ratio, rect.y() * ratio, rect.width() * ratio, rect.height() * ratio)
            painter.drawPixmap(QRectF(rect), self._backdrop, source)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_moving(painter)

    def _paint_moving(self, painter: QPainter) -> None:
        letter, width = self.letter(), self.width()
        target, current = self.pixel_at(*self._shown[:2]), self.pixel_at(*self._shown[2:])
        anchors = [(self.pixel_at(anchor.x, anchor.y), anchor.name) for anchor in self._anchors.anchors]
        if self._anchors.active:
            painter.fillRect(self._frame(), overlay.DARK)  # the map does not sound now
            weights = anchor_weights(self._anchors.anchors, *self._shown[:2])
            overlay.paint_weights(painter, target, [pixel for pixel, _ in anchors], weights.tolist(), letter)
        for pixel, name in anchors:
            overlay.paint_anchor(painter, pixel, name, self._anchors.active, letter, width)
        now = self._clock()
        trail = [(self.pixel_at(x, y), 1.0 - (now - moment) / TRAIL_SECONDS) for x, y, moment in self._trail]
        overlay.paint_trail(painter, trail, letter)
        overlay.paint_point(painter, target, current, self._model.playing, letter)
        if self.hovered is not None and self.release_map is not None:
            pixel = self.pixel_at(*self._positions[self.hovered].tolist())
            overlay.paint_landmark(painter, pixel, self.release_map.names[self.hovered], letter, width)

    # Positions.

    def letter(self) -> float:
        """Return the height of a letter, pixels."""
        return float(self.fontMetrics().height())

    def _frame(self) -> QRectF:
        return frame_of(self.size(), QFontMetricsF(self.font()).height())

    def pixel_at(self, x: float, y: float) -> QPointF:
        """Return the pixel at a position of the pad, 0..1."""
        return pixel_in(self._frame(), x, y)

    def pad_position_of(self, pixel: QPoint | QPointF) -> tuple[float, float]:
        """Return the position on the pad, 0..1 within its edges, at a pixel."""
        frame = self._frame()
        return (pixel.x() - frame.left()) / frame.width(), (frame.bottom() - pixel.y()) / frame.height()

    def _nearest(self, pixel: QPointF, positions: FloatArray, reach: float) -> int | None:
        """Find the nearest of some positions [count, 2] within so many heights of a letter."""
        if not len(positions):
            return None
        frame = self._frame()
        offset = (positions - self.pad_position_of(pixel)) * (frame.width(), frame.height())
        distance = np.hypot(offset[:, 0], offset[:, 1])
        nearest = int(distance.argmin())
        return nearest if distance[nearest] <= reach * self.letter() else None

    def landmark_at(self, pixel: QPointF, reach: float = 0.7) -> int | None:
        """Return the number of the landmark at a pixel, within so many heights of a letter."""
        return self._nearest(pixel, self._positions, reach)

    def anchor_at(self, pixel: QPointF) -> int | None:
        """Return the number of the anchor at a pixel."""
        positions = np.array([(anchor.x, anchor.y) for anchor in self._anchors.anchors], np.float32)
        return self._nearest(pixel, positions, 0.9)

    # Input.

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press(event)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press(event, twice=True)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._move(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip.let_go()

    @override
    def tabletEvent(self, event: QTabletEvent) -> None:
        if Qt.MouseButton.RightButton in (event.button(), event.buttons()):
            event.ignore()  # Qt turns the pen's own button into a mouse button, which opens the menu
            return
        if event.type() == QEvent.Type.TabletPress:
            self._press(event)
        elif event.type() == QEvent.Type.TabletRelease:
            self._grip.let_go()
        else:
            self._move(event)
        event.accept()

    def _press(self, event: QSinglePointEvent, twice: bool = False) -> None:
        self._hover(None)
        self._grip.press(event.position(), bool(event.modifiers() & _PLAY_NOW), twice)

    def _move(self, event: QSinglePointEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._grip.drag(event.position())
        else:
            self._hover(self.landmark_at(event.position()))

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        self._point.turn(_WHEEL_STEP * event.angleDelta().y() / 120.0)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        step = _FINE_STEP if fine else _KEY_STEP
        moves = {
            Qt.Key.Key_Left: (-step, 0.0),
            Qt.Key.Key_Right: (step, 0.0),
            Qt.Key.Key_Down: (0.0, -step),
            Qt.Key.Key_Up: (0.0, step),
        }
        turns = {Qt.Key.Key_PageUp: _WHEEL_STEP, Qt.Key.Key_PageDown: -_WHEEL_STEP}
        key = Qt.Key(event.key())
        if key in moves:
            self._point.nudge(*moves[key])
        elif key in turns:
            self._point.turn(turns[key])
        elif key is Qt.Key.Key_Home:
            self._point.home()
        else:
            super().keyPressEvent(event)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent):
            self._touch(event)
            return True
        return False

    def _touch(self, event: QTouchEvent) -> None:
        # The first finger moves the point; a second one moves along the third axis.
        points = event.points()
        if event.type() in (QEvent.Type.TouchEnd, QEvent.Type.TouchCancel):
            self._grip.let_go()
            points = []
        elif event.type() == QEvent.Type.TouchBegin:
            self._hover(None)
            self._finger = points[0].id()
            self._grip.press(points[0].position())
        others = [point for point in points if point.id() != self._finger]
        for first in (point for point in points if point.id() == self._finger):
            self._grip.drag(first.position())
        self._turn_by(others[0].position().y() if others else None)
        event.accept()

    def _turn_by(self, height: float | None) -> None:
        """Follow the height of the second finger; None ends it."""
        if height is not None and self._turned_from is not None:
            self._point.turn(4.0 * (self._turned_from - height) / max(1, self.height()))
        self._turned_from = height

    def play_landmark(self, pixel: QPointF) -> None:
        """Play exactly the code of the training sound at a pixel."""
        number = self.landmark_at(pixel, reach=2.0)
        if number is not None and self.release_map is not None:
            self._model.move_to(self.release_map.coordinates[number], locked=False)

    def _hover(self, number: int | None) -> None:
        if number != self.hovered:
            self.hovered = number
            self.update()
