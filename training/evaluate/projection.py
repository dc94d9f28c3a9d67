"""Projects a corpus in a model's latent space to two dimensions: principal components, and UMAP if it is installed.

Reference:
    McInnes, Healy & Melville, *UMAP: Uniform Manifold Approximation and Projection*, 2018.
"""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aitunes.experiments.latent_pictures import principal_plane
from aitunes.features import FloatArray
from training.data.corpus import Corpus, Part
from training.evaluate.inference import codes_of
from training.evaluate.pictures import codes_png, scatter_png
from training.fit.trained import Trained

MAX_ITEMS = 5_000
_NEIGHBOURS = 15


def project(trained: Trained, corpus: Corpus, to: Path, seed: int = 0) -> list[Path]:
    """Write `codes.csv`, `pca.png` and, where umap-learn is installed, `umap.png`.

    Args:
        to: their folder.
        seed: of UMAP.

    Returns:
        What was written.
    """
    parts = [corpus.train.some(MAX_ITEMS), corpus.held.some(MAX_ITEMS)]
    codes = np.concatenate([codes_of(trained.experiment.model, np.asarray(part.S)) for part in parts])
    labels = np.concatenate([part.labels for part in parts])
    title = f"{trained.case.name} {trained.scenario.name}"
    to.mkdir(parents=True, exist_ok=True)
    planes = {"pca": principal_plane(codes)[0]}
    (to / "pca.png").write_bytes(codes_png(codes, labels, title))
    written = [to / "pca.png"]
    if importlib.util.find_spec("umap") is not None and len(codes) > _NEIGHBOURS:
        planes["umap"] = _umap(codes, seed)
        picture = scatter_png(planes["umap"], labels, f"{title}: codes of the data, UMAP", ("UMAP 1", "UMAP 2"))
        (to / "umap.png").write_bytes(picture)
        written.append(to / "umap.png")
    _write_table(to / "codes.csv", parts, codes, planes)
    return [to / "codes.csv", *written]


def _umap(codes: FloatArray, seed: int) -> NDArray[np.float64]:
    import umap

    return np.asarray(umap.UMAP(n_neighbors=_NEIGHBOURS, random_state=seed, n_jobs=1).fit_transform(codes), np.float64)


def _write_table(path: Path, parts: list[Part], codes: FloatArray, planes: dict[str, NDArray[np.float64]]) -> None:
    halves = ["train"] * len(parts[0]) + ["held out"] * len(parts[1])
    names, labels = (np.concatenate([getattr(part, field) for part in parts]) for field in ("names", "labels"))
    columns = [f"{plane}_{axis}" for plane in planes for axis in (1, 2)]
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["name", "label", "half", *columns, *(f"z{n}" for n in range(codes.shape[1]))])
        for n, code in enumerate(codes):
            coordinates = [f"{value:.6g}" for plane in planes.values() for value in plane[n]]
            rows.writerow([names[n], labels[n], halves[n], *coordinates, *(f"{value:.6g}" for value in code)])
