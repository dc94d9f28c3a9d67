"""Shares a batch between processes: each has some of its items, and together they compute what one would alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, distributed
from typing_extensions import override


@dataclass(frozen=True)
class Share:
    """Names the items of a batch that this process has: `start` to `start + count` of `total`.

    Args:
        processes: that share it.
    """

    start: int
    count: int
    total: int
    processes: int

    @property
    def weight(self) -> float:
        """The weight of its mean where the processes' gradients are averaged; 1 where all have as many items."""
        return self.count * self.processes / self.total


def processes() -> int:
    """Return the number of processes that train together."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def share_of(count: int, device: torch.device) -> Share:
    """Return this process's share, when it has so many items; every process must call it at the same step."""
    together = processes()
    if together == 1:
        return Share(0, count, count, 1)
    counts = torch.zeros(together, dtype=torch.int64, device=device)
    counts[distributed.get_rank()] = count
    distributed.all_reduce(counts)
    bounds = [0, *counts.cumsum(0).tolist()]
    start, end = list(pairwise(bounds))[distributed.get_rank()]
    return Share(start, end - start, bounds[-1], together)


def drawn_like(S: Tensor, draw: Callable[..., Tensor] = torch.randn) -> Tensor:
    """Draw random numbers for every item, [batch, …]: those that one process would draw for the whole batch.

    The generators of all processes must be in the same state.

    Args:
        S: [batch, …], of a training step.
        draw: takes a shape, device and dtype, as `torch.randn` and `torch.rand` do.
    """
    share = share_of(len(S), S.device)
    whole = draw((share.total, *S.shape[1:]), device=S.device, dtype=S.dtype)
    return whole[share.start : share.start + share.count]


class _Sum(torch.autograd.Function):
    """Sums over processes; a process's terms take part in the losses of all."""

    @staticmethod
    @override
    def forward(ctx: Any, terms: Tensor) -> Tensor:
        total = terms.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    @override
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        return total


def summed(terms: Tensor) -> Tensor:
    """Return the sum over all processes, differentiable."""
    return cast(Tensor, _Sum.apply(terms)) if processes() > 1 else terms  # type: ignore[no-untyped-call]


def gathered(S: Tensor) -> Tensor:
    """Return the items of all processes, [total, …], in the order of the batch; without a gradient."""
    share = share_of(len(S), S.device)
    if share.processes == 1:
        return S
    whole = S.new_zeros(share.total, *S.shape[1:])
    whole[share.start : share.start + share.count] = S.detach()
    distributed.all_reduce(whole)
    return whole
