"""Defines the scenarios of the vectors of five numbers."""

from aitunes.experiments.optimisation import Optimisation
from aitunes.experiments.scenarios.losses import squared, squared_and_kl
from aitunes.experiments.scenarios.scenario import Recipe, ScenarioContainer, scenario
from aitunes.modules.vanilla import VanillaAutoencoder
from aitunes.modules.variational import VariationalAutoencoder

_EPOCHS, _BATCH = 50, 256
_HIDDEN = (64, 64)
_OPTIMISATION = Optimisation(3e-3)


@scenario("vanilla", "1", "Vanilla autoencoder of 3 dimensions: the kind of sheet, and the position on it")
def vanilla(shape: tuple[int, ...]) -> Recipe:
    """Build a fully connected autoencoder without a distribution."""
    return Recipe(VanillaAutoencoder(shape, 3, _HIDDEN), squared(), _EPOCHS, _BATCH, _OPTIMISATION)


@scenario("variational", "1", "Variational autoencoder of 3 dimensions")
def variational(shape: tuple[int, ...]) -> Recipe:
    """Build a fully connected VAE."""
    model = VariationalAutoencoder(shape, 3, _HIDDEN, decoder_activation="sigmoid")
    return Recipe(model, squared_and_kl(1e-3), _EPOCHS, _BATCH, _OPTIMISATION)


VECTORS5D_SCENARIOS = ScenarioContainer("vectors5d", (vanilla, variational))
