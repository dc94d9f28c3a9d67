"""What a scenario is."""

from __future__ import annotations

from dataclasses import dataclass, field

from aitunes.audio_generation.clips import ClipMaker
from aitunes.audio_processing.levels import Levels
from aitunes.experiments.autoencoder_experiment import LossWeights
from aitunes.features import AudioFeatures


@dataclass(frozen=True)
class Scenario:
    """Everything that decides what a training run makes, but its seed.

    Args:
        name: of the release, lower-case.
        public_name, description: what a performer reads.
        data_name, data_licence: of the data.
        make_clip: clip by number and seed.
        clips: how many the data set has.
        held_out: share of the clips kept for evaluation.
        octaves: Fourier features of the first latent dimensions, as `VariationalAutoencoder` counts them.
        patches_per_clip: at most this many patches are cut from a clip.
        order_spread: standard deviation of the two ordered latent dimensions; the larger comes first on the pad.
    """

    name: str
    public_name: str
    description: str
    data_name: str
    data_licence: str
    make_clip: ClipMaker
    clips: int
    features: AudioFeatures
    latent_dim: int
    hidden: tuple[int, ...]
    epochs: int
    octaves: tuple[int, ...] = ()
    held_out: float = 0.1
    patches_per_clip: int = 48
    batch_size: int = 256
    learning_rate: float = 2e-3
    levels: Levels = field(default_factory=Levels)
    weights: LossWeights = field(default_factory=LossWeights)
    order_spread: tuple[float, float] = (9.0, 5.0)
