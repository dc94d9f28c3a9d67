"""Defines GTZAN: ten genres of music, a hundred clips of each."""

from aitunes.datasets.gtzan import LICENCE, NAME, read_gtzan
from aitunes.experiments.cases.case import Case, DataDescription
from aitunes.experiments.scenarios.gtzan import GTZAN_SCENARIOS, LOW_RESOLUTION
from aitunes.experiments.spectrogram_experiment import SpectrogramBasedAutoencoderExperiment

_SOURCE = "https://www.kaggle.com/datasets/andradaolteanu/gtzan-dataset-music-genre-classification"

GTZAN = Case(
    "gtzan",
    "Ten genres of music, a hundred clips of each",
    DataDescription(NAME, LICENCE, _SOURCE, read_gtzan),
    GTZAN_SCENARIOS,
    features=LOW_RESOLUTION,
    experiment=SpectrogramBasedAutoencoderExperiment,
)
