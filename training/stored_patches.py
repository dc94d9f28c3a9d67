"""Patches that stay where they are and are read as a training needs them: by shard, each once an epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray
from training.feature_store import FeatureStore, ShardFiles, read_places

WINDOW_BYTES = 1 << 28
"""Patches of so many shards are mixed at a time, and kept in memory by who reads them, that they exceed this."""


def window_items(shape: tuple[int, ...]) -> int:
    """How many patches make a window, of an array [items, *patch] of float32."""
    return max(1, WINDOW_BYTES // (4 * math.prod(shape[1:])))


@dataclass(frozen=True)
class StoredPatches:
    """Some patches of a store.

    Args:
        shards: that they lie in.
        shard_of, row_of: where each lies, [items].
    """

    shards: ShardFiles
    shard_of: NDArray[np.int32]
    row_of: NDArray[np.int32]

    @classmethod
    def of(cls, store: FeatureStore, items: NDArray[np.int64]) -> StoredPatches:
        """Some of a store's patches, [items]."""
        return cls(store.shards, *store.places(items))

    @property
    def shape(self) -> tuple[int, int, int]:
        """[items, n_mels, frames]."""
        return len(self), self.shards.features.n_mels, self.shards.features.frames

    def __len__(self) -> int:
        return len(self.shard_of)

    def __getitem__(self, items: NDArray[np.int64]) -> FloatArray:
        """Those patches and nothing else: for a few of them."""
        return read_places(self.shards, self.shard_of[items], self.row_of[items])


@dataclass
class ShardReader:
    """Reads stored patches by shard and keeps the shards of the last window: for whoever reads all of them.

    Args:
        patches: which.

    Attributes:
        kept: rows and patches of shards, by number.
    """

    patches: StoredPatches
    kept: dict[int, tuple[NDArray[np.int32], FloatArray]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        order = np.argsort(self.patches.shard_of, kind="stable").astype(np.int32)
        bounds = np.searchsorted(self.patches.shard_of[order], np.arange(len(self.patches.shards.files) + 1))
        self._order, self._bounds = order, bounds

    @property
    def shape(self) -> tuple[int, int, int]:
        """[items, n_mels, frames]."""
        return self.patches.shape

    def __len__(self) -> int:
        return len(self.patches)

    def __getitem__(self, items: NDArray[np.int64]) -> FloatArray:
        S = np.empty((len(items), *self.patches.shape[1:]), np.float32)
        shards = self.patches.shard_of[items]
        # Those at hand first: what a new window brings must not push out what this batch still needs of the old.
        for shard in sorted(np.unique(shards).tolist(), key=lambda shard: shard not in self.kept):
            rows, patches = self._shard(shard)
            inside = shards == shard
            S[inside] = patches[np.searchsorted(rows, self.patches.row_of[items[inside]])]
        return S

    def _shard(self, shard: int) -> tuple[NDArray[np.int32], FloatArray]:
        """All rows of a shard that are ours, rising, and their patches."""
        found = self.kept.pop(shard, None)
        if found is None:
            ours = self._order[self._bounds[shard] : self._bounds[shard + 1]]
            self._make_room(len(ours))
            rows = np.sort(self.patches.row_of[ours])
            found = rows, self.patches.shards.read(shard, rows)
        self.kept[shard] = found  # the last used is the last to go
        return found

    def _make_room(self, count: int) -> None:
        """Let the shards go that were used longest ago, but none of a window: without its largest it is below size."""
        window = window_items(self.patches.shape)
        while self.kept:
            held = [count, *(len(rows) for rows, _ in self.kept.values())]
            if sum(held) - max(held) < window:
                return
            del self.kept[next(iter(self.kept))]
