"""Cuts notes into the segments that a pitched model learns from, each with its pitch and level."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from aitunes.audio_processing.files import AudioFileError
from aitunes.audio_processing.levels import FULL_LEVEL_DB, frame_levels_db
from aitunes.datasets.notes import Note, Notes
from aitunes.errors import TrainingError
from aitunes.features import AudioFeatures, FloatArray, hann_window
from training.data.pitch import refine_pitch

SEGMENTS_PER_NOTE = 400
_MIN_DB = -50.0


@dataclass(frozen=True)
class NoteSegments:
    """Holds segments of notes.

    Args:
        S: normalised, [items, bands, frames].
        conditions: pitch (MIDI note) and level (dB below the note's loudest), [items, 2].
        note: which note each is of, [items].
        skipped: a sentence for each note that gave none.
    """

    S: FloatArray
    conditions: FloatArray
    note: NDArray[np.int64]
    skipped: tuple[str, ...]

    @property
    def hash(self) -> str:
        """SHA-256 of all that is learnt from, hexadecimal."""
        digest = hashlib.sha256(np.ascontiguousarray(self.S).data)
        digest.update(np.ascontiguousarray(self.conditions).data)
        return digest.hexdigest()


def prepare_notes(
    data: Notes,
    features: AudioFeatures,
    workers: int,
    progress: Callable[[int, int, float], None],
    most: int = SEGMENTS_PER_NOTE,
) -> NoteSegments:
    """Cut all notes of a data set into segments, in memory.

    Args:
        workers: processes.
        progress: called with the notes done, all notes, and the seconds of the last one.
        most: segments of a note, from its start on; what follows is more of the same.

    Raises:
        TrainingError: no note gave a segment.
    """
    jobs = (delayed(_segments_or_reason)(note, features, most) for note in data.notes)
    parts: list[tuple[FloatArray, FloatArray]] = []
    skipped: list[str] = []
    empty = np.empty((0, features.bands, features.frames), np.float32), np.empty((0, 2), np.float32)
    for done, result in enumerate(Parallel(n_jobs=workers, return_as="generator")(jobs), 1):
        S, conditions, reason = (*empty, result) if isinstance(result, str) else (*result, "")
        parts.append((S, conditions))
        skipped += [reason] if reason else []
        progress(done, len(data.notes), len(S) * features.hop_length / features.sample_rate)
    if not any(len(S) for S, _ in parts):
        raise TrainingError(
            f"None of the {len(data.notes)} notes of {data.name} gave a segment. {' '.join(skipped[:3])}"
        )
    note = np.repeat(np.arange(len(parts)), [len(S) for S, _ in parts])
    S, conditions = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return NoteSegments(S, conditions, note, tuple(skipped))


def _segments_or_reason(note: Note, features: AudioFeatures, most: int) -> tuple[FloatArray, FloatArray] | str:
    try:
        S, conditions = note_segments(note.read(features.sample_rate), note.midi, features, most)
    except AudioFileError as error:
        return str(error)
    return (S, conditions) if len(S) else f"{note.name} is silent, or shorter than a segment."


def note_segments(y: FloatArray, midi: float, features: AudioFeatures, most: int) -> tuple[FloatArray, FloatArray]:
    """Cut one note into segments, scaled so that its loudest frame has the full level; quiet frames are left out.

    Args:
        y: the waveform, mono, [samples].
        midi: its pitch.
        most: segments.

    Returns:
        S [items, bands, frames] and conditions [items, 2].
    """
    windows, magnitudes, loud = analysed(y, features)
    levels = frame_levels_db(magnitudes)
    frames = _chosen(loud, features.frames, most)
    kept, which = np.unique(frames, return_inverse=True)
    which = which.reshape(frames.shape)
    scaled = magnitudes[:, kept] * np.float32(10.0 ** ((FULL_LEVEL_DB - levels.max()) / 20.0))
    bands = scaled if features.scale == "linear" else np.einsum("mk,kt->mt", features.filter_bank, scaled)
    S = features.normalise(bands)[:, which].transpose(1, 0, 2)
    pitch = refine_pitch(windows[kept], levels[kept], midi, features.sample_rate) if len(kept) else np.empty(0)
    below = levels[kept] - levels.max()
    conditions = np.stack([pitch[which].mean(axis=1), below[which].mean(axis=1)], axis=1)
    return np.ascontiguousarray(S), conditions.astype(np.float32)


def analysed(y: FloatArray, features: AudioFeatures) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
    """Compute windows [frames, n_fft] of a note, their magnitudes [bins, frames], and the frames loud enough to learn.

    Frame n begins n · hop_length − n_fft samples after the note.
    """
    n_fft = features.n_fft
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(y, n_fft), n_fft)[:: features.hop_length]
    magnitudes = np.abs(np.fft.rfft(windows * hann_window(n_fft), axis=1)).T.astype(np.float32)
    levels = frame_levels_db(magnitudes)
    return windows, magnitudes, np.flatnonzero((levels > levels.max() + _MIN_DB) & (levels > -150.0))


def _chosen(loud: NDArray[np.intp], frames: int, most: int) -> NDArray[np.intp]:
    """Choose the frames of each segment, [items, frames]: neighbours, from the first loud one to the last."""
    count = (loud[-1] + 1 - loud[0]) // frames if len(loud) else 0
    if not count:
        return np.empty((0, frames), np.intp)
    starts = loud if frames == 1 else loud[0] + frames * np.arange(count)
    return np.asarray(starts[:most, None] + np.arange(frames))
