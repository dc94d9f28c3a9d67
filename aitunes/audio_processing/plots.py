"""Draws pictures of sounds on matplotlib figures that no window owns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from aitunes.audio_processing.spectrograms import RANGE_DB
from aitunes.errors import AiTunesError
from aitunes.features import AudioFeatures, FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Kind = Literal["wave", "spec", "log_spec", "mel", "log_mel", "mfccs"]


class PlotError(AiTunesError, ValueError):
    """Says why a picture cannot be drawn or shown."""


@dataclass(frozen=True)
class Look:
    """Describes how one kind of spectrogram is drawn.

    Args:
        title: of its panel.
        scale: of its vertical axis: "linear", "log" or "mel" in Hz, or "count".
        bar: label of the colour bar.
        relative: draw decibels below the loudest value.
    """

    title: str
    scale: str
    bar: str
    relative: bool = False


LOOKS: dict[str, Look] = {
    "spec": Look("Spectrogram", "linear", "Magnitude"),
    "log_spec": Look("Log spectrogram", "log", "Level (dB re loudest)", True),
    "mel": Look("Mel spectrogram", "mel", "Magnitude"),
    "log_mel": Look("Log mel spectrogram", "mel", "Level (dB re loudest)", True),
    "mfccs": Look("MFCC, without coefficient 0 (the level)", "count", "Value (dB)"),
}

COLOURS = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple", "tab:brown", "tab:pink", "tab:cyan")

WIDTH_INCHES, PANEL_INCHES, DPI = 8.0, 2.2, 100
_COLUMNS, _ROWS = 800, 300  # more is finer than the pixels
_LEGEND_LETTERS = 110  # in a row
_LOWEST_HZ = 30.0  # of a logarithmic axis
_SILENT_DB = -20.0  # with less than this nothing is loud

_TICKS_HZ = {
    "log": (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000),
    "mel": (0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000),
}


def check_kinds(kinds: Sequence[str]) -> None:
    """Refuse kinds of pictures that are unknown."""
    unknown = [kind for kind in kinds if kind not in get_args(Kind)]
    if unknown or not kinds:
        raise PlotError(f"There is no plot {', '.join(unknown)!r}; choose from {', '.join(get_args(Kind))}.")


def new_figure(panels: int, window: bool = False) -> Figure:
    """Make an empty figure, 800 pixels wide, high enough for so many panels.

    Args:
        window: let pyplot own it, so that it can be shown.

    Raises:
        PlotError: a window is wanted where none can open.
    """
    size = (WIDTH_INCHES, 0.5 + PANEL_INCHES * panels)
    if not window:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=size, dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        return figure
    from matplotlib import pyplot
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = pyplot.figure(figsize=size, dpi=DPI, layout="constrained")
    if type(figure.canvas) is FigureCanvasAgg:
        pyplot.close(figure)
        raise PlotError("There is no screen to show a plot on; pass headless=True and save_to_dir.")
    return figure


def new_axes(figure: Figure, kinds: Sequence[str]) -> list[Axes]:
    """Stack panels of equal width, with or without a colour bar beside them."""
    grid = figure.add_gridspec(len(kinds), 2, width_ratios=(40, 1))
    axes = []
    for row, kind in enumerate(kinds):
        ax = figure.add_subplot(grid[row, 0])
        if kind != "wave":
            ax.colour_bar_axes = figure.add_subplot(grid[row, 1])  # type: ignore[attr-defined]
        axes.append(ax)
    return axes


def draw_wave(
    ax: Axes, y: FloatArray, sample_rate: int, color: str = COLOURS[0], alpha: float = 1.0, label: str = ""
) -> None:
    """Draw a waveform [samples] over time, or the outline of a long one. Several may share the axes."""
    seconds = y.size / sample_rate
    longest = max(seconds, ax.get_xlim()[1]) if ax.has_data() else seconds
    if y.size > 4 * _COLUMNS:
        starts = np.arange(0, y.size, y.size // _COLUMNS)
        low, high = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
        ax.fill_between(starts / sample_rate, low, high, color=color, alpha=alpha, linewidth=0.5, label=label)
    else:
        ax.plot(np.arange(y.size) / sample_rate, y, color=color, alpha=alpha, linewidth=1.0, label=label)
    ax.set_title("Waveform", fontsize="medium")
    ax.set(xlabel="Time (s)", ylabel="Amplitude", xlim=(0.0, longest))
    ax.grid(alpha=0.3)


def add_legend(ax: Axes, labels: Sequence[str]) -> None:
    """Name the waveforms, in room made for it below them."""
    widest = max(len(label) for label in labels) + 8
    columns = max(1, min(len(labels), _LEGEND_LETTERS // widest))
    rows = -(-len(labels) // columns)
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom - (0.06 + 0.11 * rows) * (top - bottom), top)
    legend = ax.legend(
        loc="lower left", ncols=columns, fontsize="x-small", frameon=False, borderaxespad=0.2, labelspacing=0.2
    )
    legend.set_in_layout(False)


def shortened(label: str, letters: int = 60) -> str:
    """Shorten a label so that it fits over a plot; the middle of a long one is left out.

    >>> shortened("abcdefghij", 7)
    'abc…hij'
    """
    half = (letters - 1) // 2
    return label if len(label) <= letters else f"{label[:half]}…{label[-half:]}"


def draw_spectrogram(ax: Axes, kind: str, S: FloatArray, features: AudioFeatures, seconds: float) -> None:
    """Draw a spectrogram or MFCCs [rows, frames] of centred frames, with a colour bar.

    Args:
        seconds: how long the sound lasts.
    """
    look = LOOKS[kind]
    values, row_edges = _rows(S, look.scale, features)
    columns = np.arange(0, S.shape[1], -(-S.shape[1] // _COLUMNS))
    values = values[:, columns] if look.scale == "count" else np.maximum.reduceat(values, columns, axis=1)
    frame_seconds = features.hop_length / features.sample_rate
    column_edges = (np.append(columns, S.shape[1]) - 0.5) * frame_seconds
    column_edges[-1] = max(column_edges[-1], seconds)
    if look.relative:
        values = values - max(values.max(), _SILENT_DB)
    mesh = ax.pcolormesh(column_edges, row_edges, values, rasterized=True, **_colours(look, values))
    _scale_rows(ax, look.scale, row_edges)
    ax.set_title(look.title, fontsize="medium")
    ax.set(xlabel="Time (s)", xlim=(0.0, seconds))
    beside = getattr(ax, "colour_bar_axes", None)
    outside = "both" if look.scale == "count" else "neither"
    assert ax.figure is not None
    ax.figure.colorbar(mesh, cax=beside, ax=None if beside else ax, label=look.bar, extend=outside)


def _rows(S: FloatArray, scale: str, features: AudioFeatures) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the rows as they are drawn, and the edges of each on the vertical axis.

    Of bins that are finer than pixels the loudest of several is drawn, so that no partial is lost.
    """
    if scale == "count":
        return S[1:] if len(S) > 1 else S, np.arange(min(1, len(S) - 1), len(S) + 1) - 0.5
    if scale == "mel":
        from librosa import hz_to_mel, mel_to_hz

        low, high = hz_to_mel([features.f_min, features.f_max])
        return S, mel_to_hz(low + (np.arange(len(S) + 1) + 0.5) * (high - low) / (len(S) + 1))
    if scale == "log":
        starts = np.unique(np.geomspace(1, len(S) - 1, _ROWS).astype(int))
    else:
        starts = np.arange(0, len(S), -(-len(S) // _ROWS))
    edges = (np.append(starts, len(S)) - 0.5) * features.sample_rate / features.n_fft
    return np.maximum.reduceat(S, starts, axis=0), np.minimum(edges, features.sample_rate / 2)


def _colours(look: Look, values: NDArray[Any]) -> dict[str, Any]:
    if look.relative:
        return {"cmap": "magma", "vmin": -RANGE_DB, "vmax": 0.0}
    if look.scale != "count":
        return {"cmap": "magma", "vmin": 0.0}
    # A few coefficients are much larger than the others, of which nothing would be seen.
    bound = float(np.percentile(np.abs(values), 95)) or 1.0
    return {"cmap": "RdBu_r", "vmin": -bound, "vmax": bound}


def _scale_rows(ax: Axes, scale: str, edges: NDArray[Any]) -> None:
    from matplotlib.ticker import MaxNLocator

    low, high = float(edges[0]), float(edges[-1])
    if scale == "count":
        ax.set(ylim=(low, high), ylabel="Coefficient")
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
        return
    if scale == "mel":
        from librosa import hz_to_mel, mel_to_hz

        ax.set_yscale("function", functions=(hz_to_mel, mel_to_hz))
    elif scale == "log":
        ax.set_yscale("log")
        low = max(low, min(_LOWEST_HZ, high / 2.0))
    candidates = _TICKS_HZ[scale] if scale in _TICKS_HZ else MaxNLocator(5).tick_values(low, high)
    ticks = [hz for hz in candidates if low <= hz <= high]
    ax.set_yticks(ticks, [f"{hz / 1000:g}k" if hz >= 1000 else f"{hz:g}" for hz in ticks])
    ax.yaxis.minorticks_off()
    ax.set(ylim=(low, high), ylabel="Frequency (Hz)")


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG; the folder is made if it lacks."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=DPI)
    except OSError as error:
        raise PlotError(f"{path} cannot be written: {error}.") from error


def show(figure: Figure) -> None:
    """Show a figure that pyplot owns, until its window is closed."""
    from matplotlib import pyplot

    pyplot.show()
    pyplot.close(figure)
