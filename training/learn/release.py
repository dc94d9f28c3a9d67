"""Writes a learnt model as a release that the instrument plays."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import aitunes
from aitunes.release.card import ReleaseCard, TensorSpec, TrainingRecord
from aitunes.release.motion import MOTION
from aitunes.release.reader import MAP, TORCHSCRIPT, Landmarks
from aitunes.release.writer import write_release
from training.evaluate.inference import codes_of
from training.evaluate.landmarks import LANDMARKS, MAP_PICTURE, map_npz, map_png, pad_positions
from training.evaluate.preview import PREVIEW, preview_of
from training.export.case_release import check_target, library_versions
from training.export.export import decoder_inputs, export_model
from training.export.motion import MAX_TRACK_FRAMES
from training.learn.axis_meanings import axis_meanings, measure_qualities
from training.learn.frames import Frames
from training.learn.learner import LearntModel
from training.learn.motion import texture_motion
from training.learn.network import LinearFrameAutoencoder
from training.learn.pad_axes import pad_axes, unevenness_db
from training.learn.preview import moving_preview

_MIN_RANGE, _RANGE_MARGIN = 16.0, 1.5
_CHECKED = 32


@dataclass(frozen=True)
class LearntNames:
    """Names the release: its folder, and what a performer reads."""

    name: str
    public_name: str
    description: str


def export_learnt(
    learnt: LearntModel,
    frames: Frames,
    *,
    to: Path,
    names: LearntNames,
    data_name: str,
    licence: str,
    data_hash: str,
    command: str,
    figures: dict[str, float] | None = None,
    for_hosts: bool = True,
    motion_frames: int = MAX_TRACK_FRAMES,
) -> Path:
    """Write a release with map, preview and card, verified by its reader; an older one of the name is replaced.

    Args:
        to: folder of releases.
        data_name, licence, data_hash: of the folder that was learnt.
        command: what the person typed.
        figures: further ones for the card.
        for_hosts: with `model.ts`, which nn~ plays and the instrument does not need.
        motion_frames: of the motion, at most.

    Raises:
        AiTunesError: the folder is taken, or an export differs from the model.
    """
    check_target(to / names.name)
    model, features = learnt.model, frames.features
    codes = codes_of(model, frames.sample)
    qualities = measure_qualities(frames.sample, features)
    latent = pad_axes(model, codes, qualities["brightness"])
    heard = axis_meanings(latent.coordinates(codes), qualities)
    for axis in (1, 2):  # what goes along with them in the material is not heard on the pad, whose level is even
        heard.pop(f"axis_{axis}_loudness", None)
    heard["pad_level_db"] = round(unevenness_db(model, latent), 2)
    record = TrainingRecord(
        data_name=data_name,
        data_licence=licence,
        data_items=len(frames.files),
        data_hash=data_hash,
        scenario="learn textures 1",
        command=command,
        epochs=int(learnt.epochs),
        metrics=held_out_figures(learnt, frames) | heard | (figures or {}),
        versions={
            "aitunes": aitunes.__version__,
            "python": platform.python_version(),
            **library_versions(),
        },
    )
    card = ReleaseCard(
        name=names.name,
        public_name=names.public_name,
        description=names.description,
        latent_dim=model.latent_dim,
        features=features,
        inputs=decoder_inputs(model, max(_MIN_RANGE, _RANGE_MARGIN * float(np.abs(codes).max()))),
        output=TensorSpec("S", ("batch", features.bands, 1), (0.0, 1.0)),
        latent=latent,
        training=record,
    )
    shown = np.linspace(0, len(codes) - 1, min(LANDMARKS, len(codes))).round().astype(int)
    codes = codes[shown]
    marks = Landmarks(codes, pad_positions(codes, latent), frames.labels[shown], frames.names[shown])
    motion = texture_motion(model, frames.tracks, frames.frame_rate, motion_frames)
    exported = export_model(LinearFrameAutoencoder(model) if model.is_linear else model, card, frames.sample[:_CHECKED])
    files = {
        **{name: contents for name, contents in exported.items() if for_hosts or name != TORCHSCRIPT},
        MAP: map_npz(marks),
        MAP_PICTURE: map_png(marks, latent, f"{card.public_name} ({card.name})"),
    }
    if motion is None:
        return write_release(to, card, {**files, PREVIEW: preview_of(model, latent, features)})
    preview = moving_preview(model, motion, latent, features)
    return write_release(to, card, {**files, MOTION: motion.to_bytes(), PREVIEW: preview})


def held_out_figures(learnt: LearntModel, frames: Frames) -> dict[str, float]:
    """Figures of a state on held-out frames, for the card."""
    return {
        "held_db": round(learnt.held_db, 3),
        "linear_db": round(learnt.linear_db, 3),
        "held_frames": float(len(frames.held)),
        "training_frames": float(len(frames.train)),
        "training_seconds": round(learnt.seconds, 1),
    }
