"""Draws what a model has learnt: reconstructions, the use of its latent dimensions, and its codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from aitunes.experiments.latent_pictures import pc_label, principal_plane
from aitunes.features import AudioFeatures, FloatArray
from aitunes.figures import literal, new_figure, png_bytes, scatter_by_label

_DIFFERENCE = 0.3


@dataclass(frozen=True)
class TrackPicture:
    """Holds what is drawn of one track, each [bands, frames], 0..1.

    Args:
        name: of the track, with its label.
        original, reconstruction: some seconds of it.
        pca: the same seconds by principal components, as many as the code has numbers.
    """

    name: str
    original: FloatArray
    reconstruction: FloatArray
    pca: FloatArray


def tracks_png(tracks: Sequence[TrackPicture], features: AudioFeatures, latent_dim: int) -> bytes:
    """Return the picture of `tracks_figure`."""
    return png_bytes(tracks_figure(tracks, features, latent_dim))


def tracks_figure(tracks: Sequence[TrackPicture], features: AudioFeatures, latent_dim: int) -> Figure:
    """Draw seconds of tracks, a row each: original, reconstruction, and PCA of the same size beside them."""
    figure = new_figure(13.0, 0.8 + 2.6 * len(tracks))
    grid = figure.subplots(len(tracks), 3, squeeze=False, sharey=True)
    titles = ("original", "reconstruction", f"PCA of {latent_dim} components")
    for row, track in zip(grid, tracks, strict=True):
        for axes, title, S in zip(row, titles, (track.original, track.reconstruction, track.pca), strict=True):
            drawn = _draw(axes, S, "magma", 0.0, 1.0, features)
            error = "" if S is track.original else f", error {float(((S - track.original) ** 2).mean()):.2g}"
            axes.set_title(f"{title}{error}", fontsize=9)
        row[0].set_ylabel(f"{literal(track.name)}\n{_unit(2, features)[0]}")
    for axes in grid[-1]:
        axes.set_xlabel("seconds")
    if drawn is not None:
        figure.colorbar(drawn, ax=grid, label="normalised log-mel" if features.scale == "mel" else "normalised log")
    return figure


def reconstructions_png(
    S: FloatArray, decoded: FloatArray, names: Sequence[str], features: AudioFeatures | None
) -> bytes:
    """Draw segments above their reconstructions above the difference.

    Args:
        S, decoded: [items, *input_shape].
        names: of the items.
        features: of audio, for the axes' units.
    """
    figure = new_figure(2.6 * len(S) + 1.2, 7.2)
    grid = figure.subplots(3, len(S), squeeze=False, sharex=True, sharey=True)
    for n in range(len(S)):
        original, reconstruction = S[n], decoded[n]
        for axes, values in zip(grid[:2, n], (original, reconstruction), strict=True):
            last = _draw(axes, values, "magma" if values.ndim == 2 else "gray", 0.0, 1.0, features)
        difference = _draw(grid[2, n], reconstruction - original, "RdBu_r", -_DIFFERENCE, _DIFFERENCE, features)
        grid[0, n].set_title(literal(names[n]), fontsize=9)
    for axes, kind in zip(grid[:, 0], ("original", "reconstruction", "difference"), strict=True):
        axes.set_ylabel(f"{kind}\n{_unit(S[0].ndim, features)[0]}")
    for axes in grid[2]:
        axes.set_xlabel(_unit(S[0].ndim, features)[1])
    if last is not None and difference is not None:
        figure.colorbar(last, ax=grid[:2, :], label="normalised log-mel" if features else "value", shrink=0.6)
        figure.colorbar(difference, ax=grid[2, :], label="difference")
    return png_bytes(figure)


def _draw(
    axes: Axes, values: FloatArray, colours: str, low: float, high: float, features: AudioFeatures | None
) -> matplotlib.cm.ScalarMappable | None:
    if values.ndim == 1:
        axes.bar(np.arange(len(values)), values)
        return None
    if features is not None and values.ndim == 2:
        extent = (0.0, values.shape[1] / features.frame_rate, 0.0, float(values.shape[0]))
        return axes.imshow(values, cmap=colours, vmin=low, vmax=high, origin="lower", aspect="auto", extent=extent)
    picture = np.moveaxis(values, 0, -1).squeeze()
    if picture.ndim == 3 and low < 0.0:
        picture = picture.mean(axis=2)
    return axes.imshow(picture if low < 0.0 else np.clip(picture, 0.0, 1.0), cmap=colours, vmin=low, vmax=high)


def _unit(dimensions: int, features: AudioFeatures | None) -> tuple[str, str]:
    if features is not None:
        return "mel band" if features.scale == "mel" else "bin", "seconds"
    return ("value", "dimension") if dimensions == 1 else ("pixel", "pixel")


def samples_png(S: FloatArray, features: AudioFeatures | None) -> bytes:
    """Draw decoded codes [items, *input_shape], side by side."""
    figure = new_figure(2.2 * min(len(S), 8) + 0.8, 2.4 * -(-len(S) // 8) + 0.4)
    grid = figure.subplots(-(-len(S) // 8), min(len(S), 8), squeeze=False, sharex=True, sharey=True)
    for n, axes in enumerate(grid.flat):
        if n < len(S):
            _draw(axes, S[n], "magma" if S[n].ndim == 2 else "gray", 0.0, 1.0, features)
            axes.set_title(f"sample {n + 1}", fontsize=9)
        else:
            axes.axis("off")
    vertical, horizontal = _unit(S[0].ndim, features)
    grid[0, 0].set_ylabel(vertical)
    for axes in grid[-1]:
        axes.set_xlabel(horizontal)
    return png_bytes(figure)


def usage_png(std: NDArray[np.float64], kl_nats: NDArray[np.float64] | None, title: str) -> bytes:
    """Draw how much each latent dimension varies over the data and, if variational, its divergence; 900 × 600."""
    figure = new_figure(9.0, 6.0)
    grid = figure.subplots(1 if kl_nats is None else 2, 1, squeeze=False, sharex=True)[:, 0]
    order = np.argsort(-std, kind="stable")
    grid[0].bar(np.arange(len(std)), std[order], color="tab:blue", width=0.9)
    grid[0].set(
        title=f"{literal(title, 60)}: use of the latent dimensions, sorted", ylabel="standard deviation\nof the codes"
    )
    if kl_nats is not None:
        grid[1].bar(np.arange(len(std)), kl_nats[order], color="tab:orange", width=0.9)
        grid[1].set(ylabel="divergence from\nthe prior, nats")
    grid[-1].set(xlabel="latent dimension, most used first")
    for axes in grid:
        axes.grid(alpha=0.25, axis="y")
    return png_bytes(figure)


def codes_png(codes: FloatArray, labels: NDArray[np.str_], title: str) -> bytes:
    """Draw codes on their first two principal components, coloured by label; 800 × 640."""
    plane, shares = principal_plane(codes)
    units = [pc_label(n, share) for n, share in enumerate(shares)]
    return scatter_png(plane, labels, f"{title}: codes of the data", (units[0], units[1]))


def scatter_png(plane: NDArray[np.float64], labels: NDArray[np.str_], title: str, units: tuple[str, str]) -> bytes:
    """Draw points [items, 2] coloured by label [items]; 800 × 640."""
    figure = new_figure(8.0, 6.4)
    axes = scatter_by_label(figure, plane, labels, 14.0)
    axes.set(title=literal(title, 80), xlabel=units[0], ylabel=units[1])
    return png_bytes(figure)
