"""Moves a code as the training material moved near it, and lets a release go on by itself."""

from __future__ import annotations

import numpy as np

from aitunes.features import FloatArray
from aitunes.motion.pace import (
    MOVED,
    NEAREST_PASSAGES,
    TEXTURE_FADE_SECONDS,
    TEXTURE_OTHER,
    TEXTURE_STEP_SECONDS,
    TEXTURE_WINDOW_SECONDS,
)
from aitunes.motion.passages import Passages
from aitunes.release.card import LatentSpace
from aitunes.release.motion import Motion
from instrument.synthesis.directions import Directions
from instrument.synthesis.motion import MotionMode, MotionSettings
from instrument.synthesis.transport import Transport

_LEAP_SECONDS = 0.1
_DREAMT = 60
_GLIDE_SECONDS = (1.5, 4.0)


def texture_passages(motion: Motion, directions: Directions) -> Passages:
    """Cut the tracks of a release of frames without notes into passages."""
    return Passages(
        motion, TEXTURE_WINDOW_SECONDS, TEXTURE_STEP_SECONDS, directions.nearness(motion.metric, TEXTURE_OTHER)
    )


class TextureMotion:
    """Plays the passages of the training tracks that lie nearest to the pad, around the pad's own code.

    The pad says where, the material says what: along the pad's coordinates a passage moves around the pad's own code;
    along all others it sounds as it was recorded, where the player leaves these at rest. Moved around the mean of all
    sounds instead, beats became noise.

    On a grid of beats each passage takes a whole number of the grid's steps and begins on a multiple of its length.
    Where in it the sound is follows from the beat alone, so it keeps time with a clock that is stopped, moved or
    changed in tempo.

    Args:
        motion: of a release without notes: trajectories of whole tracks.
        latent: of the release.
    """

    def __init__(self, motion: Motion, latent: LatentSpace) -> None:
        self._directions = Directions(latent)
        self._passages = passages = texture_passages(motion, self._directions)
        self._codes, self._windows, self._means = passages.codes, passages.windows, passages.means
        self._level = motion.level
        self._rate = motion.code_rate
        self._fade = max(1.0, TEXTURE_FADE_SECONDS * self._rate)
        self._window = 0
        self._asked: FloatArray | None = None
        self._seed: int | None = None
        self._position, self._faded = 0.0, self._fade
        self._grid: tuple[float, float] | None = None  # the beat on which the passage began, and its length in beats
        # What was apart from the frame that was jumped to, in code and level; it goes to nothing within the fade.
        self._apart: tuple[FloatArray, float] = np.zeros_like(self._means[0]), 0.0
        self._mean = self._means[0]

    def advance(
        self, z: FloatArray, seconds: float, settings: MotionSettings, transport: Transport
    ) -> tuple[FloatArray, float]:
        """Move on by a hop: the code that is played where the pad has z [latent_dim], and its level in dB."""
        if settings.amount == 0.0 and settings.dream == 0.0:
            self._asked = None
            return z, 0.0
        if self._seed != settings.seed:
            self._seed, self._rng = settings.seed, np.random.default_rng((settings.seed, 11))
            self._asked = None
        self._follow(z, settings)
        frames = seconds * self._rate
        if transport.motion_beats > 0.0 and settings.speed != 0.0:
            self._keep_time(z, settings, transport)
        else:
            self._grid = None
            self._position += frames * settings.speed
            self._turn(z, settings)
        self._faded += frames
        now, level = self._now()
        self._mean = mean = self._mean + np.float32(min(1.0, frames / self._fade)) * (
            self._means[self._window] - self._mean
        )
        base = z + np.float32(min(1.0, settings.amount)) * self._directions.own(mean, z)
        base = base + np.float32(settings.dream) * (mean - base)
        amount = np.float32(settings.amount + settings.dream * max(0.0, 1.0 - settings.amount))
        return base + amount * (now - mean), settings.amount * level

    def _follow(self, z: FloatArray, settings: MotionSettings) -> None:
        """Go to the nearest passage, first and whenever the pad has moved far enough."""
        point = self._passages.point(z)
        if self._asked is None:
            self._asked = point
            self._window = int(self._passages.nearest(point, 1)[0])
            self._position = float(self._windows[self._window, 0])
            self._mean = self._means[self._window]
            self._faded = self._fade
        elif float(np.abs(point - self._asked).max()) > MOVED:
            self._asked = point
            nearest = self._passages.nearest(point, NEAREST_PASSAGES)
            if self._window not in nearest:
                self._go_to(int(nearest[0]), settings)

    def _keep_time(self, z: FloatArray, settings: MotionSettings, transport: Transport) -> None:
        """Be where the beat is within the passage; let another one follow when its beats are over."""
        if self._grid is not None:
            begin, beats = self._grid
            share = (transport.beat - begin) / beats
            if 0.0 <= share < 1.0 or settings.mode is MotionMode.ONCE:
                there = self._at_share(share, settings)
                if abs(there - self._position) > _LEAP_SECONDS * self._rate:
                    self._fade_to(there)
                self._position = there
                return
            following = self._following(settings)
            if following is not None:
                self._window = following
            elif not _repeats(settings):
                self._window = self._neighbour(z, settings)
        first, end, _ = self._windows[self._window]
        grid = transport.motion_beats
        beats = transport.whole_beats((end - first) / self._rate / abs(settings.speed), grid)
        begin = transport.last_line(beats)
        self._grid = begin, beats
        self._fade_to(self._at_share((transport.beat - begin) / beats, settings))

    def _at_share(self, share: float, settings: MotionSettings) -> float:
        """Return the position at that share of the passage, from its end where it runs backwards."""
        first, end, _ = self._windows[self._window]
        share = min(max(share, 0.0), 1.0)
        return float(first + (share if settings.speed > 0.0 else 1.0 - share) * (end - 1 - first))

    def _turn(self, z: FloatArray, settings: MotionSettings) -> None:
        first, end, track_end = (int(mark) for mark in self._windows[self._window])
        last = end - 1
        forward = settings.speed >= 0.0
        if settings.mode is MotionMode.ONCE:
            self._position = min(max(self._position, first), last)
        elif self._position > last or self._position < first:
            # What lies beyond the end of a track is another one.
            self._position = min(max(self._position, first), track_end - 1.0)
            following = self._following(settings)
            if following is not None:
                self._window = following
            elif _repeats(settings):
                self._fade_to(float(first) if forward else float(last))
            else:
                self._go_to(self._neighbour(z, settings), settings)

    def _following(self, settings: MotionSettings) -> int | None:
        """Draw whether a dream follows the track beyond the end of the passage; return the passage that follows."""
        if settings.dream == 0.0 or settings.speed < 0.0:
            return None
        following = self._passages.following(self._window, self._position)
        return following if following is not None and self._rng.random() < settings.dream else None

    def _neighbour(self, z: FloatArray, settings: MotionSettings) -> int:
        """Draw one of the passages around the pad; the further the dream goes, the more of them."""
        near = self._passages.nearest(self._passages.point(z), NEAREST_PASSAGES + round(settings.dream * _DREAMT))
        return int(near[self._rng.integers(len(near))])

    def _go_to(self, window: int, settings: MotionSettings) -> None:
        """Enter a passage where it is most like the present moment; on a grid, as far in as the one that is left."""
        first, end, _ = (int(mark) for mark in self._windows[window])
        if self._grid is not None:
            left, left_end, _ = self._windows[self._window]
            share = (self._position - left) / max(1, left_end - 1 - left)
            self._window = window
            self._fade_to(float(first + share * (end - 1 - first)))
            return
        here, _ = self._now()
        entry = self._passages.entry(window, here, settings.speed >= 0.0, self._rng)
        self._window = window
        self._fade_to(float(entry))

    def _fade_to(self, position: float) -> None:
        code, level = self._now()
        self._position = position
        there, there_level = self._at(position)
        self._apart, self._faded = (code - there, level - there_level), 0.0

    def _now(self) -> tuple[FloatArray, float]:
        code, level = self._at(self._position)
        if self._faded >= self._fade:
            return code, level
        rest = 1.0 - self._faded / self._fade
        rest = rest * rest * (3.0 - 2.0 * rest)
        return code + np.float32(rest) * self._apart[0], level + rest * self._apart[1]

    def _at(self, position: float) -> tuple[FloatArray, float]:
        at = min(max(position, 0.0), len(self._codes) - 1.0)
        left = int(at)
        right = min(left + 1, len(self._codes) - 1)
        share = at - left
        z: FloatArray = self._codes[left] + np.float32(share) * (self._codes[right] - self._codes[left])
        return z, float(self._level[left]) * (1.0 - share) + float(self._level[right]) * share


def _repeats(settings: MotionSettings) -> bool:
    return settings.mode is MotionMode.LOOP and settings.dream == 0.0


class Dream:
    """Lets the code of a release with notes travel from one of its sounds to the next.

    Args:
        motion: of the release; its codes are the stations.
    """

    def __init__(self, motion: Motion) -> None:
        self._codes = motion.codes
        self._points = motion.codes @ motion.metric
        self._metric = motion.metric
        self._seed: int | None = None
        self._from: FloatArray | None = None

    def advance(self, z: FloatArray, seconds: float, settings: MotionSettings) -> FloatArray:
        """Move on by a hop: the code that is played where the pad has z, both [latent_dim]."""
        if settings.dream == 0.0:
            self._from = None
            return z
        if self._from is None or self._seed != settings.seed:
            self._seed, self._rng = settings.seed, np.random.default_rng((settings.seed, 7))
            self._to = self._from = z
            self._share, self._seconds = 1.0, 1.0
        self._share += seconds * abs(settings.speed) / self._seconds
        if self._share >= 1.0:
            self._from, self._to = self._to, self._station(z, settings.dream)
            self._share, self._seconds = 0.0, float(self._rng.uniform(*_GLIDE_SECONDS))
        smooth = np.float32(self._share**2 * (3.0 - 2.0 * self._share))
        travelling = self._from + smooth * (self._to - self._from)
        return np.asarray(z + np.float32(settings.dream) * (travelling - z), np.float32)

    def _station(self, z: FloatArray, dream: float) -> FloatArray:
        """Draw one of the sounds around the pad; the further the dream goes, the more of them."""
        apart = ((self._points - z @ self._metric) ** 2).sum(axis=1)
        near = np.argsort(apart, kind="stable")[: NEAREST_PASSAGES + round(dream * _DREAMT)]
        return self._codes[near[self._rng.integers(len(near))]]
