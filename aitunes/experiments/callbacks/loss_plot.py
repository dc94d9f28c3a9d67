"""The losses over the epochs, in a picture."""

from __future__ import annotations

from pathlib import Path

import matplotlib
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from typing_extensions import override

from aitunes.experiments.callbacks.loss_history import LossHistory, Row

_STYLES = {"train": "-", "validation": "--"}


class LossPlot(Callback):
    """Draws a history after every epoch: the total, and its parts.

    Args:
        history: that it draws; it comes before this callback.
        path: of the PNG file.
    """

    def __init__(self, history: LossHistory, path: Path) -> None:
        self.history = history
        self.path = path

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.is_global_zero and self.history.rows:
            plot_history(self.history.rows, self.path)


def plot_history(rows: list[Row], path: Path) -> None:
    """Draw a history, 900 × 700, the total above its parts, both logarithmic."""
    figure = Figure(figsize=(9.0, 7.0), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    total, parts = figure.subplots(2, 1, sharex=True)
    names = list(dict.fromkeys(name.split("/")[1] for row in rows for name in row if name.split("/")[0] in _STYLES))
    _draw(total, rows, [name for name in names if name == "loss"])
    _draw(parts, rows, [name for name in names if name not in ("loss", "usage")])
    total.set(title="loss, weighted and summed", ylabel="loss")
    parts.set(title="its parts, not weighted", xlabel="epoch", ylabel="loss")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})


def _draw(axes: Axes, rows: list[Row], names: list[str]) -> None:
    colours = matplotlib.colormaps["tab10"]
    values: list[float] = []
    for n, name in enumerate(names):
        for stage, style in _STYLES.items():
            points = [(row["epoch"], row[key]) for row in rows if (key := f"{stage}/{name}") in row]
            if points:
                epochs, losses = zip(*points, strict=True)
                values.extend(losses)
                marker = "." if len(points) < 30 else ""
                axes.plot(epochs, losses, style, marker=marker, color=colours(n % 10), label=f"{stage} {name}")
    if values and min(values) > 0.0:
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
    if names:
        axes.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
