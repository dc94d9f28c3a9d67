"""Draws figures that no window owns, with names of files and folders as they are: `$` and emoji included."""

from __future__ import annotations

import io
import warnings

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

MAX_LEGEND = 20
_MAX_NAME = 28


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure, hundreds of pixels."""
    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def png_bytes(figure: Figure) -> bytes:
    """Encode a figure as PNG; letters that the font lacks become boxes without a word."""
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def literal(name: str, length: int = _MAX_NAME) -> str:
    """Shorten a name to its end, and keep Matplotlib from reading `$` as mathematics.

    >>> literal("a$b$c"), literal("x" * 40 + ".wav", 10)
    ('a\\\\$b\\\\$c', '…xxxxx.wav')
    """
    name = name if len(name) <= length else "…" + name[1 - length :]
    return " ".join(name.split()).replace("$", r"\$")


def scatter_by_label(figure: Figure, points: NDArray[np.floating], labels: NDArray[np.str_], size: float) -> Axes:
    """Draw points [items, 2] coloured by label [items], with a legend of at most 20 labels, the most frequent ones."""
    axes = figure.add_subplot()
    names, counts = np.unique(labels, return_counts=True)
    named = set(names[np.argsort(-counts, kind="stable")][:MAX_LEGEND].tolist())
    colours = matplotlib.colormaps["tab10" if len(names) <= 10 else "tab20"]
    for n, name in enumerate(names):
        x, y = points[labels == name].T
        # A label that begins with an underscore would be taken for a hidden one; an empty one too.
        text = "\u200b" + literal(str(name)) if name in named else None
        axes.scatter(x, y, s=size, color=colours(n % colours.N), label=text, alpha=0.8, linewidths=0)
    legend = figure.legend(loc="outside right upper", frameon=False, markerscale=1.5)
    if len(names) > len(named):
        legend.set_title(f"{len(named)} of {len(names)} labels")
    axes.grid(alpha=0.25)
    return axes
