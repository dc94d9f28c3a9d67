"""The map of a release: some training items, where the pad finds them."""

from __future__ import annotations

import io

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from aitunes.features import FloatArray
from aitunes.modules.base import Autoencoder
from aitunes.release.card import LatentSpace
from aitunes.release.reader import Landmarks
from training.evaluate import codes_of
from training.prepare import PreparedData

LANDMARKS = 600


def find_landmarks(model: Autoencoder, data: PreparedData, latent: LatentSpace, most: int = LANDMARKS) -> Landmarks:
    """One landmark a clip, the patch in its middle, of at most `most` clips spread evenly over the data set."""
    clips, start, count = np.unique(data.clips, return_index=True, return_counts=True)
    chosen = np.unique(np.linspace(0, len(clips) - 1, min(most, len(clips))).round().astype(int))
    codes = codes_of(model, data.S[start[chosen] + count[chosen] // 2])
    clips = clips[chosen]
    return Landmarks(codes, pad_positions(codes, latent), data.labels[clips], data.names[clips])


def pad_positions(codes: FloatArray, latent: LatentSpace) -> FloatArray:
    """Where codes [items, latent_dim] lie on the pad: their first two coordinates, 0..1 between its edges."""
    low, high = np.asarray(latent.pad_range)[:2].T
    wide = np.maximum(high - low, 1e-9)  # a collapsed latent space has no width at all
    return np.asarray(np.clip((latent.coordinates(codes)[:, :2] - low) / wide, 0.0, 1.0), dtype=np.float32)


def pad_codes(positions: NDArray[np.floating], latent: LatentSpace) -> FloatArray:
    """Codes of points [items, 2] on the pad, 0..1; all other coordinates stay at the mean."""
    low, high = np.asarray(latent.pad_range)[:2].T
    coordinates = np.zeros((len(positions), len(latent.mean)))
    coordinates[:, :2] = low + (high - low) * np.asarray(positions)
    return latent.codes(coordinates)


def map_npz(landmarks: Landmarks) -> bytes:
    """The contents of `map.npz`."""
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        codes=landmarks.codes,
        positions=landmarks.positions,
        labels=landmarks.labels.astype(np.str_),
        sources=landmarks.sources.astype(np.str_),
    )
    return stream.getvalue()


def map_png(landmarks: Landmarks, latent: LatentSpace, title: str) -> bytes:
    """A picture of the map, 800 × 640, coloured by label."""
    figure = Figure(figsize=(8.0, 6.4), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    names = np.unique(landmarks.labels)
    colours = matplotlib.colormaps["tab10" if len(names) <= 10 else "tab20"]
    for n, name in enumerate(names):
        x, y = landmarks.positions[landmarks.labels == name].T
        axes.scatter(x, y, s=22, color=colours(n % colours.N), label=str(name), alpha=0.85, linewidths=0)
    share = latent.explained_variance
    axes.set(
        title=title,
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        xlabel=f"pad x: first principal direction ({share[0]:.0%} of the variance)",
        ylabel=f"pad y: second principal direction ({share[1]:.0%})",
    )
    axes.grid(alpha=0.25)
    figure.legend(loc="outside right upper", frameon=False)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
