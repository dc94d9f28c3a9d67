"""Defines the scenarios of FMA."""

from aitunes.experiments.scenarios.music import high, low, music_scenarios
from aitunes.experiments.scenarios.scenario import ScenarioContainer
from aitunes.features import AudioFeatures

LOW_RESOLUTION = AudioFeatures(
    sample_rate=44_100,
    n_fft=2048,
    hop_length=512,
    n_mels=128,
    f_min=30.0,
    f_max=16_000.0,
    db_range=(-70.0, 20.0),
    frames=128,
)
"""1.5 s a segment; most of FMA's clips have this sample rate, and as MP3 hardly anything above 16 kHz."""

HIGH_RESOLUTION = AudioFeatures(
    sample_rate=44_100,
    n_fft=2048,
    hop_length=256,
    n_mels=256,
    f_min=30.0,
    f_max=16_000.0,
    db_range=(-70.0, 25.0),
    frames=512,
)
"""3 s a segment."""

PRODUCTION = {
    "low-dim32-momentum": ("Fireflies", "Sparks of free music from everywhere, quick to answer."),
    "high-dim64-momentum": ("Stargazing", "Wide, slow skies made of free music from everywhere."),
}

FMA_SCENARIOS = ScenarioContainer("fma", music_scenarios((low(LOW_RESOLUTION), high(HIGH_RESOLUTION)), PRODUCTION))
