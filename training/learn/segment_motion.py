"""Follows tracks from segment to segment, for the motion of a release of segments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from aitunes.errors import TrainingError
from aitunes.features import AudioFeatures, FloatArray
from aitunes.modules.base import Autoencoder
from aitunes.release.card import LatentSpace
from aitunes.release.motion import NOISE_BANDS, Motion, code_frames
from training.evaluate.inference import codes_of, decode
from training.learn.segment_sound import SegmentLevels, windows_of

CODES_A_SEGMENT = 4
"""Codes of a trajectory in the length of a segment: two overlapping segments a half of it, so that any can follow."""

_MAX_LEVEL_DB = 40.0
_PAD_AXES = 2
_OTHER = 0.1
"""Weight of what the pad does not set, where the nearest passage is looked for."""
_SILENT_DB = -60.0


def motion_of_segments(
    model: Autoencoder,
    tracks: Sequence[FloatArray],
    features: AudioFeatures,
    latent: LatentSpace,
    level_db: float,
    max_seconds: float,
) -> Motion:
    """Keep how tracks go on from segment to segment, and their levels from frame to frame.

    The level is that of the material above what the codes of the moment decode to, less what the track as a whole is
    above `level_db`, so that all of them are equally loud.

    Args:
        tracks: normalised frames in their order, [bands, frames] each.
        latent: of the release; passages are near that lie near on its pad.
        level_db: of the pad.
        max_seconds: that are kept; of longer material the middle of every track.

    Raises:
        TrainingError: no track lasts two segments.
    """
    frames, stride = features.frames, features.frames // CODES_A_SEGMENT
    usable = [track for track in tracks if track.shape[1] >= 2 * frames]
    if not usable:
        raise TrainingError("None of the tracks lasts two segments, so nothing moves.")
    share = min(1.0, max_seconds * features.frame_rate / sum(track.shape[1] for track in usable))
    levels = SegmentLevels(features)
    codes, level = [], []
    for track in usable:
        part = _middle(track, max(2 * frames, round(share * track.shape[1])))
        z = codes_of(model, windows_of(part, frames, stride))
        codes.append(z)
        level.append(_level(decode(model, z), part, levels, stride, level_db))
    lengths = np.array([len(z) * stride for z in codes])
    rate = features.frame_rate
    means = np.stack([z.mean(axis=0) for z in codes]).astype(np.float32)
    count = int(code_frames(lengths, rate, rate / stride).sum())
    return Motion(
        level_rate=rate,
        code_rate=rate / stride,
        codes=means,
        pitch=np.zeros(len(codes), np.float32),
        dynamic=np.full(len(codes), -1.0, np.float32),
        group=np.arange(len(codes), dtype=np.int32),
        marks=np.array([[0, 0, length, length, length] for length in lengths], np.int32),
        level=np.concatenate(level).astype(np.float32),
        cents=np.zeros(count, np.float32),
        offsets=np.concatenate([z - mean for z, mean in zip(codes, means, strict=True)]).astype(np.float32),
        noise=np.zeros((len(codes), 2, NOISE_BANDS), np.float32),
        metric=_metric(latent),
    )


def _middle(track: FloatArray, length: int) -> FloatArray:
    first = max(0, (track.shape[1] - length) // 2)
    return np.asarray(track[:, first : first + length])


def _level(segments: FloatArray, track: FloatArray, levels: SegmentLevels, stride: int, level_db: float) -> FloatArray:
    """Return the levels of a track [bands, frames] above those of its decoded segments, [segments · stride] dB.

    A frame is played by the segment whose centre is nearest, or by the nearer of its neighbours: their mean counts.
    """
    frames, count = segments.shape[2], len(segments)
    first = (frames - stride) // 2
    with torch.no_grad():
        whole = levels.frames_db(torch.from_numpy(track)).numpy()
        decoded = levels.frames_db(torch.from_numpy(segments)).numpy()
    middle = stride // 2
    ours = np.zeros((count, 2, stride))
    for n in range(count):
        before, after = decoded[max(0, n - 1)], decoded[min(n + 1, count - 1)]
        ours[n, 0] = decoded[n, first : first + stride]
        ours[n, 1, :middle] = before[first + stride : first + stride + middle]
        ours[n, 1, middle:] = after[first - stride + middle : first]
    ours[0, 1, :middle], ours[-1, 1, middle:] = ours[0, 0, :middle], ours[-1, 0, middle:]
    here = whole[first : first + count * stride]
    heard = here[here > _SILENT_DB]
    mean = 10.0 * np.log10((10.0 ** (0.1 * heard)).mean()) if heard.size else level_db
    apart = np.clip(here - ours.mean(axis=1).ravel(), -_MAX_LEVEL_DB, _MAX_LEVEL_DB)
    return np.asarray(apart + level_db - mean, np.float32)


def _metric(latent: LatentSpace) -> FloatArray:
    """Return what makes distances comparable: standard deviations on the pad's axes, and little of the others."""
    weights = np.full(len(latent.mean), _OTHER)
    weights[:_PAD_AXES] = 1.0
    return np.asarray(np.asarray(latent.axes).T * weights / np.sqrt(latent.variance), np.float32)
