"""The file of prepared patches: HDF5, written whole or not at all. docs/decisions/0004-feature-store.md says why."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aitunes.errors import AiTunesError, TrainingError
from aitunes.features import AudioFeatures, FloatArray

SCHEMA = 1
_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class StoreCard:
    """What a store says about itself.

    Args:
        name, licence: of the data set.
        features: how patches were made.
        seed, held_out: of the split.
        skipped: a sentence for each track that gave no patches.
        hash: SHA-256 of patches, names and labels, hexadecimal.
        statistics: mean, std, silent share of the patches' values; seconds of sound in them.
    """

    name: str
    licence: str
    features: AudioFeatures
    seed: int
    held_out: float
    skipped: tuple[str, ...] = ()
    hash: str = ""
    statistics: dict[str, float] | None = None


class FeatureStore:
    """Prepared patches on disk.

    Args:
        path: the file.

    Raises:
        TrainingError: it is not there, or no store.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise TrainingError(f"There are no prepared features in {path}; `aitunes-train prepare` makes them.")
        try:
            self._file = h5py.File(path, "r")
            self.card = _read_card(self._file)
            self.track_of: NDArray[np.int64] = self._file["track"][:].astype(np.int64)
            self.names: NDArray[np.str_] = np.char.decode(self._file["names"][:], "utf-8")
            self.labels: NDArray[np.str_] = np.char.decode(self._file["labels"][:], "utf-8")
            self.held: NDArray[np.bool_] = self._file["held"][:].astype(bool)
            self.S: h5py.Dataset = self._file["S"]
        except (OSError, KeyError, TypeError, ValueError, AiTunesError) as error:
            raise TrainingError(
                f"{path} is no file of prepared features, or a damaged one ({error}); prepare again."
            ) from error
        self.path = path

    def __len__(self) -> int:
        return len(self.track_of)

    def items(self, held: bool) -> NDArray[np.int64]:
        """The patches to train on, or those of the tracks held out, rising."""
        return np.flatnonzero(self.held[self.track_of] == held)

    def read(self, items: NDArray[np.int64]) -> FloatArray:
        """Some patches, in that order, [items, n_mels, frames]."""
        # HDF5 selects in rising order, each once.
        unique, back = np.unique(items, return_inverse=True)
        if len(unique) and unique[-1] - unique[0] + 1 == len(unique):
            return np.asarray(self.S[unique[0] : unique[-1] + 1])[back]
        return np.asarray(self.S[unique])[back]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def write_store(
    path: Path, card: StoreCard, tracks: tuple[NDArray[np.str_], NDArray[np.str_], NDArray[np.bool_]], parts: Parts
) -> StoreCard:
    """Write a store beside its name, then give it that name.

    Args:
        card: hash and statistics are filled in.
        tracks: names, labels, and whether they are held out, [tracks] each.
        parts: the patches of each track in turn, [items, n_mels, frames]; read twice: once counted, once copied.

    Returns:
        The whole card.
    """
    names, labels, held = tracks
    unfinished = path.with_name(path.name + ".part")
    try:
        with h5py.File(unfinished, "w") as file:
            counts = [len(part) for part in parts]
            file["track"] = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
            file["names"], file["labels"] = (np.char.encode(texts, "utf-8") for texts in (names, labels))
            file["held"] = held
            whole = _fill(file, card, parts, sum(counts), [*names, *labels])
            file.attrs["card"] = _card_json(whole)
        with unfinished.open("rb") as stream:
            os.fsync(stream.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return whole


Parts = Iterable[FloatArray]


def _fill(file: h5py.File, card: StoreCard, parts: Parts, count: int, texts: list[str]) -> StoreCard:
    features = card.features
    shape = (features.n_mels, features.frames)
    rows = max(1, min(count, _CHUNK_BYTES // (4 * shape[0] * shape[1])))
    S = file.create_dataset("S", (count, *shape), "float32", chunks=(rows, *shape))
    digest, at, sums = hashlib.sha256(), 0, np.zeros(3)
    for part in parts:
        S[at : at + len(part)] = part
        at += len(part)
        digest.update(np.ascontiguousarray(part).data)
        wide = part.astype(np.float64)
        sums += wide.sum(), (wide**2).sum(), (part == 0.0).sum()
    digest.update("\n".join([*texts, json.dumps(features.as_dict(), sort_keys=True)]).encode())
    mean, power, silent = sums / (count * shape[0] * shape[1])
    seconds = count * features.frames / features.frame_rate
    statistics = {"mean": mean, "std": max(0.0, power - mean**2) ** 0.5, "silent": silent, "seconds": seconds}
    rounded = {name: round(float(value), 6) for name, value in statistics.items()}
    return StoreCard(
        card.name, card.licence, features, card.seed, card.held_out, card.skipped, digest.hexdigest(), rounded
    )


def _card_json(card: StoreCard) -> str:
    values: dict[str, Any] = {"schema": SCHEMA, **card.__dict__, "features": card.features.as_dict()}
    return json.dumps(values, sort_keys=True)


def _read_card(file: h5py.File) -> StoreCard:
    values = json.loads(file.attrs["card"])
    version = values.pop("schema")
    if version != SCHEMA:
        raise ValueError(f"schema {version}, this AiTunes reads {SCHEMA}")
    return StoreCard(
        **{**values, "features": AudioFeatures.from_dict(values["features"]), "skipped": tuple(values["skipped"])}
    )
