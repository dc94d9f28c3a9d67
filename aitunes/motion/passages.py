"""Cuts the trajectories of training tracks into passages, and finds those that lie near a code."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray
from aitunes.motion.pace import HELD_AXES, SIMILAR_ENTRIES
from aitunes.release.motion import Motion


def nearness(axes: FloatArray, metric: FloatArray, other: float) -> FloatArray:
    """Return a metric in which distances on the pad count whole, and those along all other axes that share."""
    held = axes[:HELD_AXES].T @ axes[:HELD_AXES]
    weights = other * np.eye(len(held)) + (1.0 - other) * held
    return np.asarray(weights @ metric, np.float32)


class Passages:
    """Knows overlapping windows of the tracks of a release without notes.

    Args:
        motion: trajectories of whole tracks.
        window_seconds, step_seconds: length of a passage, and from the beginning of one to that of the next.
        nearness: metric in which passages lie near a code, [latent_dim, latent_dim].

    Attributes:
        codes: z of all tracks, one after the other, [code frames, latent_dim].
        windows: first and last code frame of each passage and the end of its track, [passages, 3]; ends not included.
        means: mean code of each passage, [passages, latent_dim].
    """

    def __init__(self, motion: Motion, window_seconds: float, step_seconds: float, nearness: FloatArray) -> None:
        starts = motion.code_starts
        self.codes = motion.offsets + np.repeat(motion.codes, np.diff(starts), axis=0)
        length, step = (max(1, round(seconds * motion.code_rate)) for seconds in (window_seconds, step_seconds))
        windows = []
        for first, end in pairwise(starts):
            size = min(length, int(end - first))
            windows += [(at, at + size, int(end)) for at in range(int(first), int(end) - size + 1, step)]
        self.windows = np.array(windows)
        self._follows = round(window_seconds / step_seconds)
        self._metric, self._nearness = motion.metric, nearness
        sums = np.concatenate([np.zeros((1, self.codes.shape[1])), np.cumsum(self.codes, axis=0, dtype=np.float64)])
        sizes = (self.windows[:, 1] - self.windows[:, 0])[:, None]
        self.means = ((sums[self.windows[:, 1]] - sums[self.windows[:, 0]]) / sizes).astype(np.float32)
        self.points = self.means @ self._nearness

    def point(self, z: FloatArray) -> FloatArray:
        """Return where a code z [latent_dim] lies in the metric of nearness."""
        return z @ self._nearness

    def nearest(self, point: FloatArray, count: int) -> NDArray[np.intp]:
        """Return the passages that lie nearest to a point, nearest first."""
        apart = ((self.points - point) ** 2).sum(axis=1)
        count = min(count, len(apart))
        chosen = np.argpartition(apart, count - 1)[:count]
        return chosen[np.argsort(apart[chosen], kind="stable")]

    def following(self, window: int, position: float) -> int | None:
        """Return the passage in which the track itself goes on at a position; None where its passages end."""
        following = min(window + self._follows, len(self.windows) - 1)
        while following > window and (
            self.windows[following, 0] > position or self._track(following) != self._track(window)
        ):
            following -= 1
        if self.windows[following, 1] - 1 <= position:
            following += 1
        if following >= len(self.windows) or self._track(following) != self._track(window):
            return None
        return following

    def _track(self, window: int) -> int:
        """Return the end of a passage's track, which no other track shares."""
        return int(self.windows[window, 2])

    def entry(self, window: int, here: FloatArray, forward: bool, rng: np.random.Generator) -> int:
        """Draw a frame of the passage's nearer half that is like the code z [latent_dim] of the present moment."""
        first, end, _ = (int(mark) for mark in self.windows[window])
        half = (end - first) // 2
        low, high = (first, first + max(1, half)) if forward else (first + half, end)
        apart = (((self.codes[low:high] - here) @ self._metric) ** 2).sum(axis=1)
        best = np.argsort(apart, kind="stable")[:SIMILAR_ENTRIES]
        return low + int(best[rng.integers(len(best))])
