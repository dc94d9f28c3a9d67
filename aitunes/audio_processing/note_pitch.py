"""Finds the pitch of a sound, frame by frame, and says how sure it is: for labels of single notes.

The tracker is the instrument's own, which hears a player's input, over the range of a piano.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aitunes.audio_processing.pitch_tracker import PitchTracker
from aitunes.features import FloatArray

LOWEST_HZ, HIGHEST_HZ = 26.0, 4_500.0
"""A0 is 27.5 Hz, C8 4,186 Hz."""

_WINDOW_SECONDS = 0.093
_HOP_SECONDS = 0.02
_MAX_FRAMES = 80  # with 300 no label of `notes` and `notes2` changes
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

    >>> t = np.arange(22_050) / 44_100
    >>> track = track_pitch(np.sin(2 * np.pi * 440.0 * t).astype(np.float32), 44_100)
    >>> round(float(np.median(track.midi)), 2)
    69.0
    """
    window, hop = round(_WINDOW_SECONDS * sample_rate), round(_HOP_SECONDS * sample_rate)
    y = np.pad(np.asarray(y, np.float32), (0, max(0, window - y.size)))
    hop = max(hop, (y.size - window) // _MAX_FRAMES)
    frames = np.lib.stride_tricks.sliding_window_view(y, window)[::hop]
    level = 10.0 * np.log10(np.maximum(frames.var(axis=1, dtype=np.float64), 1e-20))
    tracker = PitchTracker(sample_rate, LOWEST_HZ, HIGHEST_HZ)
    step = min(hop, window // 2)
    tracker.push(y[: window - 2 * step])
    tracker.look(y[window - 2 * step : window - step])  # a pitch counts once two looks agree
    pitches = [tracker.look(y[window - step : window])]
    pitches += [tracker.look(y[end - hop : end]) for end in range(window + hop, y.size + 1, hop)]
    midi = np.array([pitch.midi or np.nan for pitch in pitches])
    return PitchTrack(midi, np.array([pitch.clarity for pitch in pitches]), level)


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
