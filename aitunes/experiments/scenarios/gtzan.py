"""Defines the scenarios of GTZAN."""

from aitunes.experiments.scenarios.music import high, low, music_scenarios
from aitunes.experiments.scenarios.scenario import ScenarioContainer
from aitunes.features import AudioFeatures

LOW_RESOLUTION = AudioFeatures(
    sample_rate=22_050,
    n_fft=1024,
    hop_length=256,
    n_mels=128,
    f_min=30.0,
    f_max=11_025.0,
    db_range=(-70.0, 15.0),
    frames=128,
)
"""1.5 s a segment, at GTZAN's own sample rate."""

HIGH_RESOLUTION = AudioFeatures(
    sample_rate=22_050,
    n_fft=2048,
    hop_length=256,
    n_mels=256,
    f_min=30.0,
    f_max=11_025.0,
    db_range=(-65.0, 25.0),
    frames=256,
)
"""3 s a segment."""

PRODUCTION = {
    "low-dim32-momentum": ("Record Shop", "Scraps of ten genres, from blues to rock, as if heard through the wall."),
    "high-dim64-momentum": ("Night Radio", "Ten genres, from blues to rock, between two stations."),
}

GTZAN_SCENARIOS = ScenarioContainer("gtzan", music_scenarios((low(LOW_RESOLUTION), high(HIGH_RESOLUTION)), PRODUCTION))
