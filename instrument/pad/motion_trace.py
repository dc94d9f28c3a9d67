"""Finds the recorded movement that sounds at a position of the pad, for its picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aitunes.errors import ReleaseError
from aitunes.features import FloatArray
from aitunes.motion.choice import NoteMotions
from aitunes.release.card import ReleaseCard
from aitunes.release.motion import LOOP_END, LOOP_START, Motion, read_motion
from instrument.pad.release_map import ReleaseMap
from instrument.synthesis.directions import Directions
from instrument.synthesis.segment_motion import segment_passages
from instrument.synthesis.texture_motion import texture_passages

_MIN_DB = -50.0


@dataclass(frozen=True)
class MotionTrace:
    """Holds a recorded movement.

    Args:
        seconds: its length.
        level: 0..1 over 50 dB, [frames].
        path: what is added to the position, standard deviations, [frames, latent_dim].
        loop: where a held note stays, shares of the length; None where nothing is held.
    """

    seconds: float
    level: FloatArray
    path: FloatArray
    loop: tuple[float, float] | None = None


class MotionTraces:
    """Knows the movements of a release.

    Args:
        card: of the release.
        motion: of the release.
    """

    def __init__(self, card: ReleaseCard, motion: Motion) -> None:
        self._latent, self._motion = card.latent, motion
        self._notes = NoteMotions(motion) if any(spec.name == "pitch" for spec in card.inputs) else None
        passages_of = texture_passages if card.is_frame_model else segment_passages
        self._passages = passages_of(motion, Directions(card.latent))
        axes = np.asarray(card.latent.axes) / np.sqrt(np.maximum(card.latent.variance, 1e-9))[:, None]
        self._axes = axes.T.astype(np.float32)

    def at(self, coordinates: FloatArray, pitch: float) -> MotionTrace:
        """Return the movement at a position, standard deviations [latent_dim], of a note of that pitch."""
        latent = self._latent
        z = np.asarray(latent.mean + coordinates @ (np.sqrt(latent.variance)[:, None] * latent.axes), np.float32)
        return self._note(z, pitch) if self._notes is not None else self._passage(z)

    def _note(self, z: FloatArray, pitch: float) -> MotionTrace:
        assert self._notes is not None
        motion = self._motion
        n = self._notes.choose(z, pitch, 1.0).index
        level = motion.level[motion.level_starts[n] : motion.level_starts[n + 1]]
        offsets = motion.offsets[motion.code_starts[n] : motion.code_starts[n + 1]]
        loop = motion.marks[n, LOOP_START] / len(level), motion.marks[n, LOOP_END] / len(level)
        return MotionTrace(len(level) / motion.level_rate, _share(level), offsets @ self._axes, loop)

    def _passage(self, z: FloatArray) -> MotionTrace:
        motion = self._motion
        passages = self._passages
        first, end, track_end = passages.windows[passages.nearest(passages.point(z), 1)[0]]
        track = int(np.searchsorted(motion.code_starts, track_end)) - 1
        path = passages.codes[first:end] - passages.codes[first:end].mean(axis=0)
        ratio = motion.level_rate / motion.code_rate
        begin = int(motion.level_starts[track]) + round((first - int(motion.code_starts[track])) * ratio)
        level = motion.level[begin : begin + round((end - first) * ratio)]
        return MotionTrace((end - first) / motion.code_rate, _share(level - level.max()), path @ self._axes)


def traces_or_none(release: ReleaseMap, card: ReleaseCard) -> MotionTraces | None:
    """Read the movements of a release; None where it has none, or where only the engine has them whole."""
    if release.folder is None:
        return None
    try:
        motion = read_motion(release.folder, card)
    except ReleaseError:  # the engine says what is wrong with it
        return None
    return None if motion is None else MotionTraces(card, motion)


def _share(level_db: FloatArray) -> FloatArray:
    return np.clip(1.0 - level_db / _MIN_DB, 0.0, 1.0)
