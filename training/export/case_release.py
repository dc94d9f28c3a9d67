"""Exports a trained scenario as a release that the instrument plays."""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch

import aitunes
from aitunes.errors import TrainingError
from aitunes.features import AudioFeatures
from aitunes.modules.base import Autoencoder, QuantisedOutput
from aitunes.release.card import LatentSpace, ReleaseCard, TensorSpec, TrainingRecord
from aitunes.release.reader import CARD, MAP, Landmarks
from aitunes.release.writer import write_release
from training.data.corpus import Corpus
from training.evaluate.inference import codes_of
from training.evaluate.landmarks import MAP_PICTURE, find_landmarks, map_npz, map_png, pad_positions
from training.evaluate.preview import PREVIEW, preview_of
from training.export.export import decoder_inputs, export_model
from training.fit.trained import Trained

_MIN_RANGE = 16.0
_RANGE_MARGIN = 1.5
_MAX_CODES = 20_000
_CHECKED = 32
_LIBRARIES = ("torch", "lightning", "numpy", "onnx", "onnxscript")
VQ_NOTE = "Its coordinates are the code before quantisation."


@dataclass(frozen=True)
class ReleaseNames:
    """Names a release.

    Args:
        name: of its folder; None makes one of the experiment's and the scenario's.
        public_name, description: what a performer reads; None takes the scenario's.
    """

    name: str | None = None
    public_name: str | None = None
    description: str | None = None


def export_release(
    trained: Trained, corpus: Corpus, figures: dict[str, float], to: Path, command: str, names: ReleaseNames
) -> Path:
    """Write a release with map, preview and card, verified by its reader.

    Args:
        figures: of the evaluation, for the card.
        to: folder of releases.
        command: what the person typed.

    Raises:
        AiTunesError: the experiment has no sound, the folder is taken, or an export differs from the model.
    """
    features, model = corpus.features, trained.experiment.model
    if features is None:
        raise TrainingError(
            f"{trained.case.name} has no sound, so nothing that the instrument could play; `aitunes-train sample` and "
            "`project` show what its models have learnt."
        )
    name = names.name or release_name(trained)
    check_target(to / name)
    check_data(trained, corpus)
    codes, labels, sources = find_landmarks(model, corpus)
    all_codes = codes_of(model, np.asarray(corpus.train.some(_MAX_CODES).S))
    # A pad for notes spans the notes: codes of their fading tails lie where no instrument does.
    latent = LatentSpace.from_codes(all_codes if corpus.train.conditions is None else codes)
    record = _record(trained, corpus, figures, command)
    card = _card(trained, corpus, latent, float(np.abs(all_codes).max()), replace(names, name=name), record)
    held = np.asarray(corpus.held.some(_CHECKED).S)
    marks = Landmarks(codes, pad_positions(codes, latent), labels, sources)
    files = {
        **export_model(model, card, held),
        MAP: map_npz(marks),
        MAP_PICTURE: map_png(marks, latent, f"{card.public_name} ({card.name})"),
        PREVIEW: preview_of(model, latent, features),
    }
    return write_release(to, card, files)


def release_name(trained: Trained) -> str:
    """Return the name of a scenario's release: lower-case, experiment first."""
    return f"{trained.case.name}-{trained.scenario.name}".lower().replace(".", "-")[:64]


def check_target(target: Path) -> None:
    """Refuse a folder that is taken, before the work that the writer's own check comes after.

    Raises:
        TrainingError: the folder is taken by something else.
    """
    if target.parent.exists() and not target.parent.is_dir():
        raise TrainingError(f"{target.parent} is a file; name a folder for releases.")
    if target.exists() and not (target / CARD).is_file():
        raise TrainingError(f"{target} exists and is not a release; choose another folder or move it away.")


def check_data(trained: Trained, corpus: Corpus) -> None:
    """Refuse data that the model was not trained on: the card would name what it has never seen.

    Raises:
        TrainingError: the checkpoint's own hash is another.
    """
    if trained.identity.data_hash != corpus.hash:
        raise TrainingError(
            f"{trained.checkpoint} was trained on other data than {corpus.name} as it is now, or on another part of "
            "it. Export with the --data-dir, --features, --limit-items and --seed that it was trained with."
        )


def _card(
    trained: Trained,
    corpus: Corpus,
    latent: LatentSpace,
    furthest: float,
    names: ReleaseNames,
    record: TrainingRecord,
) -> ReleaseCard:
    scenario, model, features = trained.scenario, trained.experiment.model, corpus.features or AudioFeatures()
    description = names.description or scenario.prod_desc or scenario.description
    if _is_quantised(model, corpus):
        description = f"{description.rstrip('.')}. {VQ_NOTE}"
    return ReleaseCard(
        name=names.name or release_name(trained),
        public_name=names.public_name or scenario.prod_name or scenario.name,
        description=description,
        latent_dim=model.latent_dim,
        features=features,
        inputs=decoder_inputs(model, max(_MIN_RANGE, _RANGE_MARGIN * furthest)),
        output=TensorSpec("S", ("batch", features.bands, features.frames), (0.0, 1.0)),
        latent=latent,
        training=record,
    )


def _is_quantised(model: Autoencoder, corpus: Corpus) -> bool:
    with torch.no_grad():
        return isinstance(model(torch.from_numpy(np.asarray(corpus.held.some(2).S))), QuantisedOutput)


def _record(trained: Trained, corpus: Corpus, figures: dict[str, float], command: str) -> TrainingRecord:
    return TrainingRecord(
        data_name=corpus.name,
        data_licence=corpus.licence,
        data_items=corpus.items,
        data_hash=corpus.hash,
        scenario=f"{trained.case.name} {trained.scenario.name} {trained.scenario.version}",
        command=command,
        epochs=trained.epochs,
        metrics=figures,
        versions=current_versions(),
    )


def current_versions() -> dict[str, str]:
    """Return the versions of what decides what comes out: AiTunes, Python and the libraries."""
    versions = {"aitunes": aitunes.__version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
