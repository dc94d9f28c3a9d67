"""Turns presses and drags of mouse, pen and touch into moves of the point or of an anchor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from instrument.pad.anchors import AnchorSet
from instrument.pad.point import Point

_NEAR_LETTERS = 0.6


class Ground(Protocol):
    """Finds what lies at a pixel."""

    def pad_position_of(self, pixel: QPointF) -> tuple[float, float]:
        """Return the position on the pad, 0..1 within its edges, at a pixel."""

    def anchor_at(self, pixel: QPointF) -> int | None:
        """Return the number of the anchor at a pixel."""

    def play_landmark(self, pixel: QPointF) -> None:
        """Play exactly the code of the training sound at a pixel."""

    def letter(self) -> float:
        """Return the height of a letter, pixels."""


class Grip:
    """Follows one press until its release.

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

    def press(self, pixel: QPointF, play_now: bool = False, twice: bool = False) -> None:
        """Take hold of the anchor or the point; a second press at the same pixel goes home.

        Args:
            play_now: play the landmark there instead.
            twice: Qt has counted two presses, which it does for the mouse only.
        """
        twice = twice or self._is_second(pixel)
        self._last = None if twice or play_now else (self._clock(), pixel)
        self._anchor = None if play_now else self._ground.anchor_at(pixel)
        self._moves_point = not play_now and not twice and self._anchor is None
        if play_now:
            self._ground.play_landmark(pixel)
        elif self._moves_point:
            self._point.move_to(*self._ground.pad_position_of(pixel))
        elif self._anchor is None:
            self._point.home()

    def drag(self, pixel: QPointF) -> None:
        """Move what is held."""
        if self._anchor is not None:
            self._anchors.move(self._anchor, *self._ground.pad_position_of(pixel))
        elif self._moves_point:
            self._point.move_to(*self._ground.pad_position_of(pixel))

    def let_go(self) -> None:
        """End the press."""
        if self._anchor is not None:
            self._anchor = None
            self._anchors.save()
        self._moves_point = False

    def _is_second(self, pixel: QPointF) -> bool:
        if self._last is None:
            return False
        moment, previous = self._last
        soon = self._clock() - moment < 1e-3 * QApplication.doubleClickInterval()
        return soon and (pixel - previous).manhattanLength() < _NEAR_LETTERS * self._ground.letter()
