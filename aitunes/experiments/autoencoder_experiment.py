"""How an autoencoder is trained: its losses, weighted and logged by name, and its optimiser."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from lightning import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from typing_extensions import override

from aitunes.modules.base import AutoencoderOutput
from aitunes.modules.losses import LevelLoss, kl_divergence, multi_resolution_error, squared_error
from aitunes.modules.variational import VariationalAutoencoder

Batch = tuple[Tensor, Tensor]
"""Patches S [batch, n_mels, frames] and where they belong on the first two dimensions, [batch, 2]."""


@dataclass(frozen=True)
class LossWeights:
    """What each loss counts, against 1 for the squared error summed over a patch."""

    blurred: float = 1.0
    kl: float = 0.02
    order: float = 0.5
    level: float = 0.05


class AutoencoderExperiment(LightningModule):
    """Trains a variational autoencoder whose first two dimensions follow given attributes.

    Args:
        model: what is trained.
        level_loss: keeps the codes between the data's audible.
        weights: of the losses.
        learning_rate: at its peak, see `warm_up_and_decay`.
    """

    def __init__(
        self,
        model: VariationalAutoencoder,
        level_loss: LevelLoss,
        weights: LossWeights,
        learning_rate: float = 2e-3,
    ) -> None:
        super().__init__()
        self.model = model
        self.level_loss = level_loss
        self.weights = asdict(weights)
        self.learning_rate = learning_rate

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Every loss of a batch by name, not yet weighted."""
        S, order = batch
        output = self.model(S)
        ordered = order.shape[1]
        between = self.model.decode_unclamped(_codes_between(output.mean.detach(), order))
        return {
            "squared": squared_error(output.reconstruction, S),
            "blurred": multi_resolution_error(output.reconstruction, S),
            "kl": _kl(output, ordered),
            "order": ((output.mean[:, :ordered] - order) ** 2).sum(dim=1).mean(),
            "level": self.level_loss(between),
        }

    def _common_step(self, batch: Batch, stage: str) -> Tensor:
        losses = self.losses(batch)
        total = torch.stack([self.weights.get(name, 1.0) * loss for name, loss in losses.items()]).sum()
        self.log(f"{stage}/loss", total, prog_bar=True, on_step=False, on_epoch=True, batch_size=len(batch[0]))
        named = {f"{stage}/{name}": loss for name, loss in losses.items()}
        self.log_dict(named, on_step=False, on_epoch=True, batch_size=len(batch[0]))
        return total

    @override
    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self._common_step(batch, "train")

    @override
    def validation_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self._common_step(batch, "validation")

    @override
    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimizer = torch.optim.Adam(self.model.parameters(), self.learning_rate)
        steps = max(1, int(self.trainer.estimated_stepping_batches))
        # A function of the step alone: nothing in the checkpoint ties a resumed run to the length first asked for.
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: warm_up_and_decay(step / steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


_WARM_UP = 0.2
_FIRST_RATE = 0.04


def warm_up_and_decay(progress: float) -> float:
    """Share of the peak learning rate: a half-cosine up, another one down to 0.

    Args:
        progress: share of all steps done; beyond 1 it stays 0.

    Reference:
        Smith & Topin, *Super-convergence: very fast training of neural networks using large learning rates*, 2019.
    """
    if progress < _WARM_UP:
        return _FIRST_RATE + (1.0 - _FIRST_RATE) * (0.5 - 0.5 * math.cos(math.pi * progress / _WARM_UP))
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, (progress - _WARM_UP) / (1.0 - _WARM_UP)))


_ORDERED_KL = 0.1


def _kl(output: AutoencoderOutput, ordered: int) -> Tensor:
    if output.log_var is None:
        return output.mean.new_zeros(())
    kl = kl_divergence(output.mean, output.log_var)
    # The ordered dimensions have their place already: enough pressure to stay smooth, not to lose precision.
    return _ORDERED_KL * kl[:ordered].sum() + kl[ordered:].sum()


def _codes_between(z: Tensor, order: Tensor) -> Tensor:
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
