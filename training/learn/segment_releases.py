"""Makes the bundled releases of segments: a music scenario of the family of FMA, with motion and an even pad."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aitunes.audio_processing.mel_inversion import MelInversion
from aitunes.datasets.folder import Track as File
from aitunes.datasets.folder import Tracks
from aitunes.errors import TrainingError
from aitunes.experiments.cases.case import Case
from aitunes.experiments.cases.folder import FOLDER
from aitunes.experiments.run_files import BEST_CHECKPOINT, LAST_CHECKPOINT
from aitunes.experiments.scenarios.scenario import Scenario
from aitunes.features import AudioFeatures, FloatArray
from aitunes.modules.base import Autoencoder
from aitunes.modules.components import ComponentAutoencoder
from aitunes.release.card import LatentSpace, ReleaseCard, TensorSpec, TrainingRecord
from aitunes.release.motion import MOTION
from aitunes.release.reader import MAP, TORCHSCRIPT, Landmarks
from aitunes.release.writer import write_release
from training.data.corpus import Corpus, open_corpus
from training.evaluate.inference import codes_of
from training.evaluate.landmarks import MAP_PICTURE, find_landmarks, map_npz, map_png, pad_positions
from training.evaluate.preview import PREVIEW
from training.export.case_release import check_target, current_versions
from training.export.export import decoder_inputs, export_model
from training.export.half_precision import rounded
from training.fit.options import TrainOptions
from training.fit.run_folder import lock_run
from training.fit.trained import Trained, load_trained
from training.headless import HeadlessActionPipeline
from training.learn.axis_meanings import axis_meanings, qualities_of
from training.learn.music_releases import MusicRelease, Track, credits_text, free_tracks
from training.learn.pad_axes import level_axes, pad_levels_db
from training.learn.segment_figures import coordinates_used, held_figures, segment_motion_figures, tracks_of
from training.learn.segment_motion import motion_of_segments
from training.learn.segment_preview import segment_preview
from training.learn.segment_sound import SegmentLevels

_LOUDER_AXES = 1
_MOTION_SECONDS = 1_200.0
_LANDMARKS = 500
_MIN_RANGE, _RANGE_MARGIN, _CHECKED = 16.0, 1.5, 32
_BATCH = 256


@dataclass(frozen=True)
class SegmentRelease:
    """Says what a release of segments is made of.

    Args:
        parts: folders in the data, of those in its `tracks.csv`.
        scenario: of `folder`.
        epochs: passes over the data; the best of them is kept.
        public_name, description: what a performer reads.
    """

    parts: tuple[str, ...]
    scenario: str
    epochs: int
    public_name: str
    description: str


SEGMENT_RELEASES = {
    "carousel": SegmentRelease(
        ("beats", "electronic_game", "ambient"),
        "low-dim128",
        40,
        "Carousel",
        "A fairground at dusk: beats, chip tunes and slow pads go round in turns of a second and a half, pass into "
        "each other and come back changed. The playhead runs through each turn; motion takes it to the next.",
    )
}


def make_segment_release(name: str, to: Path, actions: HeadlessActionPipeline, options: TrainOptions) -> Path:
    """Prepare, train, measure and write a release of `SEGMENT_RELEASES`.

    Args:
        to: folder of releases.
        actions: says where the data are, and how to tell about the work; no experiment is selected.
        options: of the training; one that has ended already is exported where `resume` is asked for.

    Raises:
        AiTunesError: the data are not there, or the folder is taken.
    """
    release, data_dir = SEGMENT_RELEASES[name], actions.data.data_dir
    if data_dir is None:
        raise TrainingError("Which music? --data-dir names a folder with a tracks.csv and a folder for each set.")
    check_target(to / name)
    credited = {
        f"{part}/{track.name}": track
        for part in release.parts
        for track in free_tracks(data_dir, MusicRelease(part, "", "")).values()
    }
    case = _case(name, data_dir, credited)
    scenario = case.scenarios.find(release.scenario)
    corpus = open_corpus(case, scenario, actions.data, actions.progress, actions.notify)
    run_dir = actions.runs / case.name / scenario.name / actions.run
    trained = _trained(
        case, scenario, corpus, replace(options, run_dir=run_dir, epochs=options.epochs or release.epochs)
    )
    return _export(name, to, trained, corpus, credited, data_dir, actions.command)


def _trained(case: Case, scenario: Scenario, corpus: Corpus, options: TrainOptions) -> Trained:
    """Train, or load what an earlier run has trained to the end."""
    last, best = options.run_dir / LAST_CHECKPOINT, options.run_dir / BEST_CHECKPOINT
    if options.resume and last.is_file() and load_trained(case, scenario, last).epochs >= (options.epochs or 0):
        return load_trained(case, scenario, best if best.is_file() else last)
    from training.fit.train import train  # Lightning takes seconds, and an export does without

    with lock_run(options.run_dir):
        return train(case, scenario, corpus, options)


def _case(name: str, data_dir: Path, credited: Mapping[str, Track]) -> Case:
    """Return the experiment `folder` with the credited tracks alone, under a name of its own."""
    files = tuple(File(data_dir / path, path, path.partition("/")[0]) for path in sorted(credited))
    data = replace(FOLDER.data, open=lambda _: Tracks(data_dir.resolve().name, "free", files))
    return replace(FOLDER, name=f"folder-{name}", data=data)


def _export(
    name: str,
    to: Path,
    trained: Trained,
    corpus: Corpus,
    credited: Mapping[str, Track],
    data_dir: Path,
    command: str,
) -> Path:
    release, model = SEGMENT_RELEASES[name], trained.experiment.model
    rounded(model)  # before anything is measured
    features = corpus.features or AudioFeatures()
    levels = SegmentLevels(features)

    def level(z: torch.Tensor) -> torch.Tensor:
        return torch.cat([levels.segments_db(model.decode(part)) for part in torch.split(z, _BATCH)])

    S = np.asarray(corpus.train.S)
    heard = (S.reshape(len(S), -1).max(axis=1) > 0.0) & (levels.segments_db(torch.from_numpy(S)).numpy() > -60.0)
    codes, qualities = codes_of(model, S[heard]), _qualities(S[heard], features)
    changes = changes_of(model)
    latent = level_axes(level, codes, qualities["brightness"], _LOUDER_AXES, changes)
    on_pad = pad_levels_db(level, latent)
    motion = motion_of_segments(
        model,
        list(tracks_of(corpus.train).values()),
        features,
        latent,
        level_db=float(np.median(on_pad)),
        max_seconds=_MOTION_SECONDS,
    )
    figures = {
        **held_figures(trained, corpus, data_dir),
        **_meanings(latent.coordinates(codes), qualities),
        "pad_level_db": round(float(np.abs(on_pad - np.median(on_pad)).max()), 2),
        "coordinates_used": coordinates_used(codes, changes),
        **segment_motion_figures(trained, list(tracks_of(corpus.train).values()), features),
    }
    card = ReleaseCard(
        name=name,
        public_name=release.public_name,
        description=release.description,
        latent_dim=model.latent_dim,
        features=features,
        inputs=decoder_inputs(model, max(_MIN_RANGE, _RANGE_MARGIN * float(np.abs(codes).max()))),
        output=TensorSpec("S", ("batch", features.bands, features.frames), (0.0, 1.0)),
        latent=latent,
        training=_record(trained, corpus, credited, data_dir, figures, command),
    )
    marks = _landmarks(model, corpus, latent, credited)
    exported = export_model(model, card, np.asarray(corpus.held.some(_CHECKED).S), compact=True)
    files = {
        **{name: contents for name, contents in exported.items() if name != TORCHSCRIPT},
        MAP: map_npz(marks),
        MAP_PICTURE: map_png(marks, latent, f"{card.public_name} ({card.name})"),
        MOTION: motion.to_bytes(),
        PREVIEW: segment_preview(model, motion, latent, features),
    }
    return write_release(to, card, files)


def _record(
    trained: Trained,
    corpus: Corpus,
    credited: Mapping[str, Track],
    data_dir: Path,
    figures: dict[str, float],
    command: str,
) -> TrainingRecord:
    return TrainingRecord(
        data_name=data_dir.resolve().name,
        data_licence=credits_text(list(credited.values())),
        data_items=corpus.items,
        data_hash=corpus.hash,
        scenario=f"folder {trained.scenario.name} {trained.scenario.version}",
        command=command,
        epochs=trained.epochs,
        metrics=figures,
        versions=current_versions(),
    )


def _landmarks(model: Autoencoder, corpus: Corpus, latent: LatentSpace, credited: Mapping[str, Track]) -> Landmarks:
    """Return the map, on which segments are named after who made them."""
    codes, _, names = find_landmarks(model, corpus, _LANDMARKS)
    authors = np.array([credited[str(name)].author for name in names])
    return Landmarks(codes, pad_positions(codes, latent), authors, names)


def _meanings(coordinates: FloatArray, qualities: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    """Name what the axes move; the loudness that goes along with the pad's in the material is not heard on it."""
    heard = axis_meanings(coordinates, qualities)
    return {name: value for name, value in heard.items() if name not in ("axis_1_loudness", "axis_2_loudness")}


def _qualities(S: FloatArray, features: AudioFeatures) -> dict[str, NDArray[np.float64]]:
    """Qualities of segments [items, bands, frames], by their mean spectra."""
    mel = np.sqrt((features.denormalise(S) ** 2).mean(axis=2))
    found = qualities_of(MelInversion(features).process(mel), features.sample_rate)
    return {name: found[name] for name in ("brightness", "noisiness", "loudness")}


def changes_of(model: Autoencoder) -> NDArray[Any]:
    """Return what a step along each dimension of the code changes in a segment, [latent_dim, coefficients].

    Raises:
        TrainingError: it is no model that begins as principal components.
    """
    if not isinstance(model, ComponentAutoencoder):
        raise TrainingError(f"{type(model).__name__} has no principal components; releases of segments need them.")
    parts = model.components
    return (parts.decoder.weight.detach() * parts.spread).T.numpy()
