"""What a hand holds of the pad, be it by mouse, pen or finger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from instrument.pad.anchor_set import AnchorSet
from instrument.pad.point import Point

_NEAR_LETTERS = 0.6


class Ground(Protocol):
    """What can be taken hold of."""

    def place_of(self, position: QPointF) -> tuple[float, float]:
        """The place of the pad, 0..1 within its edges, at a place of the widget."""

    def anchor_at(self, position: QPointF) -> int | None:
        """The anchor at a place of the widget."""

    def play_landmark(self, position: QPointF) -> None:
        """Play exactly the code of the training sound at a place of the widget."""

    def letter(self) -> float:
        """The height of a letter, pixels."""


class Grip:
    """From a press to its release: the point moves, or an anchor, or nothing where the press was an act of its own.

    Args:
        ground: the surface.
        point, anchors: what is moved.
        clock: seconds, monotonic.
    """

    def __init__(self, ground: Ground, point: Point, anchors: AnchorSet, clock: Callable[[], float]) -> None:
        self._ground, self._point, self._anchors, self._clock = ground, point, anchors, clock
        self._anchor: int | None = None
        self._moves_point = False
        self._last: tuple[float, QPointF] | None = None

    def press(self, position: QPointF, play_now: bool = False, twice: bool = False) -> None:
        """Take hold of what lies there; twice in the same place goes home.

        Args:
            play_now: play the landmark there instead.
            twice: Qt has counted, which it does for the mouse alone.
        """
        twice = twice or self._is_second(position)
        self._last = None if twice or play_now else (self._clock(), position)
        self._anchor = None if play_now else self._ground.anchor_at(position)
        self._moves_point = not play_now and not twice and self._anchor is None
        if play_now:
            self._ground.play_landmark(position)
        elif self._moves_point:
            self._point.place(*self._ground.place_of(position))
        elif self._anchor is None:
            self._point.home()

    def drag(self, position: QPointF) -> None:
        """Move what is held."""
        if self._anchor is not None:
            self._anchors.move(self._anchor, *self._ground.place_of(position))
        elif self._moves_point:
            self._point.place(*self._ground.place_of(position))

    def release(self) -> None:
        """Let go."""
        if self._anchor is not None:
            self._anchor = None
            self._anchors.keep()
        self._moves_point = False

    def _is_second(self, position: QPointF) -> bool:
        if self._last is None:
            return False
        moment, place = self._last
        soon = self._clock() - moment < 1e-3 * QApplication.doubleClickInterval()
        return soon and (position - place).manhattanLength() < _NEAR_LETTERS * self._ground.letter()
