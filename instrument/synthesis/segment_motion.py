"""Says which segment follows which, as the training tracks went on, for a release of segments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aitunes.features import FloatArray
from aitunes.motion.passages import Passages
from aitunes.release.card import LatentSpace
from aitunes.release.motion import Motion
from instrument.synthesis.directions import Directions
from instrument.synthesis.motion import MotionMode, MotionSettings

_WINDOW_SECONDS, _STEP_SECONDS = 6.0, 1.5
_NEAREST, _DREAMT = 4, 60
_MOVED = 0.25
"""Distance of the pad, in the release's metric, after which another part of the material may be nearer."""
_OTHER = 0.3
"""Weight of distances beside the pad's axes: there are so many of them that the calmest passages would be nearest."""


class Grain(NamedTuple):
    """Holds a segment of the material.

    Args:
        window: the passage that it belongs to.
        position: of its centre, code frames from the beginning of the first track.
    """

    window: int
    position: float


def segment_passages(motion: Motion, directions: Directions) -> Passages:
    """Cut the tracks of a release of segments into passages."""
    return Passages(motion, _WINDOW_SECONDS, _STEP_SECONDS, directions.nearness(motion.metric, _OTHER))


class SegmentMotion:
    """Takes the playhead from segment to segment through the passages that lie nearest to the pad.

    A grain sounds while the playhead is in the middle of its segment, and the next one, `columns` further on in the
    material, takes its place there. What is random is drawn as a grain begins, so it depends on no decoder's haste.

    Args:
        motion: trajectories of whole tracks; code n of a track is of the segment whose centre is level frame
            (n + ½) · level rate / code rate.
        latent: of the release.
    """

    def __init__(self, motion: Motion, latent: LatentSpace) -> None:
        self._directions = Directions(latent)
        self._passages = segment_passages(motion, self._directions)
        self._level = motion.level
        self._stride = motion.level_rate / motion.code_rate
        self._code_starts, self._level_starts = motion.code_starts, motion.level_starts
        self.now = self.following = Grain(0, 0.0)
        self._asked: FloatArray | None = None
        self._drawn: tuple[object, ...] = ()

    @staticmethod
    def is_moving(settings: MotionSettings) -> bool:
        """Return whether anything moves with these settings."""
        return settings.amount > 0.0 or settings.dream > 0.0

    def rest(self) -> None:
        """Forget where the material was: what moves again begins at the pad."""
        self._asked = None

    def follow(self, z: FloatArray, settings: MotionSettings, columns: int) -> tuple[Grain, Grain]:
        """Return the grain that is due now where the pad has z [latent_dim], and the one after it.

        Args:
            columns: that the playhead goes through from grain to grain; negative where it runs backwards.
        """
        point = self._passages.point(z)
        if self._asked is None or self._drawn[0] != settings.seed:
            self._asked, self._rng = point, np.random.default_rng((settings.seed, 13))
            window = int(self._passages.nearest(point, 1)[0])
            self.now, self._drawn = Grain(window, float(self._passages.windows[window, 0])), ()
        elif float(np.abs(point - self._asked).max()) > _MOVED:
            self._asked = point
            nearest = self._passages.nearest(point, _NEAREST)
            if self.now.window not in nearest:
                self.now, self._drawn = self._enter(int(nearest[0]), columns * settings.speed >= 0.0), ()
        wanted = settings.seed, settings.speed, settings.mode, settings.dream, columns
        if self._drawn != wanted:
            self._drawn = wanted
            self.following = self._next(settings, columns)
        return self.now, self.following

    def step(self) -> float:
        """Let the next grain be the present one; return by how many columns the material lies later in its segment."""
        self.now = self.following
        self._drawn = (self._drawn[0],)
        return (self.now.position - self._number(self.now)) * self._stride

    def code(self, grain: Grain, z: FloatArray, settings: MotionSettings) -> FloatArray:
        """Return the code of a grain where the pad has z, both [latent_dim]."""
        mean = self._passages.means[grain.window]
        base = z + np.float32(min(1.0, settings.amount)) * self._directions.own(mean, z)
        base = base + np.float32(settings.dream) * (mean - base)
        amount = np.float32(settings.amount + settings.dream * max(0.0, 1.0 - settings.amount))
        return np.asarray(base + amount * (self._passages.codes[self._number(grain)] - mean), np.float32)

    def level_db(self, grain: Grain, columns: float) -> float:
        """Return the level of the material above that of its code, dB, so many columns after a segment's centre."""
        number = self._number(grain)
        track = int(np.searchsorted(self._code_starts, number, side="right")) - 1
        first, end = int(self._level_starts[track]), int(self._level_starts[track + 1])
        at = first + (number - int(self._code_starts[track]) + 0.5) * self._stride + columns
        at = min(max(at, float(first)), end - 1.0)
        left = int(at)
        right = min(left + 1, end - 1)
        low, high = float(self._level[left]), float(self._level[right])
        return low + (at - left) * (high - low)

    def _number(self, grain: Grain) -> int:
        return min(max(round(grain.position), 0), len(self._passages.codes) - 1)

    def _next(self, settings: MotionSettings, columns: int) -> Grain:
        window, position = self.now
        first, end, track_end = (int(mark) for mark in self._passages.windows[window])
        last, step = end - 1, columns * settings.speed / self._stride
        position, forward = position + step, step >= 0.0
        if settings.mode is MotionMode.ONCE:
            return Grain(window, min(max(position, float(first)), float(last)))
        if first <= position <= last:
            return Grain(window, position)
        within = forward and position < track_end
        following = self._passages.following(window, position) if within else None
        if settings.dream > 0.0 and following is not None and self._rng.random() < settings.dream:
            return Grain(following, position)
        if settings.mode is MotionMode.LOOP and settings.dream == 0.0:
            return Grain(window, float(first) if forward else float(last))
        assert self._asked is not None
        near = self._passages.nearest(self._asked, _NEAREST + round(settings.dream * _DREAMT))
        return self._enter(int(near[self._rng.integers(len(near))]), forward)

    def _enter(self, window: int, forward: bool) -> Grain:
        here = self._passages.codes[self._number(self.now)]
        return Grain(window, float(self._passages.entry(window, here, forward, self._rng)))
