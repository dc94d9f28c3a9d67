"""Renders a few passages of a learnt release, moving as its material moved, all over its pad."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.features import AudioFeatures, FloatArray
from aitunes.release.card import LatentSpace
from aitunes.release.motion import Motion
from training.evaluate.landmarks import pad_positions
from training.evaluate.ogg import opus_bytes
from training.evaluate.preview import levelled
from training.learn.network import RANGE_DB, FrameAutoencoder

_PASSAGE_SECONDS, _STEP_SECONDS, _FADE_SECONDS = 3.5, 0.5, 0.2
_CORNERS = ((0.15, 0.2), (0.4, 0.8), (0.65, 0.25), (0.9, 0.75))
_QUIET_SHARE, _LOUD_QUANTILE = 0.1, 0.4


def moving_preview(model: FrameAutoencoder, motion: Motion, latent: LatentSpace, features: AudioFeatures) -> bytes:
    """Encode the contents of `preview.ogg`: passages of the motion from four parts of the pad, from left to right.

    They sound as the instrument plays them with `/aitunes/dream 1` there: codes and level follow the material.
    """
    codes = motion.offsets + np.repeat(motion.codes, np.diff(motion.code_starts), axis=0)
    with torch.no_grad():
        levels = model.level_db(model.decode_envelope(torch.from_numpy(codes))).numpy()
    chosen = _passages(motion, codes, levels + motion.level, latent)
    z, level = _joined([(codes[part], motion.level[part]) for part in chosen], motion.code_rate, features.frame_rate)
    with torch.no_grad():
        S = model.decode(torch.from_numpy(z))[..., 0].numpy()
    y = sound_of_frames((S + level[:, None] / RANGE_DB * (S > 0.0)).T, features)
    return opus_bytes(levelled(y, features.sample_rate), features.sample_rate)


def _passages(motion: Motion, codes: FloatArray, levels: NDArray[np.floating], latent: LatentSpace) -> list[slice]:
    """Return the passage that lies nearest to each corner, of those that are not among the quietest."""
    length, step = (max(2, round(seconds * motion.code_rate)) for seconds in (_PASSAGE_SECONDS, _STEP_SECONDS))
    windows = [
        slice(at, min(at + length, int(end)))
        for first, end in pairwise(motion.code_starts)
        for at in range(int(first), max(int(first) + 1, int(end) - length + 1), step)
    ]
    loud = np.array([np.quantile(levels[window], _QUIET_SHARE) for window in windows])  # a gap makes a passage quiet
    places = pad_positions(np.stack([codes[window].mean(axis=0) for window in windows]), latent)
    far = np.where(loud < np.quantile(loud, _LOUD_QUANTILE), 10.0, 0.0)
    chosen: list[int] = []
    for corner in _CORNERS:
        apart = np.linalg.norm(places - np.array(corner)[: places.shape[1]], axis=1)
        order = np.argsort(far + apart, kind="stable")
        chosen.append(int(next((n for n in order if n not in chosen), order[0])))
    return [windows[n] for n in chosen]


def _joined(
    passages: list[tuple[FloatArray, FloatArray]], rate: float, frame_rate: float
) -> tuple[FloatArray, FloatArray]:
    """Return codes [frames, latent_dim] and levels [frames] at the frame rate; one passage fades into the next."""
    fade = round(_FADE_SECONDS * frame_rate)
    joined = np.empty((0, passages[0][0].shape[1] + 1))
    for z, level in passages:
        columns = np.column_stack([z, level]).astype(np.float64)
        at = np.arange(0.0, len(columns) - 1.0, rate / frame_rate)
        fine = np.stack([np.interp(at, np.arange(len(columns)), column) for column in columns.T], axis=1)
        width = min(fade, len(fine), len(joined))
        rise = np.linspace(0.0, 1.0, width)[:, None]
        mixed = joined[len(joined) - width :] * (1.0 - rise) + fine[:width] * rise
        joined = np.concatenate([joined[: len(joined) - width], mixed, fine[width:]])
    return joined[:, :-1].astype(np.float32), joined[:, -1].astype(np.float32)
