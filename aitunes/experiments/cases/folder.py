"""Defines FOLDER: the user's own audio, frame by frame or in the scenarios of FMA's family."""

from pathlib import Path

from aitunes.datasets.folder import Tracks, data_folder, read_folder
from aitunes.experiments.cases.case import Case, DataDescription
from aitunes.experiments.scenarios.fma import HIGH_RESOLUTION, LOW_RESOLUTION
from aitunes.experiments.scenarios.music import frame_scenarios, high, low, music_scenarios
from aitunes.experiments.scenarios.scenario import ScenarioContainer
from aitunes.experiments.spectrogram_experiment import SpectrogramBasedAutoencoderExperiment


def _open(data_dir: Path | None) -> Tracks:
    return read_folder(data_folder(data_dir, "your audio"))


FOLDER = Case(
    "folder",
    "Your own audio: each file a track, each first-level folder a label",
    DataDescription("your own audio", "the files' own", "your disk", _open),
    ScenarioContainer(
        "folder", (*frame_scenarios(), *music_scenarios((low(LOW_RESOLUTION), high(HIGH_RESOLUTION)), {}))
    ),
    features=LOW_RESOLUTION,
    experiment=SpectrogramBasedAutoencoderExperiment,
)
