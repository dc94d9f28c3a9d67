"""Renders a few seconds of a release along a path over its pad, as the instrument renders it."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import soundfile

from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.features import AudioFeatures, FloatArray
from aitunes.modules.base import Autoencoder
from aitunes.modules.conditional import Condition, ConditionalAutoencoder
from aitunes.release.card import LatentSpace
from training.evaluate.inference import decode
from training.evaluate.landmarks import pad_codes
from training.evaluate.ogg import opus_bytes

PREVIEW = "preview.ogg"
SECONDS = 8.0
_PHRASE = (0, 7, 12, 14, 16, 19, 24, 19, 9, 16, 21, 16, 5, 12, 17, 12)
"""Semitones above the lowest note: C, then A minor, then F."""
_DECAY_DB, _DIP_DB, _ATTACK = 14.0, 40.0, 0.08
_PEAK = 0.7
_FADE_SECONDS = 0.05


def preview_of(model: Autoencoder, latent: LatentSpace, features: AudioFeatures) -> bytes:
    """Encode the contents of `preview.ogg`: mono, Opus.

    Args:
        model: of segments of any number of frames, which follow each other; one that takes a pitch plays a phrase.
    """
    segments = max(1, round(SECONDS * features.frame_rate / features.frames))
    codes = pad_codes(walk(segments), latent)
    conditions = phrase(segments, model.conditions) if isinstance(model, ConditionalAutoencoder) else None
    y = sound_of_frames(np.concatenate(list(decode(model, codes, conditions)), axis=1), features)
    return opus_bytes(levelled(y, features.sample_rate), features.sample_rate)


def phrase(points: int, conditions: Sequence[Condition]) -> FloatArray:
    """Return pitch and level of a phrase of sixteen notes, [points, 2]."""
    pitch, level = conditions
    at = len(_PHRASE) * np.arange(points) / points
    note = np.array(_PHRASE)[at.astype(int)] + pitch.default - 12.0
    since = at % 1.0
    fall = level.high - _DECAY_DB * since - np.where(since < _ATTACK, _DIP_DB * (1.0 - since / _ATTACK), 0.0)
    columns = np.clip(note, pitch.low, pitch.high), np.clip(fall, level.low, level.high)
    return np.stack(columns, axis=1).astype(np.float32)


def wav_bytes(y: FloatArray, sample_rate: int) -> bytes:
    """Encode a waveform [samples] as a WAV file, levelled and faded: mono, 16 bits."""
    stream = io.BytesIO()
    soundfile.write(stream, levelled(y, sample_rate), sample_rate, format="WAV", subtype="PCM_16")
    return stream.getvalue()


def walk(points: int) -> FloatArray:
    """Return a closed curve that passes all over the pad and near its corners, [points, 2], 0..1.

    >>> walk(8).shape
    (8, 2)
    """
    turn = 2.0 * np.pi * np.arange(points) / points
    curve = np.stack([np.cos(turn), np.cos(3.0 * turn + 0.5)], axis=1)
    return np.asarray(0.5 - 0.48 * curve, dtype=np.float32)


def levelled(y: FloatArray, sample_rate: int) -> FloatArray:
    """Return a waveform [samples] with a peak of 0.7, faded in and out."""
    fade = min(round(_FADE_SECONDS * sample_rate), y.size // 2)
    y = y * (_PEAK / max(float(np.abs(y).max(initial=0.0)), 1e-9))
    rise = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    y[:fade] *= rise
    y[y.size - fade :] *= rise[::-1]
    return y
