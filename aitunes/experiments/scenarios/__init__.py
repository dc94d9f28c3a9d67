"""Scenarios: named, complete recipes from data to a trained model."""

from __future__ import annotations

from aitunes.errors import TrainingError
from aitunes.experiments.scenarios.scenario import Scenario
from aitunes.experiments.scenarios.sinewave import SINEWAVE

SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in (SINEWAVE,)}


def find_scenario(name: str) -> Scenario:
    """A scenario by name, whatever the case.

    Raises:
        TrainingError: there is none; the message lists those that there are.
    """
    if name.lower() not in SCENARIOS:
        raise TrainingError(f"There is no scenario named {name!r}; choose from {', '.join(SCENARIOS)}.")
    return SCENARIOS[name.lower()]
