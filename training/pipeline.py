"""From a scenario to a release: prepare, fit, evaluate, export."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import aitunes
from aitunes.errors import TrainingError
from aitunes.experiments.release_recipe import ReleaseRecipe
from aitunes.features import FloatArray
from aitunes.modules.variational import VariationalAutoencoder
from aitunes.release.card import LatentSpace, ReleaseCard, TensorSpec, TrainingRecord
from aitunes.release.reader import CARD, MAP
from aitunes.release.writer import write_release
from training.evaluate import codes_of, evaluate
from training.export import export_model
from training.fit import fit
from training.landmarks import find_landmarks, map_npz, map_png
from training.prepare import PreparedData, prepare, split_clips
from training.preview import preview_wav

MAP_PICTURE = "map.png"
PREVIEW = "preview.wav"

_LATENT_RANGE = (-16.0, 16.0)
_LIBRARIES = ("torch", "lightning", "numpy", "onnx", "onnxscript")


@dataclass(frozen=True)
class RunOptions:
    """What a person may choose for one run of a scenario.

    Args:
        to: folder of releases.
        run_dir: where the checkpoint goes.
        seed: of data, split, weights and training.
        epochs, limit_items: None takes the scenario's own.
        workers: processes that prepare data.
        resume: go on from the checkpoint in `run_dir`.
        command: what the person typed, for the card.
    """

    to: Path
    run_dir: Path
    seed: int = 0
    epochs: int | None = None
    limit_items: int | None = None
    workers: int = 2
    resume: bool = False
    command: str = ""


def make_release(scenario: ReleaseRecipe, options: RunOptions, report: Callable[[str], None]) -> Path:
    """Run a scenario from nothing to a verified release.

    Args:
        report: told in a sentence what is going on.

    Returns:
        The release's folder.

    Raises:
        AiTunesError: a step failed; an older release of that name still stands.
    """
    _check_target(options.to / scenario.name)
    count = min(scenario.clips, options.limit_items or scenario.clips)
    epochs = scenario.epochs if options.epochs is None else options.epochs
    report(f"Making {count} clips of {scenario.data_name} …")
    data = prepare(
        scenario.make_clip,
        count,
        options.seed,
        scenario.features,
        scenario.levels,
        scenario.patches_per_clip,
        options.workers,
    )
    train_clips, held_clips = split_clips(data.labels, scenario.held_out, options.seed)
    train, held = data.of_clips(train_clips), data.of_clips(held_clips)
    if min(len(train), len(held)) <= scenario.latent_dim:
        raise TrainingError(f"{count} clips are too few to train on and to evaluate with; use more of them.")
    report(f"Training on {len(train)} patches, {len(held)} held out, for {epochs} epochs …")
    model = fit(scenario, train, held, options.run_dir, options.seed, epochs, options.resume)
    metrics = evaluate(model, held, scenario.features)
    report(
        f"Log-mel distance {metrics['log_mel_distance_db']:.2f} dB on held-out clips, "
        f"{metrics['active_units']:.0f} of {scenario.latent_dim} latent dimensions in use."
    )
    latent = LatentSpace.from_codes(codes_of(model, train))
    record = training_record(scenario, options, data, epochs, metrics)
    card = release_card(scenario, latent, record)
    report("Exporting …")
    return write_release(options.to, card, release_files(model, card, data, held))


def release_files(
    model: VariationalAutoencoder, card: ReleaseCard, data: PreparedData, held: FloatArray
) -> dict[str, bytes]:
    """Every file of a release but its card.

    Args:
        data: the map's items are taken from it.
        held: patches to check the exported models with.
    """
    landmarks = find_landmarks(model, data, card.latent)
    return {
        **export_model(model, card, held),
        MAP: map_npz(landmarks),
        MAP_PICTURE: map_png(landmarks, card.latent, f"{card.public_name} ({card.name})"),
        PREVIEW: preview_wav(model, card.latent, card.features),
    }


def training_record(
    scenario: ReleaseRecipe, options: RunOptions, data: PreparedData, epochs: int, metrics: dict[str, float]
) -> TrainingRecord:
    """What the card says about how the model came to be."""
    return TrainingRecord(
        data_name=scenario.data_name,
        data_licence=scenario.data_licence,
        data_items=len(data.labels),
        data_hash=data.hash,
        scenario=scenario.name,
        command=options.command,
        epochs=epochs,
        metrics=metrics,
        versions={"aitunes": aitunes.__version__, "python": platform.python_version(), **library_versions()},
    )


def release_card(scenario: ReleaseRecipe, latent: LatentSpace, record: TrainingRecord) -> ReleaseCard:
    """The card of a scenario's release, hashes still missing."""
    features = scenario.features
    return ReleaseCard(
        name=scenario.name,
        public_name=scenario.public_name,
        description=scenario.description,
        latent_dim=scenario.latent_dim,
        features=features,
        inputs=(TensorSpec("z", ("batch", scenario.latent_dim), _LATENT_RANGE),),
        output=TensorSpec("S", ("batch", features.n_mels, features.frames), (0.0, 1.0)),
        latent=latent,
        training=record,
    )


def _check_target(target: Path) -> None:
    # The writer refuses as well, but after the training.
    if target.parent.exists() and not target.parent.is_dir():
        raise TrainingError(f"{target.parent} is a file; name a folder for releases.")
    if target.exists() and not (target / CARD).is_file():
        raise TrainingError(f"{target} exists and is not a release; choose another folder or move it away.")


def library_versions() -> dict[str, str]:
    """Versions of the libraries that decide what comes out."""
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
