"""Training of the bundled release: a latent space whose first dimensions follow attributes that a hand can learn."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor
from typing_extensions import override

from aitunes.errors import TrainingError
from aitunes.experiments.autoencoder_experiment import AutoencoderExperiment, Batch
from aitunes.experiments.optimisation import Optimisation
from aitunes.modules.losses import BlurredError, LevelLoss, SquaredError, kl_divergence
from aitunes.modules.objective import Loss, Pass, WeightedLoss
from aitunes.modules.variational import VariationalAutoencoder

_ORDERED_KL = 0.1


@dataclass(frozen=True)
class OrderedWeights:
    """What each loss counts, against 1 for the squared error summed over a patch."""

    blurred: float = 1.0
    kl: float = 0.02
    order: float = 0.5
    level: float = 0.05


class OrderedSpectrogramExperiment(AutoencoderExperiment):
    """Trains a variational autoencoder whose first dimensions follow given attributes.

    A batch is patches S [batch, n_mels, frames] and where they belong on the first dimensions, [batch, ordered].

    Args:
        model: what is trained.
        level_loss: keeps the codes between the data's audible.
        weights: of the losses.
        optimisation: the optimiser.
    """

    def __init__(
        self,
        model: VariationalAutoencoder,
        level_loss: LevelLoss,
        weights: OrderedWeights,
        optimisation: Optimisation = Optimisation(),  # noqa: B008 - frozen
    ) -> None:
        parts = {
            "squared": SquaredError(),
            "blurred": BlurredError(),
            "kl": OrderedKL(),
            "order": OrderError(),
            "level": LevelBetween(level_loss),
        }
        super().__init__(model, WeightedLoss(parts, asdict(weights)), optimisation)
        self.model: VariationalAutoencoder = model

    @override
    def pass_through(self, batch: Batch) -> Pass:
        if isinstance(batch, Tensor) or len(batch) < 2:
            raise TrainingError("An ordered latent space needs to be told where every patch belongs.")
        S, order = batch[:2]
        return Pass(self.model, S, self.model(S), order)


class OrderError(Loss):
    """Squared distance of the first latent dimensions from where patches belong on them."""

    @override
    def forward(self, passed: Pass) -> Tensor:
        order = _order(passed)
        return ((passed.output.mean[:, : order.shape[1]] - order) ** 2).sum(dim=1).mean()


class OrderedKL(Loss):
    """Divergence from the standard normal, of the ordered dimensions a tenth."""

    @override
    def forward(self, passed: Pass) -> Tensor:
        output, ordered = passed.output, _order(passed).shape[1]
        if output.log_var is None:
            return output.mean.new_zeros(())
        kl = kl_divergence(output.mean, output.log_var)
        # The ordered dimensions have their place already: enough pressure to stay smooth, not to lose precision.
        return _ORDERED_KL * kl[:ordered].sum() + kl[ordered:].sum()


class LevelBetween(Loss):
    """Loudness of what codes between those of the data decode to, as `LevelLoss` judges it.

    Args:
        level_loss: with the range that the data keeps.
    """

    def __init__(self, level_loss: LevelLoss) -> None:
        super().__init__()
        self.level_loss = level_loss

    @override
    def forward(self, passed: Pass) -> Tensor:
        between = codes_between(passed.output.mean.detach(), _order(passed))
        level: Tensor = self.level_loss(passed.model.decode_unclamped(between))
        return level


def codes_between(z: Tensor, order: Tensor) -> Tensor:
    """Codes of no training item: on lines between two of them, and all over the plane of the ordered dimensions.

    Args:
        z: codes of a batch, [batch, latent_dim].
        order: targets of the ordered dimensions, [batch, ordered].
    """
    share = torch.rand(len(z), 1, device=z.device)
    between = z * share + z.roll(1, 0) * (1.0 - share)
    ordered = order.shape[1]
    # Half of them keep one item's place along the first dimension and another's along the second.
    plane = torch.stack([order[:, n].roll(n + 1) for n in range(ordered)], dim=1) * 1.1
    rest = between[:, ordered:] * torch.rand(len(z), 1, device=z.device)
    half = len(z) // 2
    return torch.cat([between[:half], torch.cat([plane, rest], dim=1)[half:]])


def _order(passed: Pass) -> Tensor:
    if passed.order is None:
        raise TrainingError("An ordered latent space needs to be told where every patch belongs.")
    return passed.order
