"""Defines the scenarios of notes: the models of the bundled releases, and those that they were compared with.

docs/decisions/0007-decoders.md has the comparison; `python -m benchmarks.decoders` makes it again.
"""

from __future__ import annotations

from dataclasses import replace

from aitunes.experiments.optimisation import Optimisation
from aitunes.experiments.scenarios.losses import spectral_and_kl
from aitunes.experiments.scenarios.scenario import Recipe, Scenario, ScenarioContainer, scenario
from aitunes.features import AudioFeatures
from aitunes.modules.annealing import Annealing, LinearAnnealing
from aitunes.modules.conditional import ConditionalVAE, pitch_and_level
from aitunes.modules.convolutional import CVAE
from aitunes.modules.harmonic import HarmonicVAE
from aitunes.modules.losses import KLDivergence, SquaredError
from aitunes.modules.note_losses import LoudnessWeightedLogError, Neighbourhood, RelativeConvergence, TimbreDrift
from aitunes.modules.objective import Loss, WeightedLoss
from aitunes.modules.variational import VariationalAutoencoder

FINE = AudioFeatures(
    sample_rate=44_100, n_fft=2048, hop_length=256, f_max=22_050.0, db_range=(-60.0, 60.0), scale="linear"
)
"""Separates harmonics down to E2; half a window, what a gesture waits for, is 23 ms."""

QUICK = replace(FINE, n_fft=1024, hop_length=128)
"""Separates harmonics down to C3, and answers twice as fast."""

FINE_MEL = replace(FINE, scale="mel", f_max=20_000.0)
SEGMENT_MEL = replace(FINE_MEL, frames=16)

LOWEST_FINE, LOWEST_QUICK, HIGHEST = 40.0, 48.0, 96.0
"""MIDI notes. Lower, the harmonics of FINE are less than four bins apart, those of QUICK less than three: the lobes of
the Hann window run into each other, and a held note begins to beat."""

_LATENT_DIM, _RECORDED_DIM = 8, 12
"""Recorded instruments are many: forty lie closer together in eight dimensions than eighteen did."""
_EPOCHS, _QUICK_EPOCHS, _BATCH = 24, 14, 256
_OPTIMISATION = Optimisation(2e-3)
_CONVERGENCE, _NEIGHBOURHOOD, _DRIFT, _KL = 10.0, 0.1, 0.05, 0.05
RECORDED_NEIGHBOURHOOD = 0.5
"""Weight of the order of the map, of recorded instruments."""
_KL_RISE_EPOCHS = 4
_SQUARED_PER_DB = 0.05


def spectral(features: AudioFeatures, neighbourhood: float = _NEIGHBOURHOOD, **more: Loss) -> WeightedLoss:
    """Make an objective of decibel and magnitude errors, an ordered map, and the KL divergence.

    Args:
        neighbourhood: weight of the order of the map.
        more: further losses, by name.
    """
    parts: dict[str, Loss] = {
        "log": LoudnessWeightedLogError(features.db_range),
        "convergence": RelativeConvergence(features.db_range),
        "neighbourhood": Neighbourhood(),
        "kl": KLDivergence(),
        **more,
    }
    weights: dict[str, float | Annealing] = dict.fromkeys(more, _DRIFT)
    weights |= {"convergence": _CONVERGENCE, "neighbourhood": neighbourhood, "kl": _kl()}
    return WeightedLoss(parts, weights)


def squared(features: AudioFeatures) -> WeightedLoss:
    """Make an objective of the squared error, as much per decibel as the spectral losses, and the KL divergence."""
    low, high = features.db_range
    parts = {"squared": SquaredError(), "neighbourhood": Neighbourhood(), "kl": KLDivergence()}
    weight = _SQUARED_PER_DB * (high - low) ** 2 / (features.bands * features.frames)
    return WeightedLoss(parts, {"squared": weight, "neighbourhood": _NEIGHBOURHOOD, "kl": _kl()})


def _kl() -> LinearAnnealing:
    return LinearAnnealing(0.1 * _KL, _KL, _KL_RISE_EPOCHS)


_HARMONIC = "Harmonics and noise under learnt envelopes"


@scenario("harmonic-mse", "1", "The same, trained by the squared error", features=FINE)
def harmonic_mse(shape: tuple[int, ...]) -> Recipe:
    """Build the harmonic model with the squared error."""
    model = HarmonicVAE(FINE, _LATENT_DIM, pitch_and_level(LOWEST_FINE, HIGHEST))
    return Recipe(model, squared(FINE), _EPOCHS, _BATCH, _OPTIMISATION)


def _dense(name: str, description: str, features: AudioFeatures, mse: bool = False) -> Scenario:
    @scenario(name, "1", description, features=features)
    def dense(shape: tuple[int, ...]) -> Recipe:
        model = ConditionalVAE(shape, _LATENT_DIM, pitch_and_level(LOWEST_FINE, HIGHEST))
        loss = squared(features) if mse else spectral(features)
        return Recipe(model, loss, _EPOCHS, _BATCH, _OPTIMISATION)

    return dense


@scenario("dense-mel-unpitched", "1", "Fully connected, mel, its pitch in the code", features=FINE_MEL)
def dense_mel_unpitched(shape: tuple[int, ...]) -> Recipe:
    """Build a fully connected model without conditions."""
    model = VariationalAutoencoder(shape, _LATENT_DIM)
    return Recipe(model, spectral(FINE_MEL), _EPOCHS, _BATCH, _OPTIMISATION)


@scenario(
    "conv-mel-unpitched", "1", "Convolutional, mel segments of 16 frames, its pitch in the code", features=SEGMENT_MEL
)
def conv_mel_unpitched(shape: tuple[int, ...]) -> Recipe:
    """Build a convolutional model of segments without conditions."""
    return Recipe(CVAE(shape, _LATENT_DIM), spectral_and_kl(shape, SEGMENT_MEL), _EPOCHS, 64, _OPTIMISATION)


@scenario(
    "harmonic",
    "2",
    _HARMONIC,
    True,
    "Chamber",
    "Forty-two instruments, from flute and cello to guitar, harp, piano and voice, and all that lies between them. "
    "Play notes; the pad moves the timbre.",
    features=FINE,
)
def _recorded(shape: tuple[int, ...]) -> Recipe:
    model = HarmonicVAE(FINE, _RECORDED_DIM, pitch_and_level(LOWEST_FINE, HIGHEST))
    loss = spectral(FINE, RECORDED_NEIGHBOURHOOD, drift=TimbreDrift())
    return Recipe(model, loss, _EPOCHS, _BATCH, _OPTIMISATION)


@scenario(
    "harmonic",
    "1",
    _HARMONIC,
    True,
    "First Light",
    "Saws, pulses, organs, reeds, chimes, plucked strings, vowels and breath, and all that lies between them. "
    "Play notes; the pad moves the timbre.",
    features=QUICK,
)
def _generated(shape: tuple[int, ...]) -> Recipe:
    model = HarmonicVAE(QUICK, _LATENT_DIM, pitch_and_level(LOWEST_QUICK, HIGHEST))
    return Recipe(model, spectral(QUICK, drift=TimbreDrift()), _QUICK_EPOCHS, _BATCH, _OPTIMISATION)


NOTE_SCENARIOS = ScenarioContainer(
    "notes",
    (
        _recorded,
        harmonic_mse,
        _dense("dense", "Fully connected, told pitch and level, linear frequencies", FINE),
        _dense("dense-mse", "The same, trained by the squared error", FINE, mse=True),
        _dense("dense-mel", "Fully connected, told pitch and level, mel", FINE_MEL),
        dense_mel_unpitched,
        conv_mel_unpitched,
    ),
)

SYNTHETIC_SCENARIOS = ScenarioContainer("synthetic", (_generated,))
