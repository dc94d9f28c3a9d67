"""Defines the scenarios of generated sounds, in segments."""

from __future__ import annotations

from aitunes.experiments.optimisation import Optimisation
from aitunes.experiments.scenarios.losses import spectral_and_commitment, spectral_and_kl
from aitunes.experiments.scenarios.scenario import Recipe, Scenario, ScenarioContainer, scenario
from aitunes.features import AudioFeatures
from aitunes.modules.convolutional import CVAE
from aitunes.modules.resnet import ResNet2dV2
from aitunes.modules.vq_resnet import VQ_ResNet2D

LOW_RESOLUTION = AudioFeatures(
    sample_rate=44_100,
    n_fft=2048,
    hop_length=512,
    n_mels=128,
    f_min=30.0,
    f_max=16_000.0,
    db_range=(-60.0, 20.0),
    frames=128,
)
"""1.5 s a segment."""

HIGH_RESOLUTION = AudioFeatures(
    sample_rate=44_100,
    n_fft=2048,
    hop_length=256,
    n_mels=256,
    f_min=30.0,
    f_max=16_000.0,
    db_range=(-60.0, 25.0),
    frames=256,
)
"""1.5 s a segment, twice as fine in both directions."""

_EPOCHS, _BATCH = 60, 64
_CHANNELS = (32, 64, 128, 256)
_OPTIMISATION = Optimisation(1e-3)

CVAE_DIMS = (8, 16, 32)
PRODUCTION = {
    "cvae8": ("Still Water", "Tones, chords and bells that drift into each other, a breath of each at a time."),
}


def _cvae(latent_dim: int) -> Scenario:
    name = f"cvae{latent_dim}"

    @scenario(
        name,
        "1",
        f"Convolutional variational autoencoder of {latent_dim} dimensions",
        name in PRODUCTION,
        *PRODUCTION.get(name, (None, None)),
        features=LOW_RESOLUTION,
    )
    def cvae(shape: tuple[int, ...]) -> Recipe:
        loss = spectral_and_kl(shape, LOW_RESOLUTION)
        return Recipe(CVAE(shape, latent_dim, _CHANNELS), loss, _EPOCHS, _BATCH, _OPTIMISATION)

    return cvae


@scenario("resnet", "1", "Residual variational autoencoder (V2) of 16 dimensions, fine", features=HIGH_RESOLUTION)
def resnet(shape: tuple[int, ...]) -> Recipe:
    """Build a residual VAE."""
    loss = spectral_and_kl(shape, HIGH_RESOLUTION)
    return Recipe(ResNet2dV2(shape, 16, (*_CHANNELS, 256)), loss, _EPOCHS, 32, _OPTIMISATION)


@scenario(
    "vq", "1", "Residual autoencoder of 32 dimensions, quantised: 8 groups of 4, 128 entries", features=LOW_RESOLUTION
)
def vq(shape: tuple[int, ...]) -> Recipe:
    """Build a residual VQ model."""
    model = VQ_ResNet2D(shape, 32, 4, 128, _CHANNELS)
    return Recipe(model, spectral_and_commitment(shape, LOW_RESOLUTION), _EPOCHS, _BATCH, _OPTIMISATION)


SINEWAVE_SCENARIOS = ScenarioContainer("sinewave", (*map(_cvae, CVAE_DIMS), resnet, vq))
