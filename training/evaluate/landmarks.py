"""Makes the map of a release: some training items at their pad positions."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from aitunes.experiments.latent_pictures import pc_label
from aitunes.features import FloatArray
from aitunes.figures import literal, new_figure, png_bytes, scatter_by_label
from aitunes.modules.base import Autoencoder
from aitunes.release.card import LatentSpace
from aitunes.release.reader import Landmarks
from training.data.corpus import Corpus, Part
from training.evaluate.inference import codes_of

MAP_PICTURE = "map.png"
LANDMARKS = 600
_LOUD_DB = -15.0


def find_landmarks(
    model: Autoencoder, corpus: Corpus, count: int = LANDMARKS
) -> tuple[FloatArray, NDArray[np.str_], NDArray[np.str_]]:
    """Encode what the map shows: codes [items, latent_dim], their labels and their names.

    Of notes that is every note, a mean over the frames in which it is loud; of anything else, training segments, spread
    evenly over the data.
    """
    if corpus.train.conditions is None:
        some = corpus.train.some(count)
        return codes_of(model, np.asarray(some.S)), some.labels, some.names
    parts = [_notes(model, part) for part in (corpus.train, corpus.held)]
    codes, labels, names = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return codes, labels, names


def _notes(model: Autoencoder, part: Part) -> tuple[FloatArray, NDArray[np.str_], NDArray[np.str_]]:
    loud = np.ones(len(part), bool) if part.conditions is None else part.conditions[:, 1] > _LOUD_DB
    part = part.of(np.flatnonzero(loud))
    names, first, note = np.unique(part.names, return_index=True, return_inverse=True)
    codes = np.zeros((len(names), model.latent_dim))
    np.add.at(codes, note, codes_of(model, np.asarray(part.S)))
    return (codes / np.bincount(note)[:, None]).astype(np.float32), part.labels[first], names


def pad_positions(codes: FloatArray, latent: LatentSpace) -> FloatArray:
    """Return the pad positions of codes [items, latent_dim]: their first two coordinates, 0..1 between its edges."""
    low, high = np.asarray(latent.pad_range)[:2].T
    width = np.maximum(high - low, 1e-9)  # a collapsed latent space has no width at all
    return np.asarray(np.clip((latent.coordinates(codes)[:, :2] - low) / width, 0.0, 1.0), dtype=np.float32)


def pad_codes(positions: NDArray[np.floating], latent: LatentSpace) -> FloatArray:
    """Return the codes of points [items, 2] on the pad, 0..1; all other coordinates stay at the mean."""
    low, high = np.asarray(latent.pad_range)[:2].T
    coordinates = np.zeros((len(positions), len(latent.mean)))
    coordinates[:, :2] = low + (high - low) * np.asarray(positions)
    return latent.codes(coordinates)


def map_npz(landmarks: Landmarks) -> bytes:
    """Encode the contents of `map.npz`."""
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
    """Draw the map, 800 × 640, coloured by label."""
    figure, share = new_figure(8.0, 6.4), latent.explained_variance
    axes = scatter_by_label(figure, landmarks.positions, landmarks.labels, 22.0)
    axes.set(
        title=literal(title, 80),
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        xlabel=f"pad x: {pc_label(0, share[0])}",
        ylabel=f"pad y: {pc_label(1, share[1])}",
    )
    return png_bytes(figure)
