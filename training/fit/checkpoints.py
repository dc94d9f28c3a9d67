"""Reads checkpoints without running their code, and tells whose they are."""

from __future__ import annotations

import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from aitunes.errors import TrainingError
from aitunes.experiments.autoencoder_experiment import AutoencoderExperiment
from aitunes.experiments.cases.case import Case
from aitunes.experiments.scenarios.scenario import Scenario

IDENTITY = "aitunes"
"""What a checkpoint says of itself under this name."""

_MAX_EPOCHS = 10**9


@dataclass(frozen=True)
class Identity:
    """Names the scenario, data and seed of a checkpoint.

    Args:
        experiment, scenario, version: of the model.
        data_hash: of what it was trained on.
        seed: of weights, order and sampling.
    """

    experiment: str
    scenario: str
    version: str
    data_hash: str
    seed: int

    @classmethod
    def of(cls, case: Case, scenario: Scenario, data_hash: str, seed: int) -> Identity:
        """Make the identity of a run."""
        return cls(case.name, scenario.name, scenario.version, data_hash, seed)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint: tensors and plain values alone.

    Raises:
        TrainingError: it is not there, damaged, or holds more than that.
    """
    if not path.is_file():
        raise TrainingError(f"There is no checkpoint {path}.")
    try:
        _check_archive(path)
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        weights = checkpoint["state_dict"]
        if not isinstance(weights, dict) or not all(map(_is_plain, weights.values())):
            raise TypeError("no weights")
        is_finite = all(bool(torch.isfinite(weight).all()) for weight in weights.values())
    except Exception as error:  # PyTorch's reader raises whatever the archive makes it raise
        raise TrainingError(f"{path} is no checkpoint of AiTunes, or a damaged one; train again.") from error
    if not is_finite:
        raise TrainingError(f"{path} holds weights that are no numbers (NaN or infinite); use an earlier checkpoint.")
    return dict(checkpoint)


def _check_archive(path: Path) -> None:
    """Refuse what would grow as it is read: PyTorch compresses nothing in the archives that it writes."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                raise ValueError("compressed")


def _is_plain(weight: object) -> bool:
    """Tell whether this is a tensor whose every number is in the file, and not one number that fills terabytes."""
    return (
        isinstance(weight, torch.Tensor)
        and weight.layout == torch.strided
        and weight.device.type == "cpu"
        and weight.numel() * weight.element_size() <= weight.untyped_storage().nbytes()
    )


def epochs_of(checkpoint: dict[str, Any], path: Path) -> int:
    """Return the whole epochs behind a checkpoint.

    Raises:
        TrainingError: it does not say.
    """
    epoch = checkpoint.get("epoch")
    if type(epoch) is not int or not 0 <= epoch < _MAX_EPOCHS:
        raise TrainingError(f"{path} does not say how many epochs it has behind it; train again.")
    return epoch + 1


def identity_of(checkpoint: dict[str, Any], path: Path) -> Identity:
    """Names the scenario, data and seed of a checkpoint.

    Raises:
        TrainingError: it does not say.
    """
    try:
        identity = Identity(**checkpoint[IDENTITY])
        if not all(type(value) is (int if name == "seed" else str) for name, value in asdict(identity).items()):
            raise TypeError("fields of other types")
        return identity
    except (KeyError, TypeError) as error:
        raise TrainingError(
            f"{path} does not say which scenario it belongs to: it was not made by `aitunes-train train`."
        ) from error


def check_identity(path: Path, expected: Identity) -> dict[str, Any]:
    """Read a checkpoint that must belong to a scenario.

    Raises:
        TrainingError: it does not.
    """
    checkpoint = read_checkpoint(path)
    stored = identity_of(checkpoint, path)
    if (stored.experiment, stored.scenario) != (expected.experiment, expected.scenario):
        raise TrainingError(
            f"{path} belongs to {stored.experiment} {stored.scenario}, not to {expected.experiment} "
            f"{expected.scenario}."
        )
    if stored.version != expected.version:
        raise TrainingError(
            f"{path} was made by version {stored.version} of {stored.scenario}, which is now at {expected.version}; "
            "train again."
        )
    return checkpoint


def check_resumable(path: Path, expected: Identity) -> int:
    """Return the epochs that a checkpoint has behind it, if training can go on from it as if it had never stopped.

    Raises:
        TrainingError: it belongs to something else, other data, or another seed.
    """
    checkpoint = check_identity(path, expected)
    stored = identity_of(checkpoint, path)
    if stored.data_hash != expected.data_hash:
        raise TrainingError(f"{path} was trained on other data than these; train again without --resume.")
    if stored.seed != expected.seed:
        raise TrainingError(f"{path} was trained with --seed {stored.seed}; go on with that one.")
    if not checkpoint.get("optimizer_states") or not isinstance(checkpoint.get("loops"), dict):
        raise TrainingError(f"{path} lacks the state of its training; start a new one from its weights with --model.")
    return epochs_of(checkpoint, path)


def load_weights(experiment: AutoencoderExperiment, checkpoint: dict[str, Any], path: Path) -> None:
    """Load the weights of a checkpoint into an experiment.

    Raises:
        TrainingError: they do not fit.
    """
    try:
        experiment.load_state_dict(checkpoint["state_dict"])
    except RuntimeError as error:
        raise TrainingError(f"The weights in {path} do not fit the scenario's model; train again.") from error
