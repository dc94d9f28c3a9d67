"""Writes a learnt model as a release that the instrument plays."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray
from aitunes.release.card import LatentSpace, ReleaseCard, TensorSpec, TrainingRecord
from aitunes.release.motion import MOTION
from aitunes.release.reader import MAP, TORCHSCRIPT, Landmarks
from aitunes.release.side import SIDE
from aitunes.release.writer import write_release
from training.evaluate.inference import codes_of
from training.evaluate.landmarks import LANDMARKS, MAP_PICTURE, map_npz, map_png, pad_positions
from training.evaluate.preview import PREVIEW, preview_of
from training.export.case_release import check_target, current_versions
from training.export.export import decoder_inputs, export_model
from training.export.motion import MAX_TRACK_FRAMES
from training.learn.axis_meanings import axis_meanings, measure_qualities
from training.learn.frames import Frames
from training.learn.learner import LearntModel
from training.learn.motion import texture_motion
from training.learn.network import FrameAutoencoder, LinearFrameAutoencoder
from training.learn.pad_axes import pad_axes, unevenness_db
from training.learn.preview import moving_preview
from training.learn.side import learn_side

_MIN_RANGE, _RANGE_MARGIN = 16.0, 1.5
_CHECKED = 32


@dataclass(frozen=True)
class LearntNames:
    """Names the release: its folder, and what a performer reads."""

    name: str
    public_name: str
    description: str


@dataclass(frozen=True)
class Source:
    """Says on the card what was learnt, and how.

    Args:
        data_name, licence, data_hash: of the folder.
        command: what the person typed.
        figures: that were measured, besides those of `held_out_figures`.
    """

    data_name: str
    licence: str
    data_hash: str
    command: str
    figures: dict[str, float] = field(default_factory=dict)


def export_learnt(
    learnt: LearntModel,
    frames: Frames,
    to: Path,
    names: LearntNames,
    source: Source,
    for_hosts: bool = True,
    motion_frames: int = MAX_TRACK_FRAMES,
) -> Path:
    """Write a release with map, preview and card, verified by its reader; an older one of the name is replaced.

    Args:
        to: folder of releases.
        for_hosts: with `model.ts`, which nn~ plays and the instrument does not need.
        motion_frames: of the motion, at most.

    Raises:
        AiTunesError: the folder is taken, or an export differs from the model.
    """
    check_target(to / names.name)
    model = learnt.model
    codes = codes_of(model, frames.sample)
    qualities = measure_qualities(frames.sample, frames.features)
    latent = pad_axes(model, codes, qualities["brightness"])
    figures = _axis_figures(model, latent, codes, qualities)
    side = learn_side(model.encode_envelope, frames.tracks, frames.sides)
    if side is not None:
        figures |= side.figures
    card = _card(learnt, frames, names, latent, float(np.abs(codes).max()), _record(learnt, frames, source, figures))
    exported = export_model(LinearFrameAutoencoder(model) if model.is_linear else model, card, frames.sample[:_CHECKED])
    if not for_hosts:
        exported.pop(TORCHSCRIPT, None)
    others = _map_files(frames, codes, card) | _moving_files(model, frames, latent, motion_frames)
    if side is not None:
        others[SIDE] = side.levels.to_bytes()
    return write_release(to, card, exported | others)


def _axis_figures(
    model: FrameAutoencoder, latent: LatentSpace, codes: FloatArray, qualities: dict[str, NDArray[np.float64]]
) -> dict[str, float]:
    """Say what the coordinates go along with, and how even the pad's level is."""
    heard = axis_meanings(latent.coordinates(codes), qualities)
    for axis in (1, 2):  # what goes along with them in the material is not heard on the pad, whose level is even
        heard.pop(f"axis_{axis}_loudness", None)
    return heard | {"pad_level_db": round(unevenness_db(model, latent), 2)}


def _record(learnt: LearntModel, frames: Frames, source: Source, figures: dict[str, float]) -> TrainingRecord:
    return TrainingRecord(
        data_name=source.data_name,
        data_licence=source.licence,
        data_items=len(frames.files),
        data_hash=source.data_hash,
        scenario="learn textures 1",
        command=source.command,
        epochs=int(learnt.epochs),
        metrics=held_out_figures(learnt, frames) | figures | source.figures,
        versions=current_versions(),
    )


def _card(
    learnt: LearntModel,
    frames: Frames,
    names: LearntNames,
    latent: LatentSpace,
    furthest: float,
    record: TrainingRecord,
) -> ReleaseCard:
    model, features = learnt.model, frames.features
    return ReleaseCard(
        name=names.name,
        public_name=names.public_name,
        description=names.description,
        latent_dim=model.latent_dim,
        features=features,
        inputs=decoder_inputs(model, max(_MIN_RANGE, _RANGE_MARGIN * furthest)),
        output=TensorSpec("S", ("batch", features.bands, 1), (0.0, 1.0)),
        latent=latent,
        training=record,
    )


def _map_files(frames: Frames, codes: FloatArray, card: ReleaseCard) -> dict[str, bytes]:
    """Show some of the frames on the pad, evenly chosen."""
    shown = np.linspace(0, len(codes) - 1, min(LANDMARKS, len(codes))).round().astype(int)
    positions = pad_positions(codes[shown], card.latent)
    marks = Landmarks(codes[shown], positions, frames.labels[shown], frames.names[shown])
    return {MAP: map_npz(marks), MAP_PICTURE: map_png(marks, card.latent, f"{card.public_name} ({card.name})")}


def _moving_files(model: FrameAutoencoder, frames: Frames, latent: LatentSpace, motion_frames: int) -> dict[str, bytes]:
    """Make the preview and, where the material moves, the motion."""
    motion = texture_motion(model, frames.tracks, frames.frame_rate, motion_frames)
    if motion is None:
        return {PREVIEW: preview_of(model, latent, frames.features)}
    return {MOTION: motion.to_bytes(), PREVIEW: moving_preview(model, motion, latent, frames.features)}


def held_out_figures(learnt: LearntModel, frames: Frames) -> dict[str, float]:
    """Figures of a state on held-out frames, for the card."""
    return {
        "held_db": round(learnt.held_db, 3),
        "linear_db": round(learnt.linear_db, 3),
        "held_frames": float(len(frames.held)),
        "training_frames": float(len(frames.train)),
        "training_seconds": round(learnt.seconds, 1),
    }
