"""Orders batches by seed and epoch alone, so that a resumed run sees what an unbroken one would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler
from typing_extensions import override

from training.data.corpus import Part
from training.data.stored_segments import StoredSegments, WindowReader, window_items
from training.data.texts import kinds, numbers
from training.data.track_items import ShardItems

_DISK_WORKERS = 1  # it must get every batch of a window that it has read

Items = NDArray[np.int64]


class EpochBatches(Sampler[Items]):
    """Lists the items of every batch of an epoch; Lightning sets the epoch.

    A batch is that of all processes together: each takes a piece of it, so that their number changes nothing in what
    is learned from. A batch with fewer items than processes goes to every one whole, whose average is the same.

    What is larger than a window is not shuffled as a whole. The shards come in an order of their own, row after row; a
    window of that is cut into as many pieces as a batch has items, and every batch takes one item from each piece,
    which one is drawn. So a batch has something of the whole window, and a process, which always takes the same slots
    of the batches, needs no more of the window than its part, which lies together.

    Args:
        count: items.
        batch_size: of all processes together; the last batch of an epoch may be smaller.
        seed: of the order; None keeps the items in order, and makes the batches even.
        rank, world: this process among how many.
        by_shard: which items lie in each shard; None of what lies in none.
        window: items that are mixed; at least a batch.
    """

    def __init__(
        self,
        count: int,
        batch_size: int,
        seed: int | None,
        rank: int = 0,
        world: int = 1,
        by_shard: ShardItems | None = None,
        window: int = 1,
    ) -> None:
        self.count, self.batch_size, self.seed, self.rank, self.world = count, batch_size, seed, rank, world
        self.by_shard = by_shard
        self._per_window = max(1, window // batch_size)
        self._mixed_as_one = by_shard is None or count <= window
        self.epoch = 0

    @classmethod
    def of(cls, part: Part, batch_size: int, seed: int | None, rank: int = 0, world: int = 1) -> EpochBatches:
        """Make the batches of a half of a corpus."""
        return cls(len(part), batch_size, seed, rank, world, part.by_shard, window_items(part.S.shape))

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch whose order comes next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self.count // self.batch_size)

    @override
    def __iter__(self) -> Iterator[Items]:
        for window in self.windows():
            yield from window

    def windows(self) -> Iterator[list[Items]]:
        """Yield this process's batches, those of a window together."""
        for window in self._windows():
            yield [
                batch if len(batch) < self.world else np.array_split(batch, self.world)[self.rank] for batch in window
            ]

    def _windows(self) -> Iterator[list[Items]]:
        """Yield whole batches, those of a window together."""
        steps = np.arange(len(self) + 1)
        # Even ones where the order stays: the last would leave processes without an item to evaluate.
        ends = steps * self.count // len(self) if self.seed is None else np.minimum(steps * self.batch_size, self.count)
        draw = None if self.seed is None else np.random.default_rng([self.seed, self.epoch])
        if draw is not None and self._mixed_as_one:
            yield np.split(draw.permutation(self.count), ends[1:-1])
            return
        bounds = [ends[n : n + self._per_window + 1] for n in range(0, len(self), self._per_window)]
        spans = self._spans([int(bound[-1] - bound[0]) for bound in bounds], draw)
        for bound, span in zip(bounds, spans, strict=True):
            yield np.split(span, bound[1:-1] - bound[0]) if draw is None else mixed(span, self.batch_size, draw)

    def _spans(self, lengths: list[int], draw: np.random.Generator | None) -> Iterator[Items]:
        """Yield items that lie together, so many at a time; the shards in order, or shuffled."""
        pieces: Iterator[Items] = iter([np.arange(self.count)])
        if self.by_shard is not None:
            turns = range(len(self.by_shard)) if draw is None else draw.permutation(len(self.by_shard)).tolist()
            pieces = (self.by_shard[n] for n in turns)
        collected: list[Items] = []
        for length in lengths:
            while sum(map(len, collected)) < length:
                collected.append(next(pieces))
            span = np.concatenate(collected)
            collected = [span[length:]]
            yield span[:length]


def mixed(span: Items, batch_size: int, draw: np.random.Generator) -> list[Items]:
    """Deal a window's items into batches, each with one of every `batch_size`-th part; the last takes what remains.

    >>> [batch.tolist() for batch in mixed(np.arange(4), 2, np.random.default_rng(0))]
    [[1, 2], [0, 3]]
    """
    numbers_in_span = np.arange(len(span))
    starts = np.arange(batch_size + 1) * len(span) // batch_size
    slot = np.searchsorted(starts, numbers_in_span, side="right") - 1  # index inside the batch that gets the item
    shuffled = span[np.lexsort((draw.random(len(span)), slot))]
    batch = numbers_in_span - starts[slot]
    return np.split(shuffled[np.lexsort((slot, batch))], np.arange(batch_size, len(span), batch_size))


class BatchRequest(NamedTuple):
    """Names a batch that a training asks for.

    Args:
        items: of the batch, [batch].
        window: the items of this and the following batches, with the first of them; None with the others.
    """

    items: Items
    window: Items | None


class WindowBatches(Sampler[BatchRequest]):
    """Announces the items of a window with its first batch, so that they can be read together.

    Args:
        batches: this process's.
    """

    def __init__(self, batches: EpochBatches) -> None:
        self.batches = batches

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch; Lightning calls this."""
        self.batches.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self.batches)

    @override
    def __iter__(self) -> Iterator[BatchRequest]:
        for window in self.batches.windows():
            for n, items in enumerate(window):
                yield BatchRequest(items, None if n else np.concatenate(window))


class LabelledSegments(Dataset[tuple[Tensor, ...]]):
    """Reads segments, the numbers of their labels and, where there are some, conditions.

    They are read a batch at a time: one indexing operation, no collation.

    Args:
        part: whose segments.
        label_names: the labels, in the order of their numbers.
    """

    def __init__(self, part: Part, label_names: tuple[str, ...]) -> None:
        self.part, self.labels = part, numbers(part.labels, label_names)
        self.reader = WindowReader(part.S) if isinstance(part.S, StoredSegments) else None

    def __len__(self) -> int:
        return len(self.part)

    @override
    def __getitem__(self, request: BatchRequest) -> tuple[Tensor, ...]:
        items, conditions = request.items, self.part.conditions
        S = self.part.S[items] if self.reader is None else self.reader.read(items, request.window)
        extras = [self.labels[items]] if conditions is None else [self.labels[items], conditions[items]]
        return torch.from_numpy(S), *(torch.from_numpy(values) for values in extras)


def loader(part: Part, batches: EpochBatches, label_names: tuple[str, ...] = ()) -> DataLoader[tuple[Tensor, ...]]:
    """Load batches S [batch, *input_shape], label numbers [batch] and conditions, if any, [batch, conditions].

    What lies on disk is read ahead by a process.
    """
    data = LabelledSegments(part, label_names or kinds(part.labels))
    workers = 0 if data.reader is None else _DISK_WORKERS
    return DataLoader(
        data,
        sampler=WindowBatches(batches),
        batch_size=None,
        num_workers=workers,
        persistent_workers=workers > 0,
        # Its own, because a loader draws a number at each start, which must not shift the model's random numbers.
        generator=torch.Generator().manual_seed(0),
    )
