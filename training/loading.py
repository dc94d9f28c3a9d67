"""Batches in an order that depends on seed and epoch alone, so that a resumed run sees what an unbroken one would."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler
from typing_extensions import override

from training.corpus import Part

_DISK_WORKERS = 2


class EpochBatches(Sampler[NDArray[np.int64]]):
    """The items of every batch of an epoch; Lightning tells which epoch it is.

    Args:
        count: items.
        batch_size: of one process; the last batch of an epoch may be smaller.
        seed: of the order; None keeps the items in order.
        rank, world: this process among how many; each takes batches of its own, as many as the others.
    """

    def __init__(self, count: int, batch_size: int, seed: int | None, rank: int = 0, world: int = 1) -> None:
        self.count, self.batch_size, self.seed, self.rank, self.world = count, batch_size, seed, rank, world
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Which epoch's order comes next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self._share() // self.batch_size)

    def _share(self) -> int:
        return -(-self.count // self.world)

    @override
    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        order = np.arange(self.count)
        if self.seed is not None:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(self.count)
        # All processes must take as many steps: the first items come again where the count does not divide.
        mine = np.resize(order, self._share() * self.world)[self.rank :: self.world]
        return (mine[start : start + self.batch_size] for start in range(0, len(mine), self.batch_size))


class LabelledPatches(Dataset[tuple[Tensor, ...]]):
    """Patches, the numbers of their labels and, where there are some, conditions.

    They are read a batch at a time: one indexing operation, no collation.

    Args:
        part: whose patches.
        label_names: the labels, in the order of their numbers.
    """

    def __init__(self, part: Part, label_names: tuple[str, ...]) -> None:
        self.S = torch.from_numpy(part.S) if isinstance(part.S, np.ndarray) else part.S
        labels = torch.from_numpy(np.searchsorted(np.array(label_names), part.labels).astype(np.int64))
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

    What lies on disk is read ahead by processes.
    """
    data = LabelledPatches(part, label_names or tuple(np.unique(part.labels).tolist()))
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
