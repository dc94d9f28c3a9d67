"""Defines FMA: free music of sixteen genres."""

from aitunes.datasets.fma import LICENCE, NAME, read_fma
from aitunes.experiments.cases.case import Case, DataDescription
from aitunes.experiments.scenarios.fma import FMA_SCENARIOS, LOW_RESOLUTION
from aitunes.experiments.spectrogram_experiment import SpectrogramBasedAutoencoderExperiment

FMA = Case(
    "fma",
    "Free music of sixteen genres",
    DataDescription(NAME, LICENCE, "https://github.com/mdeff/fma", read_fma),
    FMA_SCENARIOS,
    features=LOW_RESOLUTION,
    experiment=SpectrogramBasedAutoencoderExperiment,
)
