"""Reads stored segments as a training needs them: a window at a time, each once an epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray
from training.data.feature_store import FeatureStore, ShardFiles
from training.data.track_items import ShardItems, TrackOf

WINDOW_BYTES = 1 << 28
"""Segments that are mixed at a time, and kept in memory by those who read them, have so many bytes together."""


_STRETCHES = 10
"""Of a track that is not held out as a whole."""


def window_items(shape: tuple[int, ...]) -> int:
    """Return the number of segments in a window, of an array [items, *segment] of float32."""
    return max(1, WINDOW_BYTES // (4 * math.prod(shape[1:])))


@dataclass(frozen=True)
class StoredSegments:
    """Names some segments of a store.

    Args:
        shards: that they lie in.
        track_of: their tracks.
        shard, row: where the first segment of each of these tracks lies, [tracks].
    """

    shards: ShardFiles
    track_of: TrackOf
    shard: NDArray[np.int32]
    row: NDArray[np.int32]

    @classmethod
    def of(cls, store: FeatureStore, tracks: NDArray[np.integer]) -> StoredSegments:
        """Select the segments of some tracks of a store, [tracks]."""
        table = store.tracks
        shard, row = (column[tracks].astype(np.int32) for column in (table.shard, table.row))
        return cls(store.shards, TrackOf(tracks, table.items[tracks]), shard, row)

    @classmethod
    def stretches(cls, store: FeatureStore, share: float, held: bool) -> StoredSegments:
        """Select stretches of tracks of which none is held out as a whole: the end of each tenth, or all the rest.

        Args:
            share: that is held out.
            held: select what is held out.
        """
        table = store.tracks
        tracks, starts, counts = [], [], []
        for track, items in enumerate(table.items.tolist()):
            edges = np.linspace(0, items, 1 + min(_STRETCHES, items // 2) if items > 1 else 2).round().astype(int)
            for start, end in pairwise(edges.tolist()):
                cut = end - max(1, round(share * (end - start))) if items > 1 else end
                first, last = (cut, end) if held else (start, cut)
                if last > first:
                    tracks.append(track)
                    starts.append(int(table.row[track]) + first)
                    counts.append(last - first)
        numbers = np.array(tracks, np.int32)
        shard = table.shard[numbers].astype(np.int32)
        return cls(store.shards, TrackOf(numbers, np.array(counts, np.int64)), shard, np.array(starts, np.int32))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return the shape, [items, n_mels, frames]."""
        return len(self), self.shards.features.n_mels, self.shards.features.frames

    @property
    def by_shard(self) -> ShardItems:
        """The segments in the order in which they lie."""
        return ShardItems(self.track_of, self.shard, self.row)

    def __len__(self) -> int:
        return len(self.track_of)

    def __getitem__(self, items: NDArray[np.int64]) -> FloatArray:
        """Read those segments, in that order, [items, n_mels, frames]; nothing else is read."""
        track = self.track_of.index(items)
        shard_of, row_of = self.shard[track], self.row[track] + (items - self.track_of.starts[track])
        S = np.empty((len(items), *self.shape[1:]), np.float32)
        for shard in np.unique(shard_of):
            inside = np.flatnonzero(shard_of == shard)
            rows, back = np.unique(row_of[inside], return_inverse=True)
            S[inside] = self.shards.read(int(shard), rows)[back]
        return S


class WindowReader:
    """Reads a window of stored segments when its first batch is asked for, and keeps it until the next window begins.

    Args:
        segments: which.
    """

    def __init__(self, segments: StoredSegments) -> None:
        self.segments = segments
        self._items = np.empty(0, np.int64)
        self._S = np.empty((0, *segments.shape[1:]), np.float32)

    def read(self, items: NDArray[np.int64], window: NDArray[np.int64] | None) -> FloatArray:
        """Read the segments of a batch, Return the shape, [items, n_mels, frames].

        Args:
            window: all that is asked for until the next window, with its first batch; None with the others.
        """
        if window is not None:
            self._S = self._S[:0].copy()  # the old one goes before the new one comes
            self._items = np.sort(window)
            self._S = self.segments[self._items]
        return self._S[np.searchsorted(self._items, items)]
