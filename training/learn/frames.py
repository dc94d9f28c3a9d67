"""Collects the frames that `learn` learns from, in bounded memory whatever the length of the material."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aitunes.errors import TrainingError
from aitunes.features import AudioFeatures, FloatArray, stft_magnitudes
from training.learn.envelopes import envelopes
from training.learn.network import N_FFT, RANGE_DB, SAMPLE_RATE, features_of
from training.learn.side_levels import side_levels_db

MAX_FRAMES = 120_000
MAX_SAMPLES = 2_000
_HOP = 512
_SIDE_EVERY = 2  # frames; levels change slowly, and measuring them takes two transforms
_MIN_FRAMES = 64
_HELD_SHARE, _MIN_FILES, _PIECES = 0.1, 4, 10
_AUDIBLE_DB = -60.0
_FAINT_DB = -30.0  # of the loudest bin; a full-scale sine has 54


@dataclass(frozen=True)
class Frames:
    """Holds the frames of a folder, split into halves.

    Args:
        train, held: envelopes [items, NODES], 0..1 over the features' range; of silence there are none.
        sample: whole frames of the training half for the map and the export, [items, bins, 1], 0..1.
        labels, names: of the sample's items.
        features: of the release.
        files: names of all files, and of those that are held out, whole.
        tracks: envelopes of the training half's stretches in their order, silence included, [frames, NODES] each.
        frame_rate: of the tracks, Hz.
        sides: levels of the tracks' side channels, [frames, bands] each; none where all the material is mono.
    """

    train: FloatArray
    held: FloatArray
    sample: FloatArray
    labels: NDArray[np.str_]
    names: NDArray[np.str_]
    features: AudioFeatures
    files: tuple[str, ...]
    held_files: tuple[str, ...]
    tracks: tuple[FloatArray, ...] = ()
    frame_rate: float = SAMPLE_RATE / _HOP
    sides: tuple[FloatArray, ...] = ()


@dataclass
class _Piece:
    """Frames of one call of `add`."""

    name: str
    label: str
    x: FloatArray
    side: FloatArray


class FrameCollector:
    """Makes frames of sounds as they are read.

    Args:
        max_frames: that are kept; of longer material every second, fourth … of them.
    """

    sample_rate = SAMPLE_RATE

    def __init__(self, max_frames: int = MAX_FRAMES) -> None:
        self._max_frames = max_frames
        self._stride = 1
        self._pieces: list[_Piece] = []
        self._sample: list[tuple[str, str, NDArray[np.float16]]] = []
        self._sample_every = _HOP
        self._count, self._top_db = 0, float("-inf")
        self._is_stereo = False

    def add(self, name: str, label: str, y: FloatArray, side: FloatArray | None = None) -> None:
        """Take a stretch of sound.

        Args:
            name: of its file; stretches of a file come in their order.
            label: what the map colours it by.
            y: mono, or the mid channel, [samples] at `sample_rate`.
            side: half the difference of two channels, [samples]; None where there is none.
        """
        y = np.asarray(y, np.float32)
        x, top_db = envelopes(y, _HOP * self._stride)
        if not len(x):
            return
        self._top_db = max(self._top_db, top_db)
        self._is_stereo |= side is not None
        levels = side_levels_db(y, side, _SIDE_EVERY * _HOP * self._stride)
        self._pieces.append(_Piece(name, label, x, np.repeat(levels, _SIDE_EVERY, axis=0)[: len(x)]))
        self._count += len(x)
        self._take_sample(name, label, y)
        while self._count > self._max_frames:
            self._stride *= 2
            for piece in self._pieces:
                piece.x, piece.side = piece.x[::2].copy(), piece.side[::2].copy()
            self._count = sum(len(piece.x) for piece in self._pieces)

    def _take_sample(self, name: str, label: str, y: FloatArray) -> None:
        for start in range(0, y.size - N_FFT + 1, self._sample_every * 16):
            magnitudes = stft_magnitudes(y[start : start + N_FFT], N_FFT, N_FFT // 2)[:, 0]
            frame = (20.0 * np.log10(np.maximum(magnitudes, 1e-6))).astype(np.float16)
            self._sample.append((name, label, frame))
        while len(self._sample) > 2 * MAX_SAMPLES:
            self._sample = self._sample[::2]
            self._sample_every *= 2

    def finish(self) -> Frames:
        """Return the frames, split into halves: whole files are held out, or stretches where there are few files.

        Raises:
            TrainingError: there is too little sound.
        """
        if self._top_db < _FAINT_DB:
            raise TrainingError("It holds no sound that can be heard; record it louder, or choose another folder.")
        features = features_of(self._top_db)
        whole = [replace(piece, x=self._normalised(piece.x)) for piece in self._pieces]
        pieces = [replace(piece, x=_audible(piece.x)) for piece in whole]
        total = sum(len(piece.x) for piece in pieces)
        if total < _MIN_FRAMES:
            seconds = _MIN_FRAMES * _HOP / SAMPLE_RATE
            raise TrainingError(f"There is less than {seconds:.1f} s of sound in it; add more.")
        files = tuple(dict.fromkeys(piece.name for piece in pieces))
        held_files = _held_files(pieces, files)
        train, held = _halves(pieces, held_files)
        names, labels, sample = self._finish_sample(held_files, features)
        kept = [piece for piece in whole if piece.name not in held_files]
        tracks = tuple(piece.x for piece in kept)
        sides = tuple(piece.side for piece in kept) if self._is_stereo else ()
        frame_rate = SAMPLE_RATE / (_HOP * self._stride)
        return Frames(train, held, sample, labels, names, features, files, held_files, tracks, frame_rate, sides)

    def _normalised(self, x: FloatArray) -> FloatArray:
        return np.asarray(np.clip((x - self._top_db) / RANGE_DB + 1.0, 0.0, 1.0), np.float32)

    def _finish_sample(
        self, held_files: tuple[str, ...], features: AudioFeatures
    ) -> tuple[NDArray[np.str_], NDArray[np.str_], FloatArray]:
        audible = self._top_db + _AUDIBLE_DB
        kept = [item for item in self._sample if item[0] not in held_files and float(item[2].max()) > audible]
        kept = kept or self._sample  # a click between silences
        chosen = np.linspace(0, len(kept) - 1, min(MAX_SAMPLES, len(kept))).round().astype(int)
        names, labels, frames = zip(*(kept[n] for n in chosen), strict=True)
        low, high = features.db_range
        S = np.clip((np.stack(frames).astype(np.float32) - low) / (high - low), 0.0, 1.0)[..., None]
        return np.array(names), np.array(labels), S.astype(np.float32)


def _audible(x: FloatArray) -> FloatArray:
    return np.asarray(x[x.max(axis=1) > 1.0 + _AUDIBLE_DB / RANGE_DB])


def _held_files(pieces: list[_Piece], files: tuple[str, ...]) -> tuple[str, ...]:
    """Whole files that make up a tenth, spread over the folder; none where there are too few files."""
    sizes = dict.fromkeys(files, 0)
    for piece in pieces:
        sizes[piece.name] += len(piece.x)
    heard = [name for name in files if sizes[name]]
    if len(heard) < _MIN_FILES:
        return ()
    held: list[str] = []
    count, wanted = 0, _HELD_SHARE * sum(sizes.values())
    order = [heard[n] for n in np.argsort([(n * 0.618034) % 1.0 for n in range(1, len(heard) + 1)])]
    # A file that alone is more than a quarter would cost the training too much.
    for name in (name for name in order if sizes[name] < 2.5 * wanted):
        if count >= wanted:
            break
        held.append(name)
        count += sizes[name]
    return tuple(held)


def _halves(pieces: list[_Piece], held_files: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    if held_files:
        train = [piece.x for piece in pieces if piece.name not in held_files]
        held = [piece.x for piece in pieces if piece.name in held_files]
    else:
        x = np.concatenate([piece.x for piece in pieces])
        # Every tenth stretch, without the frames next to it, which overlap it.
        part = np.minimum(np.arange(len(x)) * 2 * _PIECES // len(x), 2 * _PIECES - 1)
        edge = np.r_[False, np.diff(part) > 0]
        edge = edge | np.roll(edge, -1)
        is_held = part % _PIECES == _PIECES // 2
        train, held = [x[~is_held & ~edge]], [x[is_held & ~edge]]
    return np.concatenate(train), np.concatenate(held)
