"""Finds the pitch of a sound, frame by frame, and says how sure it is: for labels of single notes.

McLeod's normalised square difference function is 1 at every multiple of the period of a periodic sound. The first of
its peaks that is nearly as high as its highest is the period; its height is the clarity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray
from aitunes.pitch import A4_HZ, A4_MIDI

LOWEST_HZ, HIGHEST_HZ = 26.0, 4_500.0
"""A0 is 27.5 Hz, C8 4,186 Hz."""

_WINDOW_SECONDS = 0.093
_HOP_SECONDS = 0.02
_MAX_FRAMES = 80  # with 300 no label of `notes` and `notes2` changes
_NEARLY = 0.94  # McLeod's k: the first peak this close to the highest is taken for the period
_CLEAR = 0.6
_LOUD_DB = -25.0
_ONSET_FRAMES = 2
_WITHIN_SEMITONES = 0.7
_MIN_FRAMES = 4


@dataclass(frozen=True)
class PitchTrack:
    """Pitch over time.

    Args:
        midi: MIDI notes with fraction, NaN where nothing repeats, [frames].
        clarity: 0 of noise to 1 of a periodic sound, [frames].
        level_db: of each frame, [frames].
    """

    midi: NDArray[np.float64]
    clarity: NDArray[np.float64]
    level_db: NDArray[np.float64]


@dataclass(frozen=True)
class NoteGuess:
    """The one pitch that a sound may have.

    Args:
        midi: MIDI note with fraction.
        confidence: share of the loud frames that have this pitch, times how clear it is there, 0..1.
    """

    midi: float
    confidence: float


NO_NOTE = NoteGuess(0.0, 0.0)


def track_pitch(y: FloatArray, sample_rate: int) -> PitchTrack:
    """Track the pitch of a waveform [samples] that has one voice.

    Reference:
        McLeod & Wyvill, *A smarter way to find pitch*, ICMC 2005, equations 4, 9 and section 5.

    >>> t = np.arange(22_050) / 44_100
    >>> track = track_pitch(np.sin(2 * np.pi * 440.0 * t).astype(np.float32), 44_100)
    >>> round(float(np.median(track.midi)), 2)
    69.0
    """
    window = round(_WINDOW_SECONDS * sample_rate)
    y = np.pad(y, (0, max(0, window - y.size)))
    hop = max(round(_HOP_SECONDS * sample_rate), (y.size - window) // _MAX_FRAMES)
    frames = np.lib.stride_tricks.sliding_window_view(y, window)[::hop].astype(np.float64)
    frames = frames - frames.mean(axis=1, keepdims=True)
    level = 10.0 * np.log10(np.maximum((frames**2).mean(axis=1), 1e-20))
    shortest, longest = int(sample_rate / HIGHEST_HZ), int(sample_rate / LOWEST_HZ)
    similarity = _normalised_difference(frames, min(longest, window // 2))
    found = [_period(row, shortest) for row in similarity]
    period, clarity = np.array(found).T
    with np.errstate(invalid="ignore", divide="ignore"):
        midi = A4_MIDI + 12.0 * np.log2(sample_rate / period / A4_HZ)
    return PitchTrack(midi, clarity, level)


def guess_note(track: PitchTrack) -> NoteGuess:
    """Return the pitch that most loud frames share, the attack left out."""
    loudest = float(track.level_db.max(initial=-200.0))
    loud = (track.level_db > loudest + _LOUD_DB) & (track.level_db > -100.0)
    begin = int(loud.argmax()) + _ONSET_FRAMES
    if loud[begin:].sum() >= _MIN_FRAMES:
        loud[:begin] = False
    clear = loud & (track.clarity > _CLEAR) & np.isfinite(track.midi)
    if clear.sum() < _MIN_FRAMES:
        return NO_NOTE
    midi = float(np.median(track.midi[clear]))
    agrees = clear & (np.abs(track.midi - midi) < _WITHIN_SEMITONES)
    if not agrees.any():
        return NO_NOTE
    confidence = float(track.clarity[agrees].sum() / loud.sum())
    return NoteGuess(float(np.median(track.midi[agrees])), min(1.0, confidence))


def _normalised_difference(frames: NDArray[np.float64], longest: int) -> NDArray[np.float64]:
    """n(τ) = 2 r(τ) / m(τ) of each frame for lags of 0 to `longest`, [frames, longest + 1]; McLeod's equation 9."""
    window = frames.shape[1]
    size = 1 << int(np.ceil(np.log2(window + longest + 1)))
    r = np.fft.irfft(np.abs(np.fft.rfft(frames, size, axis=1)) ** 2, axis=1)[:, : longest + 1]
    power = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    lag = np.arange(longest + 1)
    # What two stretches that lie a lag apart hold together: the first window − τ samples and the last.
    m = power[:, window - lag] + power[:, -1:] - power[:, lag]
    return np.asarray(2.0 * r / np.maximum(m, 1e-12))


def _period(similarity: NDArray[np.float64], shortest: int) -> tuple[float, float]:
    """Return the first peak nearly as high as the highest: its lag, with fraction, and height; else NaN, 0."""
    # The slope down from lag 0 is no peak: the search begins where the function has crossed zero.
    negative = np.flatnonzero(similarity < 0.0)
    if not negative.size:
        return np.nan, 0.0
    n = similarity.copy()
    n[: negative[0]] = 0.0
    inner = n[1:-1]
    peaks = 1 + np.flatnonzero((inner > 0.0) & (inner >= n[:-2]) & (inner > n[2:]))
    peaks = peaks[peaks >= shortest]
    if not peaks.size:
        return np.nan, 0.0
    heights = n[peaks]
    first = int(peaks[np.argmax(heights >= _NEARLY * heights.max())])
    left, top, right = similarity[first - 1 : first + 2]
    bend = left - 2.0 * top + right
    shift = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
    return first + float(np.clip(shift, -0.5, 0.5)), float(np.clip(top, 0.0, 1.0))
