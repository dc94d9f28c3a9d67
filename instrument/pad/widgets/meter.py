"""Shows the level, with peak hold."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from instrument.pad import theme

FLOOR_DB = -60.0
HOLD_SECONDS = 1.5
FALL_DB_A_SECOND = 24.0
_MARKS_DB = (-48, -36, -24, -12, -6, 0)


class Ballistics:
    """Computes the meter's fall: the bar falls slowly, the peak after a hold time.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.level_db = self.rms_db = self.peak_db = FLOOR_DB
        self._held_until = 0.0

    def add(self, peak_db: float, rms_db: float) -> None:
        """Take a measurement of the engine."""
        self.level_db = max(self.level_db, peak_db)
        self.rms_db = rms_db
        if peak_db >= self.peak_db:
            self.peak_db = peak_db
            self._held_until = self._clock() + HOLD_SECONDS

    def fall(self, seconds: float) -> None:
        """Advance by some seconds."""
        self.level_db = max(FLOOR_DB, self.level_db - FALL_DB_A_SECOND * seconds)
        if self._clock() > self._held_until:
            self.peak_db = max(FLOOR_DB, self.peak_db - FALL_DB_A_SECOND * seconds)


class Meter(QWidget):
    """Draws the peak as a bar, RMS brighter within it, and the highest peak as a line that stays for a moment."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.setAccessibleName("Level meter")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self._ballistics = Ballistics(clock)
        self._shown = (0, 0, 0)

    @property
    def peak_db(self) -> float:
        """Return the peak that is held."""
        return self._ballistics.peak_db

    def add(self, peak_db: float, rms_db: float) -> None:
        """Take a measurement of the engine, dB."""
        self._ballistics.add(peak_db, rms_db)

    def clear(self) -> None:
        """Let the level fall to silence."""
        self._ballistics.add(FLOOR_DB, FLOOR_DB)

    def tick(self, seconds: float) -> None:
        """Advance by one frame; repaint only where a pixel changes."""
        self._ballistics.fall(seconds)
        levels = self._ballistics
        shown = tuple(round(self._y(db)) for db in (levels.level_db, levels.rms_db, levels.peak_db))
        if shown != self._shown:
            self._shown = shown  # type: ignore[assignment]
            self.update()

    @override
    def sizeHint(self) -> QSize:
        letter = self.fontMetrics().height()
        return QSize(round(3.1 * letter), 6 * letter)

    def _y(self, db: float) -> float:
        inset = 0.5 * self.fontMetrics().height()
        share = (min(max(db, FLOOR_DB), 0.0) - FLOOR_DB) / -FLOOR_DB
        return self.height() - inset - share * (self.height() - 2 * inset)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        letter = self.fontMetrics().height()
        width = 1.1 * letter
        bottom, levels = self._y(FLOOR_DB), self._ballistics
        painter.fillRect(QRectF(0, self._y(0), width, bottom - self._y(0)), QColor(theme.GROUND))
        gradient = QLinearGradient(0, bottom, 0, self._y(0))
        for stop, colour in (
            (0.0, "#2F9E44"),
            (0.75, theme.GOOD),
            (0.82, "#FFE066"),
            (0.93, "#FFA94D"),
            (1.0, theme.BAD),
        ):
            gradient.setColorAt(stop, QColor(colour))
        painter.setOpacity(0.45)
        painter.fillRect(QRectF(0, self._y(levels.level_db), width, bottom - self._y(levels.level_db)), gradient)
        painter.setOpacity(1.0)
        painter.fillRect(QRectF(0, self._y(levels.rms_db), width, bottom - self._y(levels.rms_db)), gradient)
        if levels.peak_db > FLOOR_DB:
            hold = QColor(theme.BAD if levels.peak_db > -0.2 else theme.TEXT)
            painter.fillRect(QRectF(0, self._y(levels.peak_db) - 1, width, 2), hold)
        self._paint_scale(painter, width + 0.3 * letter, letter)

    def _paint_scale(self, painter: QPainter, x: float, letter: float) -> None:
        font = self.font()
        font.setPixelSize(max(8, round(0.72 * letter)))
        painter.setFont(font)
        painter.setPen(QColor(theme.QUIET))
        room = self._y(-12) - self._y(0)
        for db in _MARKS_DB:
            if room < letter and db in (-6, -36, -48 if room < 0.6 * letter else -36):
                continue
            if room < 1.6 * letter and db == -6:
                continue
            box = QRectF(x, self._y(db) - letter / 2, 2.2 * letter, letter)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, f"{db}".replace("-", "−"))
