"""Gives a release its motion: trajectories of recorded notes, or of the tracks of one's own sounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from joblib import Parallel, delayed

from aitunes.audio_processing.files import AudioFileError
from aitunes.datasets.notes import Note
from aitunes.errors import TrainingError
from aitunes.features import AudioFeatures, FloatArray
from aitunes.release.card import ReleaseCard
from aitunes.release.motion import MOTION, NOISE_BANDS, Motion, code_frames
from aitunes.release.reader import ENCODER, TORCHSCRIPT, read_card, session_options
from aitunes.release.runtime import load_runtime
from aitunes.release.writer import write_release
from training.data.note_motion import STRIDE, Encode, NoteTrack, follow_note

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DYNAMICS = {"ppp": 0.1, "pp": 0.2, "p": 0.35, "mp": 0.5, "mf": 0.65, "f": 0.8, "ff": 1.0, "fff": 1.0}
"""MIDI velocity / 127 that stands for a written dynamic."""

TRACK_RATE = 86.0
"""Codes a second of a track's trajectory; with fewer, beats lose their edges (decision 20)."""
MAX_TRACK_FRAMES = 60_000
_COARSENESS = 3e-3
_NEAR_SEMITONES = 1.5
_RIDGE = 1e-3
_TREND_RIDGE = 0.5
_BATCH = 512


def follow_notes(
    notes: Sequence[Note], features: AudioFeatures, encode: Encode, workers: int = 1
) -> Iterator[NoteTrack | None]:
    """Follow recorded notes, one after the other; None for one that is damaged, silent or too short.

    Args:
        notes: of a data set.
        features: of the release.
        encode: its encoder.
        workers: processes; more than one needs an encoder that can be pickled.
    """
    jobs = (delayed(_follow)(note, features, encode) for note in notes)
    yield from Parallel(n_jobs=workers, return_as="generator")(jobs)


def _follow(note: Note, features: AudioFeatures, encode: Encode) -> NoteTrack | None:
    try:
        y = note.read(features.sample_rate)
    except AudioFileError:
        return None
    return follow_note(y, note.midi, features, encode)


def join_tracks(
    found: Sequence[NoteTrack | None], notes: Sequence[Note], features: AudioFeatures
) -> tuple[Motion, list[int]]:
    """Join the tracks of notes to a motion.

    Args:
        found: what `follow_notes` found of each note.
        notes: the same notes.
        features: of the release.

    Returns:
        The motion, and the index in `notes` of each of its trajectories.

    Raises:
        TrainingError: no note has a track.
    """
    kept = [n for n, track in enumerate(found) if track is not None]
    tracks = [track for track in found if track is not None]
    if not tracks:
        raise TrainingError("None of the notes is long enough for a motion; 0.2 s with a pitch are needed.")
    return _joined(tracks, [notes[n] for n in kept], features), kept


def _joined(tracks: Sequence[NoteTrack], notes: Sequence[Note], features: AudioFeatures) -> Motion:
    labels = sorted({note.label for note in notes})
    group = np.array([labels.index(note.label) for note in notes], np.int32)
    pitch = np.array([note.midi for note in notes], np.float32)
    means = np.stack([track.mean for track in tracks])
    # Soft and loud notes of one key share a place on the map: what separates them is what velocity moves.
    near = (group[:, None] == group) & (np.abs(pitch[:, None] - pitch) < _NEAR_SEMITONES)
    codes = (near @ means / near.sum(axis=1, keepdims=True)).astype(np.float32)
    return Motion(
        level_rate=features.frame_rate,
        code_rate=features.frame_rate / STRIDE,
        codes=codes,
        pitch=pitch,
        dynamic=np.array([DYNAMICS.get(note.dynamic.lower(), -1.0) for note in notes], np.float32),
        group=group,
        marks=np.stack([track.marks for track in tracks]),
        level=np.concatenate([track.level for track in tracks]),
        cents=np.concatenate([track.cents for track in tracks]),
        offsets=np.concatenate([track.codes - code for track, code in zip(tracks, codes, strict=True)]),
        noise=np.stack([track.noise for track in tracks]),
        metric=_metric(means, group, pitch),
    )


def motion_of_tracks(
    codes: Sequence[FloatArray],
    frame_rate: float,
    levels_db: Sequence[FloatArray] | None = None,
    max_frames: int = MAX_TRACK_FRAMES,
) -> Motion:
    """Keep how tracks move through a latent space, for a release without pitch.

    Args:
        codes: of each track's frames in order, [frames, latent_dim].
        frame_rate: codes a second, Hz.
        levels_db: what the levels of the recording are above those that the codes decode to, dB, [frames] of each;
            None where the codes hold the level.
        max_frames: that are kept, at `TRACK_RATE`; of longer material the beginning of every track.

    Raises:
        TrainingError: no track has two frames.
    """
    stride = max(1, round(frame_rate / TRACK_RATE))
    usable = [n for n, z in enumerate(codes) if len(z) >= 2 * stride]
    if not usable:
        raise TrainingError("None of the tracks has two frames, so nothing moves.")
    share = min(1.0, max_frames * stride / sum(len(codes[n]) for n in usable))
    pieces = [codes[n][: max(2 * stride, int(share * len(codes[n])))] for n in usable]
    thin = [_mean_of(z, stride) for z in pieces]
    lengths = [len(z) for z in thin]
    level = [
        np.zeros(count) if levels_db is None else _mean_of(np.asarray(levels_db[n])[: len(z), None], stride)[:, 0]
        for n, z, count in zip(usable, pieces, lengths, strict=True)
    ]
    means = np.stack([z.mean(axis=0) for z in thin]).astype(np.float32)
    rate = frame_rate / stride
    return Motion(
        level_rate=rate,
        code_rate=rate,
        codes=means,
        pitch=np.zeros(len(thin), np.float32),
        dynamic=np.full(len(thin), -1.0, np.float32),
        group=np.arange(len(thin), dtype=np.int32),
        marks=np.array([[0, 0, count, count, count] for count in lengths], np.int32),
        level=np.concatenate(level).astype(np.float32),
        cents=np.zeros(int(code_frames(np.array(lengths), rate, rate).sum()), np.float32),
        offsets=_coarse(np.concatenate([z - mean for z, mean in zip(thin, means, strict=True)])),
        noise=np.zeros((len(thin), 2, NOISE_BANDS), np.float32),
        metric=np.diag(1.0 / np.maximum(np.concatenate(thin).std(axis=0), 1e-6)).astype(np.float32),
    )


def _coarse(offsets: FloatArray) -> FloatArray:
    """Round values [frames, latent_dim] to multiples of one step, a power of two, which half precision keeps.

    Compressed, directions of little variance then take little room; at most three thousandths of the variance go.
    """
    variance = float(offsets.var(axis=0).mean())
    if variance == 0.0:
        return offsets.astype(np.float32)
    step = 2.0 ** np.floor(0.5 * np.log2(12.0 * _COARSENESS * variance))
    return np.asarray(np.round(offsets / step) * step, np.float32)


def _mean_of(values: FloatArray, stride: int) -> FloatArray:
    whole = len(values) // stride * stride
    return np.asarray(values[:whole].reshape(-1, stride, values.shape[1]).mean(axis=1), np.float32)


def _metric(codes: FloatArray, group: np.ndarray, pitch: FloatArray) -> FloatArray:
    """Whiten what differs within an instrument and does not follow its pitch, so that what separates them counts."""
    within = np.zeros((codes.shape[1], codes.shape[1]))
    for number in np.unique(group):
        members = codes[group == number].astype(np.float64)
        members -= members.mean(axis=0)
        octaves = pitch[group == number].astype(np.float64) / 12.0
        octaves -= octaves.mean()
        members -= np.outer(octaves, octaves @ members / (octaves @ octaves + _TREND_RIDGE))
        within += members.T @ members
    spread = within / len(codes)
    floor = _RIDGE * max(float(np.trace(spread)), 1e-9)
    return np.linalg.cholesky(np.linalg.inv(spread + floor * np.eye(len(spread)))).astype(np.float32)


class OnnxEncoder:
    """Encodes frames with the encoder of a release; each process opens its own.

    Args:
        folder: of the release.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / ENCODER

    def __call__(self, S: FloatArray) -> FloatArray:
        """Return the codes of normalised frames [items, bands, frames], [items, latent_dim]."""
        # A version that replaces another in the same folder is another encoder.
        session = _encoder(self._path, self._path.stat().st_mtime_ns)
        name = session.get_inputs()[0].name
        parts = (np.ascontiguousarray(S[first : first + _BATCH]) for first in range(0, len(S), _BATCH))
        return np.concatenate([session.run(None, {name: part})[0] for part in parts])


@lru_cache(maxsize=2)
def _encoder(path: Path, changed_ns: int) -> InferenceSession:
    onnxruntime = load_runtime()
    return onnxruntime.InferenceSession(path, session_options(), providers=["CPUExecutionProvider"])


def add_motion(folder: Path, motion: Motion, command: str = "") -> Path:
    """Write a release again, with a motion in place of what it had, in its `model.ts`, too; all else stays as it is.

    Args:
        folder: of the release.
        motion: in the codes of its encoder.
        command: what the person typed, appended to that of the card.
    """
    card = read_card(folder)
    files = {name: (folder / name).read_bytes() for name in card.files if name != MOTION}
    if command:
        card = _with_command(card, command)
    files[MOTION] = motion.to_bytes()
    if TORCHSCRIPT in files:
        from training.export.renew import renewed  # takes PyTorch, which a release without that file does not

        files[TORCHSCRIPT] = renewed(card, files[TORCHSCRIPT], motion)
    return write_release(folder.parent, card, files)


def _with_command(card: ReleaseCard, command: str) -> ReleaseCard:
    first = card.training.command.split("; ")[0]
    return replace(card, training=replace(card.training, command=f"{first}; {command}"))
