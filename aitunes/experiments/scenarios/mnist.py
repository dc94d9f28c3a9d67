"""Defines the scenarios of MNIST."""

from __future__ import annotations

from collections.abc import Callable

from aitunes.experiments.optimisation import Optimisation
from aitunes.experiments.scenarios.losses import squared, squared_and_commitment, squared_and_kl
from aitunes.experiments.scenarios.scenario import Recipe, Scenario, ScenarioContainer, scenario
from aitunes.modules.annealing import Annealing, CyclicAnnealing, LinearAnnealing
from aitunes.modules.convolutional import CVAE
from aitunes.modules.vanilla import VanillaAutoencoder
from aitunes.modules.variational import VariationalAutoencoder
from aitunes.modules.vq_resnet import VQ_ResNet2D

_EPOCHS, _BATCH = 30, 128
_OPTIMISATION = Optimisation(1e-3)
_LATENT_DIM = 16

KL_WEIGHTS: dict[str, tuple[str, Callable[[], float | Annealing]]] = {
    "vae-big-kl": ("a divergence that counts 1: smooth, and blurred", lambda: 1.0),
    "vae-small-kl": ("a divergence that counts 0.01: sharp, with gaps between the digits", lambda: 0.01),
    "vae-linear-kl": ("a divergence that counts 0 to 0.2 over 10 epochs", lambda: LinearAnnealing(0.0, 0.2, 10)),
    "vae-cyclic-kl": ("a divergence that counts 0 to 0.2 every 6 epochs", lambda: CyclicAnnealing(0.2, 6)),
}


@scenario("ae", "1", f"Vanilla autoencoder of {_LATENT_DIM} dimensions")
def ae(shape: tuple[int, ...]) -> Recipe:
    """Build a fully connected autoencoder without a distribution."""
    return Recipe(VanillaAutoencoder(shape, _LATENT_DIM, (512, 256)), squared(), _EPOCHS, _BATCH, _OPTIMISATION)


@scenario("cvae", "1", f"Convolutional variational autoencoder of {_LATENT_DIM} dimensions")
def cvae(shape: tuple[int, ...]) -> Recipe:
    """Build a convolutional VAE."""
    return Recipe(CVAE(shape, _LATENT_DIM), squared_and_kl(0.2), _EPOCHS, _BATCH, _OPTIMISATION)


@scenario("vq", "1", "Residual autoencoder of 32 dimensions, quantised: 8 groups of 4, 128 entries")
def vq(shape: tuple[int, ...]) -> Recipe:
    """Build a residual VQ model."""
    model = VQ_ResNet2D(shape, 32, entry_dim=4, entries=128, channels=(32, 64, 128))
    return Recipe(model, squared_and_commitment(), _EPOCHS, _BATCH, _OPTIMISATION)


def _vae(name: str, what: str, kl: Callable[[], float | Annealing]) -> Scenario:
    @scenario(name, "1", f"Variational autoencoder of {_LATENT_DIM} dimensions, {what}")
    def vae(shape: tuple[int, ...]) -> Recipe:
        model = VariationalAutoencoder(shape, _LATENT_DIM, (512, 256), decoder_activation="sigmoid")
        return Recipe(model, squared_and_kl(kl()), _EPOCHS, _BATCH, _OPTIMISATION)

    return vae


MNIST_SCENARIOS = ScenarioContainer(
    "mnist", (ae, cvae, *(_vae(name, what, kl) for name, (what, kl) in KL_WEIGHTS.items()), vq)
)
