"""Holds a trained model, and loads it from a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aitunes.experiments.autoencoder_experiment import AutoencoderExperiment
from aitunes.experiments.cases.case import Case
from aitunes.experiments.scenarios.scenario import Scenario
from training.fit.checkpoints import Identity, check_identity, epochs_of, identity_of, load_weights


@dataclass(frozen=True)
class Trained:
    """Holds a trained model, its scenario and its checkpoint.

    Args:
        checkpoint: that it lies in: the best, where the recipe keeps it, or the last.
        epochs: it has behind it.
    """

    case: Case
    scenario: Scenario
    experiment: AutoencoderExperiment
    checkpoint: Path
    identity: Identity
    epochs: int


def load_trained(case: Case, scenario: Scenario, checkpoint: Path) -> Trained:
    """Load the model in a checkpoint.

    Raises:
        TrainingError: there is none, or it belongs to another scenario.
    """
    expected = Identity.of(case, scenario, "", 0)
    stored = check_identity(checkpoint, expected)
    experiment, _ = case.start(scenario)
    load_weights(experiment, stored, checkpoint)
    identity = identity_of(stored, checkpoint)
    return Trained(case, scenario, experiment.eval(), checkpoint, identity, epochs_of(stored, checkpoint))
