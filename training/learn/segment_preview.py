"""Renders a few passages of a release of segments from four parts of its pad, as its motion plays them."""

from __future__ import annotations

import numpy as np

from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.features import AudioFeatures, FloatArray
from aitunes.modules.base import Autoencoder
from aitunes.release.card import LatentSpace
from aitunes.release.motion import Motion
from training.evaluate.inference import decode
from training.evaluate.landmarks import pad_positions
from training.evaluate.ogg import opus_bytes
from training.evaluate.preview import levelled
from training.learn.segment_motion import CODES_A_SEGMENT
from training.learn.segment_sound import joined

_PASSAGE_SECONDS = 3.5
_CORNERS = ((0.15, 0.2), (0.4, 0.8), (0.65, 0.25), (0.9, 0.75))
_STEP = CODES_A_SEGMENT // 2


def segment_preview(model: Autoencoder, motion: Motion, latent: LatentSpace, features: AudioFeatures) -> bytes:
    """Encode the contents of `preview.ogg`: the passages nearest to four places, from the left of the pad to its right.

    They sound as the instrument plays them with `/aitunes/dream 1` there.
    """
    codes = motion.offsets + np.repeat(motion.codes, np.diff(motion.code_starts), axis=0)
    count = max(2, round(_PASSAGE_SECONDS * motion.code_rate / _STEP))
    windows = [
        np.arange(at, at + _STEP * count, _STEP)
        for first, end in zip(motion.code_starts[:-1], motion.code_starts[1:], strict=True)
        for at in range(int(first), int(end) - _STEP * (count - 1), _STEP)
    ] or [np.arange(0, motion.code_starts[1], _STEP)]
    places = pad_positions(np.stack([codes[window].mean(axis=0) for window in windows]), latent)
    segments = [codes[window] for window in _nearest(windows, places)]
    level = [_levels(motion, window, features) for window in _nearest(windows, places)]
    S = joined(decode(model, np.concatenate(segments)))
    low, high = features.db_range
    db = np.concatenate(level)[: S.shape[1]] / (high - low)
    y = sound_of_frames(S + db.astype(np.float32) * (S > 0.0), features)
    return opus_bytes(levelled(y, features.sample_rate), features.sample_rate)


def _nearest(windows: list[np.ndarray], places: FloatArray) -> list[np.ndarray]:
    chosen: list[int] = []
    for corner in _CORNERS:
        order = np.argsort(np.linalg.norm(places - np.array(corner), axis=1), kind="stable")
        chosen.append(int(next((n for n in order if n not in chosen), order[0])))
    return [windows[n] for n in chosen]


def _levels(motion: Motion, window: np.ndarray, features: AudioFeatures) -> FloatArray:
    """Return the levels of the middle halves of a passage's segments, dB, [segments · half a segment]."""
    stride = round(motion.level_rate / motion.code_rate)
    half = features.frames // 2
    track = int(np.searchsorted(motion.code_starts, window[0], side="right")) - 1
    first = int(motion.level_starts[track]) + (int(window[0]) - int(motion.code_starts[track])) * stride
    at = np.arange(len(window) * half) + first + stride // 2 - half // 2
    return motion.level[np.clip(at, motion.level_starts[track], motion.level_starts[track + 1] - 1)]
