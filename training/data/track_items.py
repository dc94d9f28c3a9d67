"""Maps very many segments to their tracks and shards; kept by track, because segments are very many more."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


class TrackOf:
    """Maps segments to tracks: `track_of[items]` are the tracks, by their numbers in the store, as of an array.

    Args:
        tracks: that have the segments, one track after the other, [tracks].
        counts: segments of each, [tracks].

    Attributes:
        starts, ends: first segment of each track, and the one after its last, [tracks].

    >>> TrackOf(np.array([3, 5]), np.array([2, 1]))[np.array([0, 1, 2])].tolist()
    [3, 3, 5]
    """

    def __init__(self, tracks: NDArray[np.integer], counts: NDArray[np.integer]) -> None:
        self.tracks = tracks.astype(np.int32)
        self.ends = np.cumsum(counts, dtype=np.int64)
        self.starts = self.ends - counts

    def __len__(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def __getitem__(self, items: NDArray[np.integer]) -> NDArray[np.int32]:
        return self.tracks[self.index(items)]

    def index(self, items: NDArray[np.integer]) -> NDArray[np.int64]:
        """Find the index of each item's track in `tracks`."""
        return np.searchsorted(self.ends, items, side="right")


class ShardItems:
    """Lists the segments of each shard, row after row; shards without any are left out.

    Args:
        track_of: the segments' tracks.
        shard, row: where the first segment of each of these tracks lies, [tracks].
    """

    def __init__(self, track_of: TrackOf, shard: NDArray[np.int32], row: NDArray[np.int32]) -> None:
        order = np.lexsort((row, shard))
        self._starts, self._ends = track_of.starts[order], track_of.ends[order]
        self._bounds = np.append(np.flatnonzero(np.diff(shard[order], prepend=-1)), len(order))

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        return (self[n] for n in range(len(self)))

    def __getitem__(self, n: int) -> NDArray[np.int64]:
        inside = slice(self._bounds[n], self._bounds[n + 1])
        ranges = zip(self._starts[inside], self._ends[inside], strict=True)
        return np.concatenate([np.arange(start, end) for start, end in ranges])
