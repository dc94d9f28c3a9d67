"""Shows a spectrogram of the last seconds, scrolling from right to left."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from aitunes.features import FloatArray
from instrument.pad import theme

COLUMNS_A_SECOND = 25.0
FLOOR_DB, CEILING_DB = -80.0, -6.0
_MIN_STEP = 2  # pixels of the screen a column
_SHOWN_COLUMNS = 430
_SLACK = 16
_MAX_COLUMNS = 4_096
_STOPS = (0.0, 0.25, 0.5, 0.75, 1.0)
_COLOURS = (theme.PANEL, "#3B2A6B", "#B0356E", "#FF9A3C", "#FFF6D8")


def colour_table() -> NDArray[np.uint32]:
    """Compute 256 colours from silence to full level, as RGB32 pixels."""
    stops = 255.0 * np.array([theme.components(QColor(colour)) for colour in _COLOURS])
    levels = np.linspace(0.0, 1.0, 256)
    red, green, blue = (np.interp(levels, _STOPS, stops[:, n]).round().astype(np.uint32) for n in range(3))
    return np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue


class Spectrogram(QWidget):
    """Draws frequency bands over time, low bands at the bottom, in a ring of pixels, so that scrolling copies only.

    Args:
        name: its name for screen readers.
    """

    def __init__(self, name: str = "Spectrogram of what sounds now") -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._table = colour_table()
        self._history: deque[FloatArray] = deque(maxlen=_MAX_COLUMNS)
        self._head = 0
        self._behind = 0.0
        self._new_ring()

    def add(self, levels: FloatArray) -> None:
        """Append the levels of one moment, [bands] dB, low bands first."""
        self._history.append(levels)
        self._write(levels)
        self._behind = min(self._behind + self._step, float(_SLACK * self._step))

    def tick(self, seconds: float) -> None:
        """Advance by one frame: scroll by the seconds that have passed."""
        if self._behind <= 0.0:
            return
        before = round(self._behind)
        # Columns that have piled up are caught up with; otherwise the picture would lag for ever.
        speed = 1.0 + max(0.0, self._behind / self._step - 2.0)
        self._behind = max(0.0, self._behind - speed * self._step * COLUMNS_A_SECOND * seconds)
        if round(self._behind) != before:
            self.update()

    @override
    def sizeHint(self) -> QSize:
        letter = self.fontMetrics().height()
        return QSize(20 * letter, 6 * letter)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._new_ring()

    def _new_ring(self) -> None:
        self._ratio = self.devicePixelRatioF()
        self._width = max(1, round(self.width() * self._ratio))
        self._step = max(_MIN_STEP, round(self._width / _SHOWN_COLUMNS))
        height = max(1, round(self.height() * self._ratio))
        width = self._width + _SLACK * self._step
        width += -width % self._step
        self._pixels = np.full((height, width), self._table[0], np.uint32)
        self._image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        self._head = 0
        recent = list(self._history)[-(width // self._step) :]
        for levels in recent:
            self._write(levels)

    def _write(self, levels: FloatArray) -> None:
        height, width = self._pixels.shape
        band = np.linspace(len(levels) - 1, 0, height)
        loudness = (np.interp(band, np.arange(len(levels)), levels) - FLOOR_DB) / (CEILING_DB - FLOOR_DB)
        column = self._table[np.clip(loudness * 255.0, 0.0, 255.0).astype(np.uint8)]
        self._pixels[:, self._head : self._head + self._step] = column[:, None]
        self._head = (self._head + self._step) % width

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        height, ring = self._pixels.shape
        painter.scale(1.0 / self._ratio, 1.0 / self._ratio)
        begin = (self._head - round(self._behind) - self._width) % ring
        first = min(self._width, ring - begin)
        painter.drawImage(QPoint(0, 0), self._image, QRect(begin, 0, first, height))
        if first < self._width:
            painter.drawImage(QPoint(first, 0), self._image, QRect(0, 0, self._width - first, height))
