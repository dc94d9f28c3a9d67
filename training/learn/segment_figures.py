"""Measures a model of segments beside principal components, as many, of the same segments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.features import AudioFeatures, FloatArray
from training.data.corpus import Corpus, Part
from training.evaluate.components import SegmentModel, components
from training.evaluate.inference import reconstruct
from training.fit.trained import Trained
from training.learn.rendering import distances, middle_of
from training.learn.segment_sound import SegmentLevels, joined, windows_of

_MAX_TRACKS = 30
_WINDOW_SECONDS, _BLOCK_SECONDS, _AUDIBLE_DB = 4.0, 0.093, 60.0


def tracks_of(part: Part) -> dict[str, FloatArray]:
    """Join the segments of each track, in their order: normalised frames [bands, frames], by the track's name."""
    names = np.array([str(name) for name in part.names])
    S = np.asarray(part.S)
    return {name: np.concatenate(list(S[names == name]), axis=1) for name in dict.fromkeys(names.tolist())}


def held_figures(trained: Trained, corpus: Corpus, data_dir: Path) -> dict[str, float]:
    """Measure tracks that were held out whole, for the card, and the components beside them.

    Returns:
        `held_db`, the distance of their bands as their motion plays them, and of ten seconds from the middle of each
        as they sound, `held_log_spectral_db` and `held_mel_cepstral_db`; the same of the components, with `_linear`.
    """
    model, features = trained.experiment.model, corpus.features or AudioFeatures()
    models: dict[str, SegmentModel] = {
        "": lambda S: reconstruct(model, S),
        "_linear": components(np.asarray(corpus.train.S), model.latent_dim),
    }
    figures = {}
    for name, found in models.items():
        rows = [_of_track(found, track, data_dir / path, features) for path, track in tracks_of(corpus.held).items()]
        bands, spectral, cepstral = np.mean(rows, axis=0)
        figures[f"held{name}_db"] = round(float(bands), 3)
        figures[f"held{name}_log_spectral_db"] = round(float(spectral), 2)
        figures[f"held{name}_mel_cepstral_db"] = round(float(cepstral), 2)
    return figures


def segment_motion_figures(trained: Trained, tracks: Sequence[FloatArray], features: AudioFeatures) -> dict[str, float]:
    """Compare the movement of the material with that of its codes and levels.

    Movement is the standard deviation of a band over four seconds, in blocks of 93 ms, averaged over the bands; what
    lies 60 dB below the loudest band of the track is silence.

    Returns:
        `material_moves_db`, `motion_moves_db`.
    """
    model, levels = trained.experiment.model, SegmentLevels(features)
    low, high = features.db_range
    long = [track for track in tracks if track.shape[1] > 3 * features.frames]
    chosen = np.unique(np.linspace(0, len(long) - 1, min(_MAX_TRACKS, len(long))).round().astype(int))
    moves = []
    for n in chosen:
        S, T = _played(lambda S: reconstruct(model, S), long[n], features)
        level = levels.frames_db(torch.from_numpy(T)) - levels.frames_db(torch.from_numpy(S))
        loudest = float(T.max()) * (high - low)
        moves.append(
            [_moves_db(db, loudest, features.frame_rate) for db in (T * (high - low), S * (high - low) + level.numpy())]
        )
    material, motion = np.mean(moves, axis=0)
    return {"material_moves_db": round(float(material), 2), "motion_moves_db": round(float(motion), 2)}


def coordinates_used(codes: FloatArray, changes: NDArray[np.floating]) -> float:
    """Return the participation ratio of the codes' variances of what they change: (Σ v)² / Σ v².

    Args:
        codes: z [items, latent_dim].
        changes: what a step along each dimension changes, [latent_dim, anything].
    """
    variances = codes.astype(np.float64).var(axis=0) * (np.asarray(changes, np.float64) ** 2).sum(axis=1)
    return round(float(variances.sum() ** 2 / (variances**2).sum()), 1)


def _played(model: SegmentModel, track: FloatArray, features: AudioFeatures) -> tuple[FloatArray, FloatArray]:
    """Return a track as its motion plays it, and what of it that is, [bands, frames] each."""
    half = features.frames // 2
    S = joined(model(windows_of(track, features.frames, half)))
    first = half - half // 2
    return S, track[:, first : first + S.shape[1]]


def _of_track(
    model: SegmentModel, track: FloatArray, path: Path, features: AudioFeatures
) -> tuple[float, float, float]:
    low, high = features.db_range
    S, T = _played(model, track, features)
    bands = float(np.sqrt((((S - T) * (high - low)) ** 2).mean(axis=0)).mean())
    y = middle_of(path)
    S, T = _played(model, features.analyse(y).astype(np.float32), features)
    first = features.hop_length * (features.frames // 4)
    sound = sound_of_frames(S, features)
    return bands, *distances(sound, y[first : first + sound.size])


def _moves_db(db: FloatArray, loudest: float, frame_rate: float) -> float:
    """Measure the movement of bands [bands, frames], dB."""
    block, blocks = max(1, round(_BLOCK_SECONDS * frame_rate)), round(_WINDOW_SECONDS / _BLOCK_SECONDS)
    count = db.shape[1] // (block * blocks)
    parts = np.maximum(db[:, : count * block * blocks], loudest - _AUDIBLE_DB).reshape(-1, count, blocks, block)
    return float(parts.mean(axis=3).std(axis=2).mean())
