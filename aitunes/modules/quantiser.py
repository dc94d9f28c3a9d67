"""Quantises vectors: each becomes the nearest entry of a codebook that follows the vectors.

An entry e_k is the mean of the vectors that choose it, over a past that fades: with n_k vectors of sum s_k in a batch,

    N_k ← γ N_k + (1 − γ) n_k,    m_k ← γ m_k + (1 − γ) s_k,    e_k = m_k / N_k.

An entry that hardly any vector chooses is moved onto a vector of the batch at hand: dead codes restart.

Reference:
    van den Oord, Vinyals & Kavukcuoglu, *Neural discrete representation learning*, NeurIPS 2017, appendix A.1;
    DeepMind's Sonnet, `VectorQuantizerEMA`, for the smoothing of N_k;
    Dhariwal et al., *Jukebox: a generative model for music*, 2020, section 3.1, for the restarts.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from aitunes.modules.shares import gathered, processes


@dataclass(frozen=True)
class Quantised:
    """Holds quantised vectors.

    Args:
        vectors: the entries chosen, [count, entry_dim]; gradients pass to what was quantised.
        chosen: their numbers, [count].
        distances: squared, of what was quantised from its entry, [count]; with gradients to the former alone.
        usage: perplexity of the choice, 1 to the number of entries; a number without a gradient.
    """

    vectors: Tensor
    chosen: Tensor
    distances: Tensor
    usage: Tensor


class VectorQuantiser(nn.Module):
    """Quantises vectors by a codebook.

    Args:
        entries: how many.
        entry_dim: numbers in each.
        decay: γ, share of the past that a batch leaves.
        restart_below: an entry chosen less often than this share of the mean restarts; 0 restarts none.
        epsilon: added to every N_k before they are scaled to their old sum, so that none is 0.

    Raises:
        ValueError: a setting is out of range.
    """

    def __init__(
        self, entries: int, entry_dim: int, decay: float = 0.99, restart_below: float = 0.05, epsilon: float = 1e-5
    ) -> None:
        super().__init__()
        if min(entries, entry_dim) < 1 or not (0.0 <= decay < 1.0 and 0.0 <= restart_below < 1.0 and epsilon > 0.0):
            raise ValueError(
                f"A codebook has entries of some numbers, decay and restart_below from 0 to below 1: {entries}, "
                f"{entry_dim}, {decay}, {restart_below}."
            )
        self.decay, self.restart_below, self.epsilon = decay, restart_below, epsilon
        codebook = torch.randn(entries, entry_dim)
        self.register_buffer("codebook", codebook)
        self.register_buffer("counts", torch.ones(entries))
        self.register_buffer("sums", codebook.clone())
        self.register_buffer("started", torch.tensor(False))

    codebook: Tensor
    counts: Tensor
    sums: Tensor
    started: Tensor

    def nearest(self, vectors: Tensor) -> Tensor:
        """Return the numbers of the entries nearest to vectors [count, entry_dim], [count]."""
        # ‖v − e‖² less ‖v‖², which is the same for every entry.
        distances = (self.codebook**2).sum(dim=1) - 2.0 * vectors @ self.codebook.T
        return distances.argmin(dim=1)

    def lookup(self, chosen: Tensor) -> Tensor:
        """Return entries by number, [count, entry_dim]."""
        return functional.embedding(chosen, self.codebook)

    @override
    def forward(self, vectors: Tensor) -> Quantised:
        """Quantise vectors [count, entry_dim]; in training mode the codebook then follows them."""
        vectors = vectors.float()  # sums over many batches, whatever the precision of the model
        if self.training and not self.started:
            self._start(vectors.detach())
        chosen = self.nearest(vectors)
        entries = self.lookup(chosen)
        distances = ((vectors - entries) ** 2).sum(dim=1)
        counts = torch.bincount(chosen, minlength=len(self.codebook)).to(vectors.dtype)
        if self.training:
            if processes() > 1:
                torch.distributed.all_reduce(counts)
            self._follow(vectors.detach(), chosen, counts)
        return Quantised(vectors + (entries - vectors).detach(), chosen, distances, perplexity(counts))

    @torch.no_grad()
    def _start(self, vectors: Tensor) -> None:
        """Put every entry on a vector of the first batch."""
        self._move(torch.ones_like(self.counts, dtype=torch.bool), vectors, 1.0)
        self.started.fill_(True)

    @torch.no_grad()
    def _follow(self, vectors: Tensor, chosen: Tensor, counts: Tensor) -> None:
        sums = torch.zeros_like(self.sums).index_add_(0, chosen, vectors)
        if processes() > 1:
            torch.distributed.all_reduce(sums)
        self.counts.lerp_(counts, 1.0 - self.decay)
        self.sums.lerp_(sums, 1.0 - self.decay)
        total = self.counts.sum()
        smoothed = (self.counts + self.epsilon) / (total + len(self.counts) * self.epsilon) * total
        self.codebook.copy_(self.sums / smoothed[:, None])
        mean = float(counts.sum()) / len(counts)
        dead = self.counts < self.restart_below * mean
        if dead.any():
            # As many as an entry has on average: it gets the time that a used one would take to die.
            self._move(dead, vectors, mean)

    def _move(self, which: Tensor, vectors: Tensor, count: float) -> None:
        """Put some entries on vectors drawn from a batch, as if so many vectors had chosen each.

        All processes draw the same from the vectors of all.
        """
        vectors = gathered(vectors)
        drawn = torch.randint(len(vectors), (int(which.sum()),), device=vectors.device)
        # Fewer vectors than entries would make twins, which only ever move together.
        spread = vectors.std(dim=0, correction=0) * 0.01
        moved = vectors[drawn] + spread * torch.randn_like(vectors[drawn])
        self.codebook[which] = moved
        self.counts[which] = count
        self.sums[which] = moved * count


def perplexity(counts: Tensor) -> Tensor:
    """Return the effective number of entries in use: exp of the entropy of their shares.

    >>> round(float(perplexity(torch.tensor([3.0, 3.0, 3.0, 0.0]))), 4)
    3.0
    """
    shares = counts / counts.sum().clamp(min=1.0)
    return torch.exp(-torch.special.xlogy(shares, shares).sum())
