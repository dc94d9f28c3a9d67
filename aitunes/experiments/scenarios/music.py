"""Makes families of scenarios: models of segments, coarse and fine, small and large; dense ones of frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from aitunes.experiments.optimisation import Optimisation
from aitunes.experiments.scenarios.losses import distance_and_kl, spectral_and_commitment
from aitunes.experiments.scenarios.scenario import Recipe, Scenario, scenario
from aitunes.features import AudioFeatures
from aitunes.modules.annealing import LinearAnnealing
from aitunes.modules.components import ComponentAutoencoder, ComponentResNet
from aitunes.modules.losses import KLDivergence
from aitunes.modules.note_losses import LoudnessWeightedLogError, RelativeConvergence
from aitunes.modules.objective import WeightedLoss
from aitunes.modules.variation import SegmentVariation
from aitunes.modules.variational import VariationalAutoencoder
from aitunes.modules.vq_resnet import VQ_ResNet2D

LATENT_DIMS = (16, 32, 64, 128, 256)
MOMENTUM = 0.01
"""Of batch normalisation, where the name says momentum: its running statistics are those of about a hundred batches."""

FRAME = AudioFeatures(44_100, n_fft=2048, hop_length=256, n_mels=160, f_max=20_000.0, db_range=(-90.0, 30.0))
"""Single frames: what the hand asks for is decoded at every hop."""

FRAME_DIMS = (4, 8, 16)

_EPOCHS, _FRAME_EPOCHS = 200, 60
_FRAME_BATCH = _SEGMENT_BATCH = 256
_CONVERGENCE, _KL, _KL_RISE_EPOCHS = 10.0, 0.05, 4
_OPTIMISATION = Optimisation(1e-3, weight_decay=1e-4, warm_up=0.1)
_BEST_BY = "validation/distance"
_SEGMENT_OPTIMISATION = Optimisation(1e-3, weight_decay=0.02, warm_up=0.05)


@dataclass(frozen=True)
class Resolution:
    """Describes a kind of segments, and the layers of a model of them.

    Args:
        name: what scenarios are called after.
        adjective: for descriptions.
        channels: of the model, after each halving.
        vq_dim, vq_entries: latent dimensions and codebook entries of the VQ model.
    """

    name: str
    adjective: str
    features: AudioFeatures
    channels: tuple[int, ...]
    batch_size: int
    vq_dim: int
    vq_entries: int


def low(features: AudioFeatures) -> Resolution:
    """Return the coarse resolution."""
    return Resolution("low", "coarse", features, (32, 64, 128, 256), 64, vq_dim=64, vq_entries=256)


def high(features: AudioFeatures) -> Resolution:
    """Return the fine resolution."""
    return Resolution("high", "fine", features, (32, 64, 128, 192, 256), 32, vq_dim=128, vq_entries=512)


Production = Mapping[str, tuple[str, str]]
"""Public name and description of the scenarios, by name, whose releases are for performers."""


def music_scenarios(resolutions: tuple[Resolution, ...], production: Production) -> Iterator[Scenario]:
    """Make scenarios of every size, with a perceptron and with a ResNet, and a VQ scenario of each resolution.

    Raises:
        ScenarioError: a scenario of production grade has an empty name or description.
    """
    for resolution, latent_dim in product(resolutions, LATENT_DIMS):
        yield _components(resolution, latent_dim, production)
        yield _resnet(resolution, latent_dim, production)
    for resolution in resolutions:
        yield _vq(resolution, production)


def _components(resolution: Resolution, latent_dim: int, production: Production) -> Scenario:
    name = f"{resolution.name}-dim{latent_dim}"

    @scenario(
        name,
        "2",
        f"{latent_dim} principal components of {resolution.adjective} segments, and a perceptron beside them",
        name in production,
        *production.get(name, (None, None)),
        features=resolution.features,
    )
    def components(shape: tuple[int, ...]) -> Recipe:
        model = ComponentAutoencoder(shape, latent_dim)
        loss, vary = distance_and_kl(resolution.features, latent_dim), SegmentVariation(resolution.features.db_range)
        return Recipe(model, loss, _EPOCHS, _SEGMENT_BATCH, _SEGMENT_OPTIMISATION, vary, _BEST_BY)

    return components


def _resnet(resolution: Resolution, latent_dim: int, production: Production) -> Scenario:
    name = f"{resolution.name}-dim{latent_dim}-momentum"

    @scenario(
        name,
        "2",
        "The same with a ResNet2D, its normalisation with a long memory: for graphics cards",
        name in production,
        *production.get(name, (None, None)),
        features=resolution.features,
    )
    def resnet(shape: tuple[int, ...]) -> Recipe:
        model = ComponentResNet(shape, latent_dim, resolution.channels, MOMENTUM)
        loss, vary = distance_and_kl(resolution.features, latent_dim), SegmentVariation(resolution.features.db_range)
        return Recipe(model, loss, _EPOCHS, resolution.batch_size, _SEGMENT_OPTIMISATION, vary, _BEST_BY)

    return resnet


def _vq(resolution: Resolution, production: Production) -> Scenario:
    name, groups = f"{resolution.name}-vq", resolution.vq_dim // 4

    @scenario(
        name,
        "1",
        f"VQ_ResNet2D on {resolution.adjective} segments: {groups} groups of 4, {resolution.vq_entries} entries",
        name in production,
        *production.get(name, (None, None)),
        features=resolution.features,
    )
    def vq(shape: tuple[int, ...]) -> Recipe:
        model = VQ_ResNet2D(shape, resolution.vq_dim, 4, resolution.vq_entries, resolution.channels)
        loss = spectral_and_commitment(shape, resolution.features)
        return Recipe(model, loss, _EPOCHS, resolution.batch_size, _OPTIMISATION)

    return vq


def frame_scenarios() -> Iterator[Scenario]:
    """Make scenarios of small dense models of single frames, which react at once, for the user's own sounds."""
    return map(_dense, FRAME_DIMS)


def _dense(latent_dim: int) -> Scenario:
    @scenario(
        f"frame-dim{latent_dim}",
        "1",
        f"Fully connected, {latent_dim} dimensions, frame by frame: answers at once, loudness levelled",
        features=FRAME,
    )
    def dense(shape: tuple[int, ...]) -> Recipe:
        parts = {
            "log": LoudnessWeightedLogError(FRAME.db_range),
            "convergence": RelativeConvergence(FRAME.db_range),
            "kl": KLDivergence(),
        }
        kl = LinearAnnealing(0.1 * _KL, _KL, _KL_RISE_EPOCHS)
        loss = WeightedLoss(parts, {"convergence": _CONVERGENCE, "kl": kl})
        return Recipe(VariationalAutoencoder(shape, latent_dim), loss, _FRAME_EPOCHS, _FRAME_BATCH, _OPTIMISATION)

    return dense
