"""Reads and writes a folder of prepared segments: shards, a table of tracks, and an index that is written last.

docs/decisions/0006-sharded-features.md says why.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aitunes.bounded_files import read_bounded
from aitunes.errors import TrainingError
from aitunes.features import AudioFeatures, FloatArray
from aitunes.remote_paths import file_sizes, is_remote, read_ranges, write_whole
from training.data.shards import shard_header, shard_size

SCHEMA = 2
_MAX_INDEX = 1 << 28
INDEX = "index.json"
_ROWS = 4_096
"""Of the table, written at a time."""

Texts = NDArray[Any]
"""Strings of NumPy's variable width, or UTF-8."""


@dataclass(frozen=True)
class StoreCard:
    """Describes a store.

    Args:
        name, licence: of the data set.
        features: how segments were made.
        seed, held_out: of the split.
        skipped: a sentence for each track that gave no segments.
        hash: SHA-256 of segments, names and labels, hexadecimal.
        statistics: mean, std, silent share of the segments' values; seconds of sound in them.
        notes: sentences about tracks that were read in part, or otherwise than they are.
    """

    name: str
    licence: str
    features: AudioFeatures
    seed: int
    held_out: float
    skipped: tuple[str, ...] = ()
    hash: str = ""
    statistics: dict[str, float] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrackTable:
    """Lists the tracks of a store, in the order of their names.

    Args:
        names, labels: of each; UTF-8 where they were read from a store.
        held: whether it is kept for evaluation.
        items: how many segments it has.
        shard, row: where the first of them lies.
    """

    names: Texts
    labels: Texts
    held: NDArray[np.bool_]
    items: NDArray[np.integer]
    shard: NDArray[np.integer]
    row: NDArray[np.integer]


@dataclass(frozen=True)
class ShardFiles:
    """Reads the shards of a store; small enough to be sent to reading processes.

    Args:
        folder: of the store.
        files: names of the shards.
        counts: segments in each.
        features: of them.
    """

    folder: Path
    files: tuple[str, ...]
    counts: tuple[int, ...]
    features: AudioFeatures

    def read(self, shard: int, rows: NDArray[np.integer]) -> FloatArray:
        """Read some of a shard's segments, in rising order and each once, [rows, n_mels, frames]."""
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
    """Opens a folder or URL of prepared segments, numbered in the order of their tracks' names.

    Args:
        path: the folder.

    Raises:
        TrainingError: it is not there, or no store, or some of it is missing.
    """

    def __init__(self, path: Path) -> None:
        if not is_store(path):
            raise TrainingError(f"There are no prepared features in {path}; `aitunes-train prepare` makes them.")
        try:
            index = json.loads(read_bounded(path / INDEX, _MAX_INDEX))
            self.card = _card_of(index)
            self.tracks = _read_table(path / _plain(index["tracks"]))
            self.sources = path / _plain(index.get("sources") or "sources.txt")
            files, counts = zip(*index["shards"], strict=True)
            self.shards = ShardFiles(path, tuple(map(_plain, files)), tuple(counts), self.card.features)
            _check_table(self.tracks, np.array(counts, np.int64))
            existing = file_sizes(path)
            broken = [
                name for n, name in enumerate(files) if existing.get(name) != shard_size(counts[n], self.card.features)
            ]
            if broken:
                raise ValueError(f"{len(broken)} of {len(files)} shards missing or cut short, {broken[0]} among them")
        except Exception as error:  # NumPy's reader of headers raises whatever Python's parser does
            sentence = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
            raise TrainingError(
                f"{path} is no folder of prepared features, or a damaged one ({sentence}); prepare again."
            ) from error
        self.path = path

    def __len__(self) -> int:
        return int(self.tracks.items.sum())

    @property
    def nbytes(self) -> int:
        """Bytes of all segments."""
        return 4 * self.card.features.n_mels * self.card.features.frames * len(self)


def is_store(path: Path) -> bool:
    """Return True where there is a store, whole or not."""
    return (path / INDEX).is_file()


def write_index(
    path: Path, card: StoreCard, table: TrackTable, shards: Sequence[tuple[str, int]], sources: str = ""
) -> None:
    """Write the table of a store's tracks, then the index, which makes the shards a store.

    Args:
        sources: name of the list of files that it was made of.
    """
    digest = hashlib.sha256()
    for piece in _table_pieces(table):
        digest.update(piece)
    name = f"tracks-{digest.hexdigest()[:16]}.npy"
    write_whole(path / name, _table_pieces(table))
    values: dict[str, Any] = {"schema": SCHEMA, **card.__dict__, "features": card.features.as_dict()}
    index = json.dumps({**values, "tracks": name, "shards": list(shards), "sources": sources}, sort_keys=True)
    write_whole(path / INDEX, [index.encode()])


def files_of(path: Path) -> set[str]:
    """Read the names of all files that belong to a store."""
    index = json.loads((path / INDEX).read_bytes())
    return {INDEX, index["tracks"], index.get("sources", ""), *(name for name, _ in index["shards"])}


def _table_pieces(table: TrackTable) -> Iterator[bytes]:
    """Encode the table in NumPy's format, some rows at a time."""
    texts = {"name": table.names, "label": table.labels}
    kinds: list[tuple[str, str]] = [(name, f"S{_longest(column)}") for name, column in texts.items()]
    kinds += [("held", "?"), *((name, "<i8") for name in ("items", "shard", "row"))]
    stream = io.BytesIO()
    header = {"descr": kinds, "fortran_order": False, "shape": (len(table.names),)}
    np.lib.format.write_array_header_1_0(stream, header)
    yield stream.getvalue()
    for start in range(0, len(table.names), _ROWS):
        part = slice(start, start + _ROWS)
        rows = np.empty(len(table.names[part]), kinds)
        for name, column in texts.items():
            rows[name] = np.strings.encode(column[part], "utf-8")
        for name in ("held", "items", "shard", "row"):
            rows[name] = getattr(table, name)[part]
        yield rows.tobytes()


def _longest(texts: Texts) -> int:
    return max(len(text.encode()) for text in texts)


def _read_table(path: Path) -> TrackTable:
    """Read a table; one on a disk is mapped into memory, so that only what is looked at is read."""
    if not is_remote(path) and not path.is_file():
        raise ValueError(f"{path.name} is no file")  # to open a pipe would wait for somebody who writes into it
    where = io.BytesIO(path.read_bytes()) if is_remote(path) else path
    rows = np.load(where, mmap_mode=None if is_remote(path) else "r", allow_pickle=False)
    return TrackTable(*(rows[name] for name in ("name", "label", "held", "items", "shard", "row")))


def _plain(name: Any) -> str:
    """Check that a name in an index is that of a file in the store's own folder."""
    if not isinstance(name, str) or not name or Path(name).name != name:
        raise ValueError(f"{name!r} is no file's name")
    return name


def _check_table(table: TrackTable, counts: NDArray[np.int64]) -> None:
    """Check that the tracks' segments lie in the shards."""
    if not len(counts) or counts.min() < 1 or not len(table.names):
        raise ValueError("a shard or the whole table is empty")
    items, shard, row = (np.asarray(column, np.int64) for column in (table.items, table.shard, table.row))
    if items.min() < 1 or shard.min() < 0 or shard.max() >= len(counts) or row.min() < 0:
        raise ValueError("tracks lie outside its shards")
    if (row > counts[shard] - items).any() or items.sum() != counts.sum():
        raise ValueError("its tracks and shards do not fit")


def _card_of(index: dict[str, Any]) -> StoreCard:
    if index["schema"] != SCHEMA:
        raise ValueError(f"schema {index['schema']}, this AiTunes reads {SCHEMA}")
    values = {name: index[name] for name in StoreCard.__dataclass_fields__ if name in index}
    texts = {name: tuple(map(str, values.get(name, ()))) for name in ("skipped", "notes")}
    return StoreCard(**{**values, **texts, "features": AudioFeatures.from_dict(values["features"])})
