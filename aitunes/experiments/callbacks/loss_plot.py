"""Draws the losses over the epochs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import matplotlib
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, MaxNLocator, NullFormatter
from typing_extensions import override

from aitunes.experiments.callbacks.loss_history import LossHistory
from aitunes.experiments.history import Row
from aitunes.figures import new_figure, png_bytes

_DECADE, _FEW_DECADES = 10.0, 1e3
_STYLES = {"train": "-", "validation": "--"}


class LossPlot(Callback):
    """Draws a history while it grows, and when the training ends or fails: the total, and its parts.

    Args:
        history: that it draws; it comes before this callback.
        path: of the PNG file.
        pause: seconds at least between two drawings: short epochs shall not wait for their picture.
        clock: seconds.
    """

    def __init__(
        self, history: LossHistory, path: Path, pause: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.history = history
        self.path = path
        self.pause = pause
        self.clock = clock
        self._drawn = clock()

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.clock() - self._drawn >= self.pause:
            self._draw(trainer)

    @override
    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._draw(trainer)

    @override
    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._draw(trainer)

    def _draw(self, trainer: Trainer) -> None:
        if trainer.is_global_zero and self.history.rows:
            plot_history(self.history.rows, self.path)
            self._drawn = self.clock()


def plot_history(rows: list[Row], path: Path) -> None:
    """Write the picture of `history_figure`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_bytes(history_figure(rows)))


def history_figure(rows: list[Row]) -> Figure:
    """Draw a history, 900 × 700, the total above its parts, logarithmic where the values span a decade."""
    figure = new_figure(9.0, 7.0)
    total, parts = figure.subplots(2, 1, sharex=True)
    names = list(dict.fromkeys(name.split("/")[1] for row in rows for name in row if name.split("/")[0] in _STYLES))
    _draw(total, rows, [name for name in names if name == "loss"])
    _draw(parts, rows, [name for name in names if name not in ("loss", "usage")])
    total.set(title="loss, weighted and summed", ylabel="loss")
    parts.set(title="its parts, not weighted", xlabel="epoch", ylabel="loss")
    return figure


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
    if values and 0.0 < _DECADE * min(values) < max(values):
        axes.set_yscale("log")
        if max(values) < _FEW_DECADES * min(values):  # powers of ten alone may be one number
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
            axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
    if names:
        axes.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
