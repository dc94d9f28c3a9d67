"""Batches in an order that depends on seed and epoch alone, so that a resumed run sees what an unbroken one would."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler
from typing_extensions import override

from training.corpus import Part, Patches
from training.stored_patches import ShardReader, StoredPatches, window_items
from training.texts import kinds, numbers

_DISK_WORKERS = 1  # another one would read every shard once more


class EpochBatches(Sampler[NDArray[np.int64]]):
    """The items of every batch of an epoch; Lightning tells which epoch it is.

    A batch is that of all processes together: each takes a piece of it, so that their number changes nothing in what
    is learned from. A batch with fewer items than processes goes to every one whole, whose average is the same.

    Args:
        count: items.
        batch_size: of all processes together; the last batch of an epoch may be smaller.
        seed: of the order; None keeps the items in order, and makes the batches even.
        rank, world: this process among how many.
        shards: which shard each item lies in, [items]: shards are taken in an order of their own and mixed by windows,
            so that each is read once; None mixes all items.
        window: items; as many shards as reach it are mixed.
    """

    def __init__(
        self,
        count: int,
        batch_size: int,
        seed: int | None,
        rank: int = 0,
        world: int = 1,
        shards: NDArray[np.int32] | None = None,
        window: int = 1,
    ) -> None:
        self.count, self.batch_size, self.seed, self.rank, self.world = count, batch_size, seed, rank, world
        self.window = window
        self.shards = None if shards is None else np.argsort(shards, kind="stable").astype(np.int32)
        self._ends = np.array([count]) if shards is None else np.cumsum(np.unique(shards, return_counts=True)[1])
        self.epoch = 0

    @classmethod
    def of(cls, part: Part, batch_size: int, seed: int | None, rank: int = 0, world: int = 1) -> EpochBatches:
        """The batches of a half of a corpus."""
        return cls(len(part), batch_size, seed, rank, world, part.shards, window_items(part.S.shape))

    def set_epoch(self, epoch: int) -> None:
        """Which epoch's order comes next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self.count // self.batch_size)

    @override
    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        for batch in self._batches():
            yield batch if len(batch) < self.world else np.array_split(batch, self.world)[self.rank]

    def _batches(self) -> Iterator[NDArray[np.int64]]:
        """Whole batches; what is left of a window begins the first batch of the next."""
        sizes = [self.batch_size] * len(self)
        if self.seed is None:  # even ones: the last would leave processes without an item to evaluate
            sizes = [len(piece) for piece in np.array_split(np.empty(self.count, bool), len(self))]
        left = np.empty(0, np.int64)
        at = 0
        for window in self._windows():
            left = np.concatenate([left, window])
            while at < len(sizes) and len(left) >= sizes[at]:
                yield left[: sizes[at]]
                left, at = left[sizes[at] :], at + 1
        if len(left):
            yield left

    def _windows(self) -> Iterator[NDArray[np.int64]]:
        """The items of some shards after the other, mixed, or all of them in order."""
        order: NDArray[np.integer] = np.arange(self.count) if self.shards is None else self.shards
        pieces = np.split(order, self._ends[:-1])
        if self.seed is None:
            yield from (piece.astype(np.int64) for piece in pieces)
            return
        draw = np.random.default_rng([self.seed, self.epoch])
        if self.count <= self.window or len(pieces) == 1:
            yield draw.permutation(self.count)
            return
        window: list[NDArray[np.int64]] = []
        for n in draw.permutation(len(pieces)):
            window.append(pieces[n])
            if sum(map(len, window)) >= self.window:
                yield draw.permutation(np.concatenate(window))
                window = []
        if window:
            yield draw.permutation(np.concatenate(window))


class LabelledPatches(Dataset[tuple[Tensor, ...]]):
    """Patches, the numbers of their labels and, where there are some, conditions.

    They are read a batch at a time: one indexing operation, no collation.

    Args:
        part: whose patches.
        label_names: the labels, in the order of their numbers.
    """

    def __init__(self, part: Part, label_names: tuple[str, ...]) -> None:
        self.S: Tensor | Patches = torch.from_numpy(part.S) if isinstance(part.S, np.ndarray) else part.S
        if isinstance(self.S, StoredPatches):
            self.S = ShardReader(self.S)
        labels = torch.from_numpy(numbers(part.labels, label_names))
        self.told = (labels,) if part.conditions is None else (labels, torch.from_numpy(part.conditions))

    def __len__(self) -> int:
        return len(self.S)

    @override
    def __getitem__(self, items: NDArray[np.int64]) -> tuple[Tensor, ...]:
        chosen = torch.from_numpy(items)
        S = self.S[chosen] if isinstance(self.S, Tensor) else torch.from_numpy(self.S[items])
        return S, *(told[chosen] for told in self.told)


def loader(part: Part, batches: EpochBatches, label_names: tuple[str, ...] = ()) -> DataLoader[tuple[Tensor, ...]]:
    """Batches S [batch, *input_shape], label numbers [batch] and conditions, if any, [batch, conditions].

    What lies on disk is read ahead by a process.
    """
    data = LabelledPatches(part, label_names or kinds(part.labels))
    workers = 0 if isinstance(data.S, Tensor) else _DISK_WORKERS
    return DataLoader(
        data,
        sampler=batches,
        batch_size=None,
        num_workers=workers,
        persistent_workers=workers > 0,
        # Its own, because a loader draws a number whenever it starts, and the model's chances must not depend on when.
        generator=torch.Generator().manual_seed(0),
    )
