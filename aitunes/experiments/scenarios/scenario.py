"""Defines a scenario: a named recipe of a model, its losses and its epochs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from torch import Tensor

from aitunes.errors import TrainingError
from aitunes.experiments.optimisation import Optimisation
from aitunes.features import AudioFeatures
from aitunes.modules.base import Autoencoder
from aitunes.modules.objective import WeightedLoss


class ScenarioError(TrainingError):
    """Says that a scenario does not exist, or why its definition is invalid."""


@dataclass(frozen=True)
class Recipe:
    """Describes what a scenario trains, and how.

    Args:
        model: untrained, its weights drawn from torch's generator: seed that first.
        epochs: passes over the data.
        vary: makes another batch of segments out of one, of the same shape, for training; None trains on them as they
            are.
        best_by: what is logged of every epoch and tells by its smallest value which one is kept; None keeps the last.
    """

    model: Autoencoder
    loss: WeightedLoss
    epochs: int
    batch_size: int
    optimisation: Optimisation = field(default_factory=Optimisation)
    vary: Callable[[Tensor], Tensor] | None = None
    best_by: str | None = None


RecipeBuilder = Callable[[tuple[int, ...]], Recipe]
"""Makes a recipe for segments of a shape; called anew for every run."""


@dataclass(frozen=True)
class Scenario:
    """Names a recipe.

    Args:
        name: what a person types; no two of an experiment share one.
        version: changes when a checkpoint of before no longer fits.
        description: one sentence for the trainer.
        build: the recipe for segments of a shape.
        features: of its audio; None takes the experiment's own, or there is no audio.
        prod_grade: its release is for performers.
        prod_name, prod_desc: what they read; both, where it is.

    Raises:
        ScenarioError: production grade without a name and a description, or a name that is no word.
    """

    name: str
    version: str
    description: str
    build: RecipeBuilder
    features: AudioFeatures | None = None
    prod_grade: bool = False
    prod_name: str | None = None
    prod_desc: str | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.name):
            raise ScenarioError(f"A scenario's name is lower-case words joined by hyphens, not {self.name!r}.")
        if self.prod_grade and not (self.prod_name and self.prod_desc):
            raise ScenarioError(
                f"{self.name} is of production grade, so performers must read what it is: give prod_name and prod_desc."
            )


def scenario(
    name: str,
    version: str,
    description: str,
    prod_grade: bool = False,
    prod_name: str | None = None,
    prod_desc: str | None = None,
    *,
    features: AudioFeatures | None = None,
) -> Callable[[RecipeBuilder], Scenario]:
    """Make a scenario of the function that builds its recipe.

    Args: as `Scenario` has them.

    Raises:
        ScenarioError: as `Scenario` does, where it is defined.
    """

    def decorate(build: RecipeBuilder) -> Scenario:
        return Scenario(name, version, description, build, features, prod_grade, prod_name, prod_desc)

    return decorate


class ScenarioContainer:
    """Holds the scenarios of one experiment, in order.

    Args:
        experiment: its name, for messages.
        scenarios: no two of one name.

    Raises:
        ScenarioError: a name is taken twice.
    """

    def __init__(self, experiment: str, scenarios: Iterable[Scenario]) -> None:
        self.experiment = experiment
        self._scenarios: dict[str, Scenario] = {}
        for one in scenarios:
            if one.name in self._scenarios:
                raise ScenarioError(f"{experiment} has two scenarios named {one.name!r}.")
            self._scenarios[one.name] = one

    def __iter__(self) -> Iterator[Scenario]:
        return iter(self._scenarios.values())

    def __len__(self) -> int:
        return len(self._scenarios)

    def __contains__(self, name: object) -> bool:
        return name in self._scenarios

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all scenarios, in order."""
        return tuple(self._scenarios)

    def find(self, name: str) -> Scenario:
        """Find a scenario by name, in upper or lower case.

        Raises:
            ScenarioError: there is none; the message lists those that there are.
        """
        found = self._scenarios.get(name.lower())
        if found is None:
            raise ScenarioError(
                f"{self.experiment} has no scenario named {name!r}; choose from {', '.join(self._scenarios)}."
            )
        return found

    def production_grade(self) -> tuple[Scenario, ...]:
        """List the scenarios whose releases are for performers."""
        return tuple(one for one in self if one.prod_grade)
