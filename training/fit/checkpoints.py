"""Writes checkpoints whole or not at all, and reads them without running their code."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.plugins.io import TorchCheckpointIO
from typing_extensions import override

from aitunes.atomic import write_buffers
from aitunes.errors import TrainingError
from aitunes.experiments.autoencoder_experiment import AutoencoderExperiment
from aitunes.experiments.cases.case import Case
from aitunes.experiments.scenarios.scenario import Scenario

_KEY = "aitunes"


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


class Signature(Callback):
    """Writes an identity into every checkpoint."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity

    @override
    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        checkpoint[_KEY] = asdict(self.identity)


class WholeCheckpointIO(TorchCheckpointIO):
    """Writes beside the name, then renames: a process that dies while it saves leaves the older checkpoint whole."""

    @override
    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        # By way of memory: PyTorch's own writer turns a full disk into an error that does not say so.
        contents = io.BytesIO()
        torch.save(checkpoint, contents)
        write_buffers(target, [contents.getbuffer()])

    @override
    def load_checkpoint(self, path: Any, map_location: Any = "cpu", weights_only: bool | None = True) -> dict[str, Any]:
        return read_checkpoint(Path(path))


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint: tensors and plain values alone.

    Raises:
        TrainingError: it is not there, damaged, or holds more than that.
    """
    if not path.is_file():
        raise TrainingError(f"There is no checkpoint {path}.")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(checkpoint["state_dict"], dict):
            raise TypeError("no weights")
    except (RuntimeError, UnpicklingError, OSError, EOFError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise TrainingError(f"{path} is no checkpoint of AiTunes, or a damaged one; train again.") from error
    return dict(checkpoint)


def identity_of(checkpoint: dict[str, Any], path: Path) -> Identity:
    """Names the scenario, data and seed of a checkpoint.

    Raises:
        TrainingError: it does not say.
    """
    try:
        return Identity(**checkpoint[_KEY])
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
    return int(checkpoint["epoch"]) + 1


def load_weights(experiment: AutoencoderExperiment, checkpoint: dict[str, Any], path: Path) -> None:
    """Load the weights of a checkpoint into an experiment.

    Raises:
        TrainingError: they do not fit.
    """
    try:
        experiment.load_state_dict(checkpoint["state_dict"])
    except RuntimeError as error:
        raise TrainingError(f"The weights in {path} do not fit the scenario's model; train again.") from error
