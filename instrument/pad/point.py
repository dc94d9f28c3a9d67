"""The performer's hand on the pad: moves it by mouse, keys, wandering or among anchors, and the sound with it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from aitunes.features import FloatArray
from instrument.pad.anchors import Anchor, blend
from instrument.pad.model import EngineModel
from instrument.pad.wander import Wander

_WANDER_SECONDS = 0.02


class Point(QObject):
    """Where the hand is, 0..1 on both axes.

    Args:
        model: takes the moves.
        rng: for wandering and chance.
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
        self._anchors: list[Anchor] = []
        self._hand: tuple[float, float] | None = None
        self._blended: FloatArray = np.zeros(0, np.float32)
        self._centre = (0.5, 0.5)
        self._stepped = 0.0
        self._timer = QTimer(self, interval=round(1e3 * _WANDER_SECONDS))
        self._timer.timeout.connect(self._wander_on)
        model.moved.connect(self.moved)
        model.release_changed.connect(self._leave_anchors)

    @property
    def hand(self) -> tuple[float, float]:
        """The place that the performer chose."""
        if self._hand is not None:
            return self._hand
        x, y = self._model.on_pad(self._model.glide.target)
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)

    @property
    def sounding(self) -> tuple[float, float]:
        """The place that sounds now, on its way to the hand, or wherever something else has moved it."""
        if self._hand is not None and np.array_equal(self._model.glide.target, self._blended):
            return self._hand
        x, y = self._model.on_pad(self._model.glide.current)
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)

    @property
    def blending(self) -> bool:
        """Whether the sound is what lies between the anchors."""
        return self._hand is not None

    def blend_among(self, anchors: list[Anchor]) -> None:
        """From now on the sound is a blend of these, or the map's own where there are none."""
        hand = self.hand
        self._anchors = anchors
        if anchors:
            self._go(*hand)
        else:
            self._leave_anchors()

    def place(self, x: float, y: float) -> None:
        """Put the hand somewhere."""
        x, y = min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)
        self._centre = (x, y)
        self.wander.begin()
        self._go(x, y)

    def nudge(self, dx: float, dy: float) -> None:
        """Move the hand a little."""
        x, y = self.hand
        self.place(x + dx, y + dy)

    def turn(self, change: float) -> None:
        """Move along the third dimension, standard deviations."""
        n = self.third_axis
        if n < self._model.latent_dim and n not in self._model.locked:
            self._model.move_coordinate(n, float(self._model.glide.target[n]) + change)

    def home(self) -> None:
        """Go to the middle of all training sounds."""
        if self._anchors:
            self.place(0.5, 0.5)
            return
        self._model.move_to(np.zeros(self._model.latent_dim, np.float32))
        self._centre = self.hand

    def jump(self) -> None:
        """Go somewhere by chance, as likely as the training sounds lie there; among anchors, anywhere."""
        if self._anchors:
            self.place(*self._rng.random(2).tolist())
            return
        target = self._rng.normal(size=self._model.latent_dim).clip(-2.5, 2.5)
        self._model.move_to(target.astype(np.float32))
        self._centre = self.hand

    @property
    def wandering(self) -> bool:
        """Whether the hand moves by itself."""
        return self._timer.isActive()

    def set_wandering(self, wandering: bool) -> None:
        """Begin or end to move by itself, around where the hand is."""
        if wandering == self.wandering:
            return
        self._centre = self.hand
        self.wander.begin()
        self._stepped = self._clock()
        if wandering:
            self._timer.start()
        else:
            self._timer.stop()
        self.wandering_changed.emit(wandering)

    def _wander_on(self) -> None:
        now = self._clock()
        dx, dy = self.wander.step(now - self._stepped)
        self._stepped = now
        self._go(min(max(self._centre[0] + dx, 0.0), 1.0), min(max(self._centre[1] + dy, 0.0), 1.0))

    def _go(self, x: float, y: float) -> None:
        if self._anchors:
            self._hand = (x, y)
            self._model.move_to(blend(self._anchors, x, y))
            self._blended = self._model.glide.target
        else:
            self._model.move_pad(x, y)

    def _leave_anchors(self) -> None:
        self._anchors = []
        self._hand = None
        self.moved.emit()
