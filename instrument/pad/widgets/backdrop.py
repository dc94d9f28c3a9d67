"""Paints the map below the point, once for each size, release and choice of axes."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPixmap, QPolygonF

from aitunes.features import FloatArray
from instrument.pad import theme
from instrument.pad.release_map import ReleaseMap

DIAMOND = 2

_GLOW = 0.62
_KNEE = 0.35


def frame_of(size: QSize, letter: float) -> QRectF:
    """Return the pad's rectangle within a widget of that size, with room for the legend and the axes."""
    return QRectF(1.7 * letter, 1.5 * letter, size.width() - 2.2 * letter, size.height() - 3.1 * letter)


def pixel_in(frame: QRectF, x: float, y: float) -> QPointF:
    """Return the pixel of a position on the pad, 0..1; y rises."""
    return QPointF(frame.left() + x * frame.width(), frame.bottom() - y * frame.height())


def paint_backdrop(
    release_map: ReleaseMap | None,
    axes: tuple[int, int],
    size: QSize,
    ratio: float,
    font: QFont,
    home: tuple[float, float] | None,
) -> QPixmap:
    """Paint the map, its legend and its axes.

    Args:
        size, ratio: of the widget, and device pixels to each of its own.
        home: the position of the mean of all training sounds, where it is to be shown.
    """
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QColor(theme.GROUND))
    painter = QPainter(pixmap)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    painter.setFont(font)
    letter = QFontMetricsF(font).height()
    frame = frame_of(size, letter)
    painter.fillRect(frame, QColor(theme.FLOOR))
    if release_map is not None and len(release_map.names):
        painter.drawImage(frame, _glow(release_map.density(axes)))
        _paint_grid(painter, frame)
        _paint_landmarks(painter, frame, release_map, axes, letter)
        _paint_legend(painter, frame, release_map, letter)
    else:
        _paint_grid(painter, frame)
    if home is not None:
        _paint_home(painter, pixel_in(frame, *home), letter)
    _paint_axes(painter, frame, release_map, axes, letter)
    painter.end()
    return pixmap


def _glow(density: FloatArray) -> QImage:
    """Turn density [labels, grid, grid] into light in the labels' colours, fading to the ground where it is 0."""
    colours = np.array([theme.components(theme.label_colour(n)) for n in range(len(density) - 1)])
    colours = np.vstack([colours.reshape(-1, 3), theme.components(QColor(theme.OTHER_COLOUR))])
    total = density.sum(axis=0)
    # Squared, so that the most frequent label gives the colour; a linear mixture is brown everywhere.
    weights = density**2
    mixed = np.tensordot(weights, colours, (0, 0)) / np.maximum(weights.sum(axis=0), 1e-9)[..., None]
    light = _GLOW * (total / (total + _KNEE))[..., None]
    ground = np.array(theme.components(QColor(theme.FLOOR)))
    picture = (255.0 * (ground * (1.0 - light) + mixed * light)).astype(np.uint8)
    rows, columns = total.shape
    image = QImage(np.ascontiguousarray(picture).tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888)
    return image.copy()


def _paint_grid(painter: QPainter, frame: QRectF) -> None:
    line = QColor(theme.TEXT)
    line.setAlpha(16)
    painter.setPen(line)
    for position in (0.25, 0.5, 0.75):
        painter.drawLine(pixel_in(frame, position, 0.0), pixel_in(frame, position, 1.0))
        painter.drawLine(pixel_in(frame, 0.0, position), pixel_in(frame, 1.0, position))
    painter.setPen(QColor(theme.EDGE))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(frame)


def _paint_landmarks(
    painter: QPainter, frame: QRectF, release_map: ReleaseMap, axes: tuple[int, int], letter: float
) -> None:
    radius = letter * (0.2 if len(release_map.names) <= 1_000 else 0.13)
    painter.setPen(Qt.PenStyle.NoPen)
    for (x, y), number in zip(release_map.positions(axes).tolist(), release_map.label_numbers.tolist(), strict=True):
        colour = theme.label_colour(number if number < len(release_map.labels) else len(theme.LABEL_COLOURS))
        colour.setAlpha(215)
        painter.setBrush(colour)
        draw_mark(painter, pixel_in(frame, x, y), radius, number)


def draw_mark(painter: QPainter, centre: QPointF, radius: float, number: int) -> None:
    """Paint a label's mark: circle, square, diamond and triangle by turns, as colour alone does not serve everyone."""
    shape = number % 4
    if shape == 0:
        painter.drawEllipse(centre, radius, radius)
    elif shape == 1:
        side = 0.88 * radius
        painter.drawRect(QRectF(centre.x() - side, centre.y() - side, 2 * side, 2 * side))
    else:
        r = 1.25 * radius
        corners = [(0, -r), (r, 0), (0, r), (-r, 0)] if shape == DIAMOND else [(0, -r), (r, r), (-r, r)]
        painter.drawPolygon(QPolygonF([centre + QPointF(dx, dy) for dx, dy in corners]))


def _paint_legend(painter: QPainter, frame: QRectF, release_map: ReleaseMap, letter: float) -> None:
    """Paint the labels in a row above the frame, and the number of those for which there is no room."""
    metrics = QFontMetricsF(painter.font())
    gap, mark = 1.1 * letter, 1.1 * letter
    x, middle = frame.left() + 0.3 * letter, frame.top() - 0.75 * letter
    widths = [mark + metrics.horizontalAdvance(label) + gap for label in release_map.labels]
    left_over = release_map.others
    room = frame.width() - 5 * letter
    for n, (label, width) in enumerate(zip(release_map.labels, widths, strict=True)):
        if sum(widths[: n + 1]) > room:
            left_over += len(widths) - n
            break
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.label_colour(n))
        draw_mark(painter, QPointF(x + 0.4 * letter, middle), 0.3 * letter, n)
        painter.setPen(QColor(theme.TEXT))
        _paint_line(painter, x + mark, middle, label, letter)
        x += width
    if left_over:
        painter.setPen(QColor(theme.QUIET))
        _paint_line(painter, x, middle, f"{left_over} more", letter)


def _paint_line(painter: QPainter, x: float, middle: float, text: str, letter: float) -> None:
    painter.drawText(QRectF(x, middle - letter, 40 * letter, 2 * letter), Qt.AlignmentFlag.AlignVCenter, text)


def _paint_home(painter: QPainter, pixel: QPointF, letter: float) -> None:
    colour = QColor(theme.TEXT)
    colour.setAlpha(150)
    painter.setPen(colour)
    reach = 0.45 * letter
    painter.drawLine(pixel - QPointF(reach, 0), pixel + QPointF(reach, 0))
    painter.drawLine(pixel - QPointF(0, reach), pixel + QPointF(0, reach))


def _paint_axes(
    painter: QPainter, frame: QRectF, release_map: ReleaseMap | None, axes: tuple[int, int], letter: float
) -> None:
    metrics = QFontMetricsF(painter.font())
    across = _axis_title(release_map, axes[0], metrics, frame.width())
    up = _axis_title(release_map, axes[1], metrics, frame.height())
    painter.setPen(QColor(theme.QUIET))
    below = QRectF(frame.left(), frame.bottom() + 0.2 * letter, frame.width(), 1.3 * letter)
    painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"{across}  →")
    painter.save()
    painter.translate(frame.left() - 0.8 * letter, frame.center().y())
    painter.rotate(-90.0)
    beside = QRectF(-frame.height() / 2, -0.65 * letter, frame.height(), 1.3 * letter)
    painter.drawText(beside, Qt.AlignmentFlag.AlignCenter, f"{up}  →")
    painter.restore()


def _axis_title(release_map: ReleaseMap | None, axis: int, metrics: QFontMetricsF, room: float) -> str:
    """Name an axis by its principal component and, where there is room, by what one hears and its share of variance."""
    number = f"PC {axis + 1}"
    if release_map is None:
        return number
    share = f"{100 * release_map.latent.explained_variance[axis]:.0f} % of variance"
    heard = release_map.axis_titles[axis] if release_map.axis_titles else number
    for title in (f"{heard} ({share})", heard):
        if metrics.horizontalAdvance(f"{title}  →") <= room:
            return title
    return number
