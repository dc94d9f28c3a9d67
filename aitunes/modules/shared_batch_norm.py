"""Batch normalisation over the batch of all processes; alone it is PyTorch's own.

PyTorch's SyncBatchNorm does the same on graphics cards only; the tests, and clusters without such cards, have none.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from typing_extensions import override

from aitunes.modules.shares import processes, summed


class SharedBatchNorm2d(nn.BatchNorm2d):
    """`nn.BatchNorm2d` whose mean and variance are those of the items of all processes that train together.

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
        """As the original does: a fading mean, or a plain one where there is no momentum."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        share = 1.0 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(var, share)
