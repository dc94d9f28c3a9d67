"""Draws the codes of the held-out data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from aitunes.experiments.autoencoder_experiment import AutoencoderExperiment, segments_of
from aitunes.features import FloatArray

MAX_CODES = 2_000
_MAX_LABELS = 20


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
    figure = Figure(figsize=(8.0, 6.4), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    plane, shares = principal_plane(codes)
    kinds = np.unique(labels)
    colours = matplotlib.colormaps["tab10" if len(kinds) <= 10 else "tab20"]
    for n, kind in enumerate(kinds):
        name = names[kind] if kind < len(names) else str(kind)
        x, y = plane[labels == kind].T
        axes.scatter(x, y, s=10, color=colours(n % colours.N), label=name, alpha=0.8, linewidths=0)
    axes.set(
        title=title,
        xlabel=pc_label(0, shares[0]),
        ylabel=pc_label(1, shares[1]),
    )
    axes.grid(alpha=0.25)
    if 1 < len(kinds) <= _MAX_LABELS:
        figure.legend(loc="outside right upper", frameon=False, markerscale=2.0)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
