"""The folder of prepared patches: shards, a table of tracks, and an index that is written last.

docs/decisions/0006-sharded-features.md says why.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aitunes.errors import AiTunesError, TrainingError
from aitunes.features import AudioFeatures, FloatArray
from aitunes.places import read_ranges, sizes, write_whole
from training.shards import shard_header, shard_size

SCHEMA = 2
INDEX = "index.json"


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


@dataclass(frozen=True)
class TrackTable:
    """The tracks of a store, in the order of their names.

    Args:
        names, labels: of each.
        held: whether it is kept for evaluation.
        items: how many patches it has.
        shard, row: where the first of them lies.
    """

    names: NDArray[np.str_]
    labels: NDArray[np.str_]
    held: NDArray[np.bool_]
    items: NDArray[np.int64]
    shard: NDArray[np.int64]
    row: NDArray[np.int64]


@dataclass(frozen=True)
class ShardFiles:
    """The shards of a store, readable by whoever has this: small, and sent to reading processes as it is.

    Args:
        folder: of the store.
        files: names of the shards.
        counts: patches in each.
        features: of them.
    """

    folder: Path
    files: tuple[str, ...]
    counts: tuple[int, ...]
    features: AudioFeatures

    def read(self, shard: int, rows: NDArray[np.integer]) -> FloatArray:
        """Some of its patches, rising and each once, [rows, n_mels, frames]."""
        offset = len(shard_header(self.counts[shard], self.features))
        breaks = np.flatnonzero(np.diff(rows) != 1) + 1
        runs = [(int(run[0]), int(run[-1]) + 1) for run in np.split(rows, breaks)]
        ranges = [(offset + first * self._row_bytes, offset + end * self._row_bytes) for first, end in runs]
        try:
            pieces = read_ranges(self.folder / self.files[shard], ranges)
            S = np.frombuffer(b"".join(pieces) if len(pieces) > 1 else pieces[0], "<f4")
            return S.reshape(len(rows), self.features.n_mels, self.features.frames)
        except (OSError, ValueError) as error:
            raise TrainingError(
                f"{self.folder / self.files[shard]} cannot be read ({error}); is its disk still there?"
            ) from error

    @property
    def _row_bytes(self) -> int:
        return 4 * self.features.n_mels * self.features.frames


class FeatureStore:
    """Prepared patches, wherever they lie. Patches are numbered by the order of their tracks' names.

    Args:
        path: the folder.

    Raises:
        TrainingError: it is not there, or no store, or some of it is missing.
    """

    def __init__(self, path: Path) -> None:
        if not is_store(path):
            raise TrainingError(f"There are no prepared features in {path}; `aitunes-train prepare` makes them.")
        try:
            index = json.loads((path / INDEX).read_bytes())
            self.card = _card_of(index)
            self.tracks = _read_table(path / index["tracks"])
            files, counts = zip(*index["shards"], strict=True)
            self.shards = ShardFiles(path, tuple(files), tuple(counts), self.card.features)
            found = sizes(path)
            broken = [
                name for n, name in enumerate(files) if found.get(name) != shard_size(counts[n], self.card.features)
            ]
            if broken:
                raise ValueError(f"{len(broken)} of {len(files)} shards missing or cut short, {broken[0]} among them")
        except (OSError, KeyError, TypeError, ValueError, AiTunesError) as error:
            raise TrainingError(
                f"{path} is no folder of prepared features, or a damaged one ({error}); prepare again."
            ) from error
        self.path = path
        self.names, self.labels, self.held = self.tracks.names, self.tracks.labels, self.tracks.held
        self.track_of: NDArray[np.int32] = np.repeat(np.arange(len(self.names), dtype=np.int32), self.tracks.items)
        self._first = np.cumsum(self.tracks.items) - self.tracks.items

    def __len__(self) -> int:
        return len(self.track_of)

    @property
    def nbytes(self) -> int:
        """Of all patches."""
        return 4 * self.card.features.n_mels * self.card.features.frames * len(self)

    def items(self, held: bool) -> NDArray[np.int64]:
        """The patches to train on, or those of the tracks held out, rising."""
        return np.flatnonzero(self.held[self.track_of] == held)

    def places(self, items: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Shard and row of some patches, [items] each."""
        track = self.track_of[items]
        rows = self.tracks.row[track] + (items - self._first[track])
        return self.tracks.shard[track].astype(np.int32), rows.astype(np.int32)

    def read(self, items: NDArray[np.int64]) -> FloatArray:
        """Some patches, in that order, [items, n_mels, frames]."""
        shard_of, row_of = self.places(items)
        return read_places(self.shards, shard_of, row_of)


def read_places(shards: ShardFiles, shard_of: NDArray[np.int32], row_of: NDArray[np.int32]) -> FloatArray:
    """The patches at some places, in that order, [items, n_mels, frames]; nothing else is read."""
    S = np.empty((len(shard_of), shards.features.n_mels, shards.features.frames), np.float32)
    for shard in np.unique(shard_of):
        inside = np.flatnonzero(shard_of == shard)
        rows, back = np.unique(row_of[inside], return_inverse=True)
        S[inside] = shards.read(int(shard), rows)[back]
    return S


def is_store(path: Path) -> bool:
    """Whether there is a store, whole or not."""
    return (path / INDEX).is_file()


def write_index(path: Path, card: StoreCard, table: TrackTable, shards: Sequence[tuple[str, int]]) -> None:
    """Make a store of shards that are there: the table, then the index, which makes it one."""
    contents = _table_bytes(table)
    name = f"tracks-{hashlib.sha256(contents).hexdigest()[:16]}.npy"
    write_whole(path / name, [contents])
    values: dict[str, Any] = {"schema": SCHEMA, **card.__dict__, "features": card.features.as_dict()}
    index = json.dumps({**values, "tracks": name, "shards": list(shards)}, sort_keys=True)
    write_whole(path / INDEX, [index.encode()])


def files_of(path: Path) -> set[str]:
    """Names of all files that belong to a store."""
    index = json.loads((path / INDEX).read_bytes())
    return {INDEX, index["tracks"], *(name for name, _ in index["shards"])}


def _table_bytes(table: TrackTable) -> bytes:
    names, labels = (np.char.encode(texts, "utf-8") for texts in (table.names, table.labels))
    columns = {"name": names, "label": labels, "held": table.held}
    columns |= {name: getattr(table, name).astype("<i8") for name in ("items", "shard", "row")}
    rows = np.empty(len(names), [(name, column.dtype) for name, column in columns.items()])
    for name, column in columns.items():
        rows[name] = column
    stream = io.BytesIO()
    np.save(stream, rows, allow_pickle=False)
    return stream.getvalue()


def _read_table(path: Path) -> TrackTable:
    rows = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
    names, labels = (np.char.decode(rows[name], "utf-8") for name in ("name", "label"))
    return TrackTable(names, labels, rows["held"], rows["items"], rows["shard"], rows["row"])


def _card_of(index: dict[str, Any]) -> StoreCard:
    if index["schema"] != SCHEMA:
        raise ValueError(f"schema {index['schema']}, this AiTunes reads {SCHEMA}")
    values = {name: index[name] for name in StoreCard.__dataclass_fields__}
    return StoreCard(
        **{**values, "features": AudioFeatures.from_dict(values["features"]), "skipped": tuple(values["skipped"])}
    )
