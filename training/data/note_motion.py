"""Follows recorded notes over time: level, pitch, latent code, share of noise, and where attack, loop and end lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d, uniform_filter1d

from aitunes.audio_processing.files import AudioFileError
from aitunes.audio_processing.fluctuation import baseband_noise, near_harmonics, noise_bands
from aitunes.audio_processing.levels import FULL_LEVEL_DB, frame_levels_db
from aitunes.datasets.notes import Note
from aitunes.features import AudioFeatures, FloatArray
from aitunes.motion.note_level import MIN_DB, MIN_LOOP_SECONDS, find_marks, note_start, short_levels_db
from aitunes.release.motion import NOISE_BANDS
from training.data.note_frames import analysed
from training.data.pitch import refine_pitch

Encode = Callable[[FloatArray], FloatArray]
"""Normalised frames [items, bands, 1] to codes [items, latent_dim]."""

STRIDE = 4
"""Level frames to one code frame: a window of 46 ms knows no faster change of timbre than 40 a second."""

_LOUD_DB = -15.0
_MAX_CENTS = 120.0
_PITCH_FRAMES, _SMOOTHING = 3, (0.25, 0.5, 0.25)
_NOISE_GRID = np.array([0.0, 0.003, 0.01, 0.03, 0.06, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0])
_TREND_FRAMES = 7
_AUDIBLE_DB = -60.0
_LEAKED = np.float32(0.3)
"""Share of a partial's fluctuation that is given back: the phase reconstruction spreads it over the gaps beside it."""


@dataclass(frozen=True)
class NoteTrack:
    """Holds how one note moves.

    Args:
        level: dB below its peak, at the frame rate of the features, [frames].
        cents: deviation from the note's pitch, [frames / STRIDE].
        codes: [frames / STRIDE, latent_dim].
        mean: code of its loud frames, [latent_dim].
        marks: attack end, loop start and end, release start, end, frames.
        noise: share of noise near harmonics and between them, [2, NOISE_BANDS].
    """

    level: FloatArray
    cents: FloatArray
    codes: FloatArray
    mean: FloatArray
    marks: NDArray[np.int32]
    noise: FloatArray


@dataclass(frozen=True)
class NoteAnalysis:
    """Holds what a note does over time, before an encoder has seen it.

    Args:
        level, cents, marks, noise: as in `NoteTrack`.
        S: every `STRIDE`th frame, normalised, half precision, [frames / STRIDE, bands].
        loud: which of them count for the note's own code, [frames / STRIDE].
        audible: which of them have a code of their own, [frames / STRIDE].
    """

    level: FloatArray
    cents: FloatArray
    marks: NDArray[np.int32]
    noise: FloatArray
    S: NDArray[np.float16]
    loud: NDArray[np.bool_]
    audible: NDArray[np.bool_]

    def encoded(self, encode: Encode) -> NoteTrack:
        """Give the note its codes, from a release's encoder."""
        z = _hold_edges(encode(self.S.astype(np.float32)[:, :, None]), self.audible)
        return NoteTrack(self.level, self.cents, z, z[self.loud].mean(axis=0), self.marks, self.noise)


def follow_note(y: FloatArray, midi: float, features: AudioFeatures, encode: Encode) -> NoteTrack | None:
    """Follow one note from its onset to its end; None if it is silent or shorter than a loop.

    Args:
        y: the waveform, mono, [samples].
        midi: its pitch.
        encode: the release's encoder.
    """
    analysis = analyse_note(y, midi, features)
    return None if analysis is None else analysis.encoded(encode)


def analyse_recording(note: Note, features: AudioFeatures) -> NoteAnalysis | None:
    """Analyse a recorded note; None where it is damaged, silent or too short. A process needs no PyTorch for it."""
    try:
        return analyse_note(note.read(features.sample_rate), note.midi, features)
    except AudioFileError:
        return None


def analyse_note(y: FloatArray, midi: float, features: AudioFeatures) -> NoteAnalysis | None:
    """Follow one note as `follow_note` does, but leave its codes to `NoteAnalysis.encoded`."""
    windows, magnitudes, _ = analysed(y, features)
    level = short_levels_db(y, features, midi, magnitudes.shape[1])
    if level.max() < -100.0:
        return None
    level = level - level.max()
    first, floor = note_start(level, features.frame_rate)
    marks = find_marks(level[first:], features.frame_rate, floor)
    end = first + int(marks[-1])
    if marks[2] - marks[1] < MIN_LOOP_SECONDS * features.frame_rate or end - first < 2 * STRIDE:
        return None
    frame_level = frame_levels_db(magnitudes[:, first:end])
    gain = np.float32(10.0 ** ((FULL_LEVEL_DB - frame_level.max()) / 20.0))
    # A window overlaps its neighbour by seven eighths: every fourth knows all that the others do.
    chosen = np.minimum(np.arange(STRIDE // 2, end - first + STRIDE // 2, STRIDE), end - first - 1)
    below = frame_level[chosen] - frame_level.max()
    pitch = refine_pitch(windows[first + chosen], frame_level[chosen], midi, features.sample_rate, _PITCH_FRAMES)
    loud = below > min(_LOUD_DB, float(below.max()) - 1e-3)
    # The pitch is searched in steps of four cents; between two of them it would tremble.
    cents = convolve1d(100.0 * (pitch - np.median(pitch[loud])), _SMOOTHING, mode="nearest")
    cents = np.clip(cents, -_MAX_CENTS, _MAX_CENTS)
    return NoteAnalysis(
        level[first:end].astype(np.float32),
        cents.astype(np.float32),
        marks,
        noise_shares(magnitudes[:, first + marks[0] : first + marks[3]], midi, features),
        features.normalise(magnitudes[:, first + chosen] * gain).T.astype(np.float16),
        loud,
        below > min(MIN_DB, float(below.max()) - 1e-3),
    )


def noise_shares(magnitudes: FloatArray, midi: float, features: AudioFeatures) -> FloatArray:
    """Estimate the share of noise from how much bins change from frame to frame, [2, NOISE_BANDS].

    Args:
        magnitudes: of the held part, [bins, frames].
    """
    shares = np.full((2, NOISE_BANDS), np.nan)
    band, near = noise_bands(features, NOISE_BANDS), near_harmonics(features, midi)
    if magnitudes.shape[1] > 2 * _TREND_FRAMES:
        change = _change_db(magnitudes)
        grid, known = _changes_of_noise(features)
        level = 20.0 * np.log10(np.maximum(np.sqrt((magnitudes**2).mean(axis=1)), 1e-9))
        audible = level > level.max() + _AUDIBLE_DB
        for row, side in enumerate((near, ~near)):
            for n in range(NOISE_BANDS):
                bins = side & (band == n) & audible
                if bins.any():
                    shares[row, n] = np.interp(change[bins].mean(), known, grid)
    return np.stack([_LEAKED * _filled(shares[0], 0.05), _filled(shares[1], 0.9)])


def _change_db(magnitudes: FloatArray) -> NDArray[np.float64]:
    """Return the mean change of each bin from frame to frame without its trend, dB, [bins]."""
    step = np.diff(20.0 * np.log10(np.maximum(magnitudes, 1e-7)), axis=1)
    trend = uniform_filter1d(step, _TREND_FRAMES, axis=1, mode="constant")
    return np.asarray(np.abs(step - trend).mean(axis=1))


@cache
def _changes_of_noise(features: AudioFeatures) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return shares of noise and the change that each makes, from a simulation."""
    noise = baseband_noise(features, 128, np.random.default_rng(0))[:, 8:72].T
    known = [float(_change_db(np.abs(np.sqrt(1.0 - share) + np.sqrt(share) * noise)).mean()) for share in _NOISE_GRID]
    return _NOISE_GRID, np.array(known)


def _filled(values: NDArray[np.float64], default: float) -> FloatArray:
    known = np.flatnonzero(np.isfinite(values))
    if not known.size:
        return np.full(len(values), default, np.float32)
    return np.asarray(np.interp(np.arange(len(values)), known, values[known]), np.float32)


def _hold_edges(z: FloatArray, valid: NDArray[np.bool_]) -> FloatArray:
    """Replace codes of frames that are almost silent by the nearest of the others."""
    known = np.flatnonzero(valid)
    nearest = known[np.abs(np.arange(len(z))[:, None] - known).argmin(axis=1)]
    return np.asarray(z[nearest])
