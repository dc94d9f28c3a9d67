"""Moves the playing point: by mouse and keys, by wandering, on the map or along a blend of anchors."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from aitunes.features import FloatArray
from instrument.pad.model import EngineModel
from instrument.pad.wander import Wander

_WANDER_SECONDS = 0.02
_MAX_RANDOM = 2.5

Blend = Callable[[float, float], FloatArray]
"""The sound at a position of the pad, [latent_dim] standard deviations."""


class Point(QObject):
    """Moves the playing point, 0..1 on both axes of the pad.

    Args:
        model: receives the moves.
        rng: for wandering and random codes.
        clock: seconds, monotonic.
    """

    moved = Signal()
    wandering_changed = Signal(bool)

    def __init__(
        self,
        model: EngineModel,
        rng: np.random.Generator,
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._rng = rng
        self._clock = clock
        self.wander = Wander(rng)
        self.third_axis = 2
        self._blend: Blend | None = None
        self._blend_position: tuple[float, float] | None = None
        self._blended: FloatArray = np.zeros(0, np.float32)
        self._centre = (0.5, 0.5)
        self._stepped = 0.0
        self._timer = QTimer(self, interval=round(1e3 * _WANDER_SECONDS))
        self._timer.timeout.connect(self.step)
        model.moved.connect(self.moved)
        model.release_changed.connect(self._end_blend)

    @property
    def target(self) -> tuple[float, float]:
        """Return the position that the performer chose."""
        if self._blend_position is not None:
            return self._blend_position
        x, y = self._model.pad_position(self._model.latent.target)
        return _clipped(x, y)

    @property
    def current(self) -> tuple[float, float]:
        """Return the position that sounds now, on its way to the target or moved by another program."""
        if self._blend_position is not None and np.array_equal(self._model.latent.target, self._blended):
            return self._blend_position
        x, y = self._model.pad_position(self._model.latent.current)
        return _clipped(x, y)

    @property
    def blending(self) -> bool:
        """Return true while the point plays a blend in place of the map."""
        return self._blend_position is not None

    def follow(self, blend: Blend | None) -> None:
        """Play this blend at the point's position from now on; None returns to the map."""
        target = self.target
        self._blend = blend
        if blend is not None:
            self._go(*target)
        else:
            self._end_blend()

    def move_to(self, x: float, y: float) -> None:
        """Move the point to a position, clipped to the pad."""
        x, y = _clipped(x, y)
        self._centre = (x, y)
        self.wander.start()
        self._go(x, y)

    def nudge(self, dx: float, dy: float) -> None:
        """Move the point by an offset."""
        x, y = self.target
        self.move_to(x + dx, y + dy)

    def turn(self, change: float) -> None:
        """Move along the third axis by so many standard deviations."""
        n = self.third_axis
        if n < self._model.latent_dim and n not in self._model.locked:
            self._model.move_coordinate(n, float(self._model.latent.target[n]) + change)

    def home(self) -> None:
        """Go to the mean of all training sounds, or among anchors to the middle of the pad."""
        if self._blend is not None:
            self.move_to(0.5, 0.5)
            return
        self._model.move_to(np.zeros(self._model.latent_dim, np.float32))
        self._centre = self.target

    def randomize(self) -> None:
        """Go to a random code, drawn as the training sounds are distributed; among anchors, anywhere on the pad."""
        if self._blend is not None:
            self.move_to(*self._rng.random(2).tolist())
            return
        target = self._rng.normal(size=self._model.latent_dim).clip(-_MAX_RANDOM, _MAX_RANDOM)
        self._model.move_to(target.astype(np.float32))
        self._centre = self.target

    @property
    def wandering(self) -> bool:
        """Return true while the point moves by itself."""
        return self._timer.isActive()

    def set_wandering(self, wandering: bool) -> None:
        """Start or stop moving by itself around the present position."""
        if wandering == self.wandering:
            return
        self._centre = self.target
        self.wander.start()
        self._stepped = self._clock()
        if wandering:
            self._timer.start()
        else:
            self._timer.stop()
        self.wandering_changed.emit(wandering)

    def toggle_wandering(self) -> None:
        """Start wandering, or stop it."""
        self.set_wandering(not self.wandering)

    def step(self) -> None:
        """Wander on by the time that has passed since the last step."""
        now = self._clock()
        dx, dy = self.wander.step(now - self._stepped)
        self._stepped = now
        self._go(*_clipped(self._centre[0] + dx, self._centre[1] + dy))

    def _go(self, x: float, y: float) -> None:
        if self._blend is not None:
            self._blend_position = (x, y)
            self._model.move_to(self._blend(x, y))
            self._blended = self._model.latent.target
        else:
            self._model.move_pad(x, y)

    def _end_blend(self) -> None:
        self._blend = None
        self._blend_position = None
        self.moved.emit()


def _clipped(x: float, y: float) -> tuple[float, float]:
    return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)
