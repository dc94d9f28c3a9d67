"""Normalises over the batch of all processes; in a single process it is PyTorch's own.

PyTorch's SyncBatchNorm does the same on graphics cards only; the tests, and clusters without such cards, have none.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from typing_extensions import override

from aitunes.modules.shares import processes, summed


class SharedBatchNorm2d(nn.BatchNorm2d):
    """Extends `nn.BatchNorm2d` to the mean and variance of the items of all processes that train together.

    With n values of a channel in all, mean = Σx / n and variance = Σ(x − mean)² / n; both sums go over all processes,
    one after the other, because Σx² / n − mean² would lose digits. Gradients flow back through the sums.
    """

    @override
    def forward(self, input: Tensor) -> Tensor:
        if not self.training or processes() == 1:
            return super().forward(input)
        x = input.float()
        count = torch.full((1,), x.numel() / x.shape[1], device=x.device)
        sums = summed(torch.cat([x.sum((0, 2, 3)), count]))
        mean, total = sums[:-1] / sums[-1], sums[-1].detach()
        centred = x - mean[None, :, None, None]
        var = summed((centred**2).sum((0, 2, 3))) / total
        self._follow(mean.detach(), var.detach() * total / (total - 1.0))
        scale = torch.rsqrt(var + self.eps)[None, :, None, None]
        return (centred * scale * self.weight[:, None, None] + self.bias[:, None, None]).to(input.dtype)

    @torch.no_grad()
    def _follow(self, mean: Tensor, var: Tensor) -> None:
        """Update the running statistics as PyTorch does: an exponential mean, or a plain one without momentum."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        share = 1.0 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(var, share)
