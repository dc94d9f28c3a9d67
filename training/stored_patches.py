"""Patches that stay where they are and are read as a training needs them: a window at a time, each once an epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray
from training.feature_store import FeatureStore, ShardFiles
from training.track_items import ShardItems, TrackOf

WINDOW_BYTES = 1 << 28
"""Patches that are mixed at a time, and kept in memory by those who read them, have so many bytes together."""


def window_items(shape: tuple[int, ...]) -> int:
    """How many patches make a window, of an array [items, *patch] of float32."""
    return max(1, WINDOW_BYTES // (4 * math.prod(shape[1:])))


@dataclass(frozen=True)
class StoredPatches:
    """Some patches of a store.

    Args:
        shards: that they lie in.
        track_of: their tracks.
        shard, row: where the first patch of each of these tracks lies, [tracks].
    """

    shards: ShardFiles
    track_of: TrackOf
    shard: NDArray[np.int32]
    row: NDArray[np.int32]

    @classmethod
    def of(cls, store: FeatureStore, tracks: NDArray[np.integer]) -> StoredPatches:
        """The patches of some tracks of a store, [tracks]."""
        table = store.tracks
        shard, row = (column[tracks].astype(np.int32) for column in (table.shard, table.row))
        return cls(store.shards, TrackOf(tracks, table.items[tracks]), shard, row)

    @property
    def shape(self) -> tuple[int, int, int]:
        """[items, n_mels, frames]."""
        return len(self), self.shards.features.n_mels, self.shards.features.frames

    @property
    def by_shard(self) -> ShardItems:
        """The patches in the order in which they lie."""
        return ShardItems(self.track_of, self.shard, self.row)

    def __len__(self) -> int:
        return len(self.track_of)

    def __getitem__(self, items: NDArray[np.int64]) -> FloatArray:
        """Those patches, in that order, [items, n_mels, frames]; nothing else is read."""
        place = self.track_of.place(items)
        shard_of, row_of = self.shard[place], self.row[place] + (items - self.track_of.starts[place])
        S = np.empty((len(items), *self.shape[1:]), np.float32)
        for shard in np.unique(shard_of):
            inside = np.flatnonzero(shard_of == shard)
            rows, back = np.unique(row_of[inside], return_inverse=True)
            S[inside] = self.shards.read(int(shard), rows)[back]
        return S


class WindowReader:
    """Reads a window of stored patches when its first batch is asked for, and keeps it until the next window begins.

    Args:
        patches: which.
    """

    def __init__(self, patches: StoredPatches) -> None:
        self.patches = patches
        self._items = np.empty(0, np.int64)
        self._S = np.empty((0, *patches.shape[1:]), np.float32)

    def read(self, items: NDArray[np.int64], window: NDArray[np.int64] | None) -> FloatArray:
        """The patches of a batch, [items, n_mels, frames].

        Args:
            window: all that is asked for until the next window, with its first batch; None with the others.
        """
        if window is not None:
            self._S = self._S[:0].copy()  # the old one goes before the new one comes
            self._items = np.sort(window)
            self._S = self.patches[self._items]
        return self._S[np.searchsorted(self._items, items)]
