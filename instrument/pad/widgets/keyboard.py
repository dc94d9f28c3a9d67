"""Draws two octaves of piano keys, played by mouse, touch and the computer's keyboard."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLineEdit, QSizePolicy, QWidget
from typing_extensions import override

from instrument.pad import theme
from instrument.pad.keys import LOWER_ROW, OCTAVE, UPPER_ROW, is_black, note_name, semitone_of
from instrument.pad.model import EngineModel

OCTAVES = 2
_VELOCITY = 100
_TEXT_INPUTS = (QLineEdit, QAbstractItemView)
_LOWEST, _HIGHEST = 0, 127 - OCTAVES * OCTAVE


class Keyboard(QWidget):
    """Sends a note on for each pressed key, and its note off when the key is let go.

    Args:
        model: sends the notes.
    """

    def __init__(self, model: EngineModel) -> None:
        super().__init__()
        self._model = model
        self.lowest = 48
        self.typing = False
        """True while the computer's keys play notes."""
        self._typed: dict[int, int] = {}
        self._pressed: int | None = None
        self.setAccessibleName("Piano keys")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]

    @property
    def sounding(self) -> set[int]:
        """Return the notes that are held."""
        return {*self._typed.values(), *([] if self._pressed is None else [self._pressed])}

    def shift(self, octaves: int) -> None:
        """Transpose the keys by octaves."""
        self.release_all()
        self.lowest = min(max(self.lowest + OCTAVE * octaves, _LOWEST), _HIGHEST)
        self.update()

    def release_all(self) -> None:
        """End all notes that are held."""
        for note in self.sounding:
            self._model.send("/note", note, 0)
        self._typed.clear()
        self._pressed = None
        self.update()

    @override
    def sizeHint(self) -> QSize:
        letter = self.fontMetrics().height()
        return QSize(24 * letter, 5 * letter)

    # The computer's keys.

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not self.typing or not self.isVisible():
            return False
        if event.type() == QEvent.Type.ApplicationStateChange or event.type() == QEvent.Type.WindowDeactivate:
            self.release_all()
        if not isinstance(event, QKeyEvent) or isinstance(QApplication.focusWidget(), _TEXT_INPUTS):
            return False
        if event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        step = semitone_of(chr(event.key())) if event.key() < 128 else None
        return step is not None and self._type(event, step)

    def _type(self, event: QKeyEvent, step: int) -> bool:
        # Accepting the override keeps Qt from running a shortcut on the same key.
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        elif event.isAutoRepeat():
            pass
        elif event.type() == QEvent.Type.KeyPress and event.key() not in self._typed:
            self._typed[event.key()] = self.lowest + step
            self._start(self.lowest + step)
        elif event.type() == QEvent.Type.KeyRelease and event.key() in self._typed:
            self._end(self._typed.pop(event.key()))
        return True

    # The mouse.

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._slide_to(self.note_at(event.position()))

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._slide_to(self.note_at(event.position()))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._slide_to(None)

    def _slide_to(self, note: int | None) -> None:
        previous, self._pressed = self._pressed, note
        if note == previous:
            return
        if note is not None:
            self._start(note)
        if previous is not None:
            self._end(previous)

    def _start(self, note: int) -> None:
        self._model.send("/note", note, _VELOCITY)
        self.update()

    def _end(self, note: int) -> None:
        self._model.send("/note", note, 0)
        self.update()

    # Painting.

    def _keys(self) -> list[tuple[int, QRectF]]:
        """Return notes and their keys, the white ones first."""
        notes = range(self.lowest, self.lowest + OCTAVES * OCTAVE + 1)
        whites = [note for note in notes if not is_black(note)]
        width = self.width() / len(whites)
        left = {note: n * width for n, note in enumerate(whites)}
        keys = [(note, QRectF(left[note], 0, width, self.height())) for note in whites]
        for note in notes:
            if is_black(note):
                keys.append((note, QRectF(left[note - 1] + 0.7 * width, 0, 0.6 * width, 0.6 * self.height())))
        return keys

    def note_at(self, pixel: QPointF) -> int | None:
        """Return the note of the key at a pixel."""
        return next((note for note, key in reversed(self._keys()) if key.contains(pixel)), None)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for note, key in self._keys():
            black, held = is_black(note), note in self.sounding
            painter.setPen(QColor(theme.GROUND))
            painter.setBrush(QColor(theme.ACCENT if held else theme.GROUND if black else "#D5DBE3"))
            painter.drawRoundedRect(key.adjusted(0.5, -4, -0.5, -0.5), 3, 3)
            painter.setPen(QColor(theme.QUIET if black and not held else theme.ON_ACCENT))
            self._paint_name(painter, note, key)

    def _paint_name(self, painter: QPainter, note: int, key: QRectF) -> None:
        step = note - self.lowest
        text = note_name(note) if note % OCTAVE == 0 else ""
        if self.typing and step < len(LOWER_ROW + UPPER_ROW):
            text = (LOWER_ROW + UPPER_ROW)[step]
        if painter.fontMetrics().horizontalAdvance(text) <= key.width():
            painter.drawText(
                key.adjusted(0, 0, 0, -3), Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, text
            )
