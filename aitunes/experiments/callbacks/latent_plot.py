"""Draws the codes of the held-out data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from aitunes.experiments.autoencoder_experiment import AutoencoderExperiment, segments_of
from aitunes.features import FloatArray
from aitunes.figures import literal, new_figure, png_bytes, scatter_by_label

MAX_CODES = 2_000


class LatentPlot(Callback):
    """Draws the codes of validation items on their first two principal components, coloured by label.

    A batch's second tensor, where it is one whole number an item, is the label.

    Args:
        folder: for `epoch-0001.png` and so on.
        every: epochs between pictures.
        names: of the labels, in order.
    """

    def __init__(self, folder: Path, every: int = 1, names: Sequence[str] = ()) -> None:
        if every < 1:
            raise ValueError(f"Pictures are drawn every 1 or more epochs, not {every}.")
        self.folder = folder
        self.every = every
        self.names = tuple(names)
        self._codes: list[Tensor] = []
        self._labels: list[Tensor] = []

    @override
    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if not self._due(trainer) or sum(map(len, self._codes)) >= MAX_CODES:
            return
        if not isinstance(pl_module, AutoencoderExperiment):
            raise TypeError(f"Codes are those of an AutoencoderExperiment, not of a {type(pl_module).__name__}.")
        S = segments_of(batch)
        with torch.no_grad():
            self._codes.append(pl_module.model.encode(S).float().cpu())
        second = batch[1] if not isinstance(batch, Tensor) and len(batch) > 1 else None
        has_labels = second is not None and second.dim() == 1 and not second.is_floating_point()
        self._labels.append(
            second.cpu() if second is not None and has_labels else torch.zeros(len(S), dtype=torch.long)
        )

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self._codes and trainer.is_global_zero:
            codes, labels = torch.cat(self._codes).numpy(), torch.cat(self._labels).numpy()
            epoch = trainer.current_epoch + 1
            path = self.folder / f"epoch-{epoch:04d}.png"
            plot_codes(codes, labels, self.names, f"codes after epoch {epoch}", path)
        self._codes, self._labels = [], []

    def _due(self, trainer: Trainer) -> bool:
        return not trainer.sanity_checking and (trainer.current_epoch + 1) % self.every == 0


def principal_plane(codes: FloatArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project codes [items, latent_dim] on their first two principal components, [items, 2]; also their shares.

    A code of one number has 0 for its second coordinate.
    """
    centred = codes.astype(np.float64) - codes.mean(axis=0)
    _, values, directions = np.linalg.svd(centred, full_matrices=False)
    share = values**2 / max(float((values**2).sum()), 1e-30)
    plane, shares = np.zeros((len(codes), 2)), np.zeros(2)
    count = min(2, len(values))
    plane[:, :count], shares[:count] = centred @ directions[:count].T, share[:count]
    return plane, shares


def pc_label(index: int, share: float) -> str:
    """Label the axis of a principal component, counted from 0, with its share of the variance.

    >>> pc_label(0, 0.214)
    'PC 1 (21 % of variance)'
    """
    return f"PC {index + 1} ({100.0 * share:.0f} % of variance)"


def plot_codes(codes: FloatArray, labels: NDArray[np.int64], names: Sequence[str], title: str, path: Path) -> None:
    """Draw codes, 800 × 640.

    Args:
        codes: [items, latent_dim].
        labels: whole numbers, [items].
        names: of the labels, in order; without them their numbers are shown.
    """
    figure, (plane, shares) = new_figure(8.0, 6.4), principal_plane(codes)
    texts = np.array([names[label] if label < len(names) else str(label) for label in labels.tolist()], dtype=np.str_)
    axes = scatter_by_label(figure, plane, texts, 10.0)
    axes.set(title=literal(title, 80), xlabel=pc_label(0, shares[0]), ylabel=pc_label(1, shares[1]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_bytes(figure))
