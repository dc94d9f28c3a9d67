"""Defines the scenarios of CIFAR10."""

from __future__ import annotations

from aitunes.experiments.optimisation import Optimisation
from aitunes.experiments.scenarios.losses import squared_and_commitment, squared_and_kl
from aitunes.experiments.scenarios.scenario import Recipe, Scenario, ScenarioContainer, scenario
from aitunes.modules.convolutional import CVAE
from aitunes.modules.losses import KLDivergence, SquaredError
from aitunes.modules.objective import WeightedLoss
from aitunes.modules.perceptual import StructuralDissimilarity
from aitunes.modules.resnet import ResNet2dV1
from aitunes.modules.vq_resnet import VQ_ResNet2D

_EPOCHS, _BATCH = 60, 128
_CHANNELS = (64, 128, 256)
_KL = 0.2
_SSIM = 60.0
"""1 − SSIM, below 1, stands against a squared error summed over 3,072 values."""
_OPTIMISATION = Optimisation(1e-3)

CVAE_DIMS = (16, 32, 64, 128)
VQ_SIZES = {64: 256, 128: 512}
"""Entries by latent dimensions; an entry has 4."""


@scenario("ssim", "1", "Convolutional variational autoencoder of 64 dimensions, trained on structure besides pixels")
def ssim(shape: tuple[int, ...]) -> Recipe:
    """Build a convolutional VAE, trained on structural similarity."""
    parts = {"squared": SquaredError(), "ssim": StructuralDissimilarity(), "kl": KLDivergence()}
    loss = WeightedLoss(parts, {"ssim": _SSIM, "kl": _KL})
    return Recipe(CVAE(shape, 64, _CHANNELS), loss, _EPOCHS, _BATCH, _OPTIMISATION)


@scenario("resnet", "1", "Residual variational autoencoder (V1) of 64 dimensions, two blocks a stage")
def resnet(shape: tuple[int, ...]) -> Recipe:
    """Build a residual VAE."""
    return Recipe(ResNet2dV1(shape, 64, _CHANNELS, depth=2), squared_and_kl(_KL), _EPOCHS, _BATCH, _OPTIMISATION)


def _cvae(latent_dim: int) -> Scenario:
    @scenario(f"cvae{latent_dim}", "1", f"Convolutional variational autoencoder of {latent_dim} dimensions")
    def cvae(shape: tuple[int, ...]) -> Recipe:
        return Recipe(CVAE(shape, latent_dim, _CHANNELS), squared_and_kl(_KL), _EPOCHS, _BATCH, _OPTIMISATION)

    return cvae


def _vq(latent_dim: int, entries: int) -> Scenario:
    what = (
        f"Residual autoencoder of {latent_dim} dimensions, quantised: {latent_dim // 4} groups of 4, {entries} entries"
    )

    @scenario(f"vq{latent_dim}", "1", what)
    def vq(shape: tuple[int, ...]) -> Recipe:
        model = VQ_ResNet2D(shape, latent_dim, 4, entries, _CHANNELS)
        return Recipe(model, squared_and_commitment(), _EPOCHS, _BATCH, _OPTIMISATION)

    return vq


CIFAR10_SCENARIOS = ScenarioContainer(
    "cifar10",
    (*map(_cvae, CVAE_DIMS), ssim, resnet, *(_vq(latent_dim, entries) for latent_dim, entries in VQ_SIZES.items())),
)
