"""Defines an experiment: its data, the shape of its segments, its scenarios and the class that trains them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aitunes.audio_generation.clips import ClipMaker
from aitunes.datasets.folder import Tracks
from aitunes.datasets.items import SplitItems
from aitunes.datasets.notes import Notes
from aitunes.errors import TrainingError
from aitunes.experiments.autoencoder_experiment import AutoencoderExperiment
from aitunes.experiments.scenarios.scenario import Recipe, Scenario, ScenarioContainer
from aitunes.experiments.spectrogram_experiment import SpectrogramBasedAutoencoderExperiment
from aitunes.features import AudioFeatures


@dataclass(frozen=True)
class ClipSeries:
    """Describes generated audio: `make_clip(index, seed)` for every index below `count`."""

    make_clip: ClipMaker
    count: int


AnyData = SplitItems | Tracks | ClipSeries | Notes


@dataclass(frozen=True)
class DataDescription:
    """Describes a data set and opens it.

    Args:
        name, licence: for the card.
        source: where to get it.
        open: gives, from the folder that the user names (None takes `AITUNES_DATA`; generated data need none), the
            items themselves, or the audio of which segments are made: files, clips that are generated, or notes.
    """

    name: str
    licence: str
    source: str
    open: Callable[[Path | None], AnyData]


@dataclass(frozen=True)
class Case:
    """Describes an experiment that `aitunes-train` offers.

    Args:
        name: what a person types, lower-case.
        description: one sentence.
        data: what it is trained on.
        scenarios: its recipes.
        input_shape: of a segment; None for audio, where the features say it.
        features: of audio, where a scenario has none of its own.
        experiment: trains a recipe.
    """

    name: str
    description: str
    data: DataDescription
    scenarios: ScenarioContainer
    input_shape: tuple[int, ...] | None = None
    features: AudioFeatures | None = None
    experiment: type[AutoencoderExperiment] = field(default=AutoencoderExperiment)

    def __post_init__(self) -> None:
        if (self.input_shape is None) == (self.features is None):
            raise TrainingError(f"{self.name} has either a shape of its segments or audio features.")

    @property
    def is_audio(self) -> bool:
        """True for an experiment whose segments are spectrograms."""
        return self.features is not None

    def features_of(self, scenario: Scenario) -> AudioFeatures | None:
        """Return the audio features of one of its scenarios; None where it has no audio."""
        return scenario.features or self.features

    def shape_of(self, scenario: Scenario) -> tuple[int, ...]:
        """Return the shape of one of its scenarios' segments."""
        features = self.features_of(scenario)
        return (features.bands, features.frames) if features else self.input_shape or ()

    def start(self, scenario: Scenario) -> tuple[AutoencoderExperiment, Recipe]:
        """Make an untrained experiment and the recipe that it follows; seed torch first."""
        recipe, features = scenario.build(self.shape_of(scenario)), self.features_of(scenario)
        if features and issubclass(self.experiment, SpectrogramBasedAutoencoderExperiment):
            experiment: AutoencoderExperiment
            experiment = self.experiment(recipe.model, recipe.loss, recipe.optimisation, features)
        else:
            experiment = self.experiment(recipe.model, recipe.loss, recipe.optimisation)
        experiment.vary = recipe.vary
        return experiment, recipe
