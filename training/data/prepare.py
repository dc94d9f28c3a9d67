"""Cuts clips into the segments that a model learns from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from aitunes.audio_generation.clips import ClipMaker
from aitunes.audio_processing.levels import Levels, level_frames
from aitunes.errors import TrainingError
from aitunes.features import AudioFeatures, FloatArray, stft_magnitudes


@dataclass(frozen=True)
class PreparedData:
    """Holds segments and the clips that they come from.

    Args:
        S: normalised log-mel [items, n_mels, frames] float32.
        clips: the clip that each item was cut from, [items], an index of the next two.
        labels: of every clip, [clips].
        names: of every clip, [clips].
    """

    S: FloatArray
    clips: NDArray[np.int64]
    labels: NDArray[np.str_]
    names: NDArray[np.str_]

    @property
    def hash(self) -> str:
        """SHA-256 of the segments and labels, hexadecimal."""
        digest = hashlib.sha256(np.ascontiguousarray(self.S).tobytes())
        digest.update("\n".join([*self.labels, *self.names]).encode())
        return digest.hexdigest()


def prepare(
    make_clip: ClipMaker,
    count: int,
    seed: int,
    features: AudioFeatures,
    levels: Levels = Levels(),  # noqa: B008 - frozen
    segments_per_clip: int = 48,
    workers: int = 2,
) -> PreparedData:
    """Make clips in parallel and cut them into segments.

    Args:
        make_clip: clip by number, 0 to count − 1, and seed; called in worker processes.
        count: clips.
        segments_per_clip: at most this many of each clip, evenly spread over it.
        workers: processes.

    Raises:
        TrainingError: no clips, or none with a sound in it.
    """
    if count < 1:
        raise TrainingError(f"A data set needs at least one clip, not {count}.")
    jobs = (delayed(_one_clip)(make_clip, index, seed, features, levels, segments_per_clip) for index in range(count))
    done: Sequence[tuple[FloatArray, str, str]] = Parallel(n_jobs=workers, batch_size=32)(jobs)
    S = np.concatenate([segments for segments, _, _ in done])
    if not len(S):
        raise TrainingError(f"None of the {count} clips has a sound as long as a segment.")
    clips = np.repeat(np.arange(count), [len(segments) for segments, _, _ in done])
    return PreparedData(S, clips, np.array([label for _, label, _ in done]), np.array([name for _, _, name in done]))


def _one_clip(
    make_clip: ClipMaker, index: int, seed: int, features: AudioFeatures, levels: Levels, most: int
) -> tuple[FloatArray, str, str]:
    clip = make_clip(index, seed)
    return cut_segments(clip.y, features, levels, most), clip.label, clip.name


def cut_segments(y: FloatArray, features: AudioFeatures, levels: Levels, most: int) -> FloatArray:
    """Cut one clip into segments, quiet frames left out, [items, n_mels, frames].

    Args:
        y: mono waveform [samples].
        most: segments; of more, evenly spread ones are taken.
    """
    frames = features.frames
    magnitudes = level_frames(stft_magnitudes(y, features.n_fft, features.hop_length), levels)
    count = magnitudes.shape[1] // frames
    # Not `@`: BLAS rounds differently with another number of threads, and the data must not depend on that.
    mel = np.einsum("mk,kt->mt", features.filter_bank, magnitudes[:, : count * frames])
    S = features.normalise(mel)
    segments = S.reshape(features.n_mels, count, frames).transpose(1, 0, 2)
    chosen = np.linspace(0, max(count - 1, 0), min(most, count)).round().astype(int)
    return np.ascontiguousarray(segments[chosen])


def split_clips(labels: NDArray[Any], held_out: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split clips into those to train on and those to evaluate with, the same share of every label held out.

    Args:
        labels: of every clip, [clips].
        held_out: share, 0..1; at least one clip of each label that has two.

    Returns:
        Two rising arrays of clip numbers.
    """
    rng = np.random.default_rng(seed)
    evaluation: list[int] = []
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        count = max(1, round(held_out * len(members))) if len(members) > 1 else 0
        evaluation.extend(members[:count].tolist())
    held = np.zeros(len(labels), dtype=bool)
    held[evaluation] = True
    return np.flatnonzero(~held), np.flatnonzero(held)
