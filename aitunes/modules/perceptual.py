"""Defines perceptual losses: structure of pictures, magnitudes of spectra at several resolutions."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import override

from aitunes.modules.objective import Loss, Pass

_WIDEST_BORDER = 5
_SIGMAS_IN_BORDER = 3.5
_EQUAL_DB = 1e-3


class StructuralDissimilarity(Loss):
    """Measures 1 − SSIM of segments in 0..1, averaged over the batch: 0 for equal ones, at most 2.

    The window's standard deviation is 1.5, less for segments that do not hold such a window.

    Reference:
        Wang, Bovik, Sheikh & Simoncelli, *Image quality assessment: from error visibility to structural similarity*,
        IEEE Transactions on Image Processing 13(4), 2004.

    Raises:
        ValueError: the segments have no two dimensions of at least 3.
    """

    @override
    def forward(self, passed: Pass) -> Tensor:
        S, reconstruction = (
            x[:, None].float() if x.dim() == 3 else x.float() for x in (passed.S, passed.output.reconstruction)
        )
        border = min(_WIDEST_BORDER, (min(S.shape[-2:]) - 1) // 2) if S.dim() == 4 else 0
        if border < 1:
            raise ValueError(f"Structure needs two dimensions of at least 3 numbers, not {list(passed.S.shape[1:])}.")
        sigma = 1.5 if border == _WIDEST_BORDER else border / _SIGMAS_IN_BORDER
        from torchmetrics.functional.image import structural_similarity_index_measure  # which takes a second

        similarity = structural_similarity_index_measure(reconstruction, S, sigma=sigma, data_range=1.0)
        return 1.0 - cast(Tensor, similarity)


class MultiResolutionSpectralError(Loss):
    """Measures spectral convergence and log-magnitude error of mel segments, averaged over several resolutions.

    Power is averaged over squares of bands and frames; of the magnitudes M̂ and M that are left,

        ‖M̂ − M‖ / ‖M‖ + mean |log M̂ − log M|,

    the latter as a share of the dB range. What is a little off in pitch or time costs less than what is missing.

    Args:
        db_range: of the segments, as `AudioFeatures` has it.
        sizes: of the squares; those wider than a segment are left out.

    Reference:
        Arık, Jun & Diamos, *Fast spectrogram inversion using multi-head convolutional neural networks*, IEEE Signal
        Processing Letters 26(1), 2019, equations 2 and 3; Yamamoto, Song & Kim, *Parallel WaveGAN*, ICASSP 2020,
        equation 6.
    """

    def __init__(self, db_range: tuple[float, float], sizes: tuple[int, ...] = (1, 2, 4, 8)) -> None:
        super().__init__()
        if not sizes or min(sizes) < 1:
            raise ValueError(f"Squares of at least one band and frame are wanted, not {sizes}.")
        self.db_range = db_range
        self.sizes = sizes

    @override
    def forward(self, passed: Pass) -> Tensor:
        low, high = self.db_range
        powers = [10.0 ** ((S.float() * (high - low) + low) / 10.0) for S in (passed.output.reconstruction, passed.S)]
        fitting = [size for size in self.sizes if size <= min(passed.S.shape[1:])] or [1]
        errors = [self._at(size, *powers) for size in fitting]
        return torch.stack(errors).mean()

    def _at(self, size: int, power: Tensor, target: Tensor) -> Tensor:
        low, high = self.db_range
        M, T = (functional.avg_pool2d(x[:, None], size).flatten(1).sqrt() for x in (power, target))
        convergence = torch.linalg.vector_norm(M - T, dim=1) / torch.linalg.vector_norm(T, dim=1)
        decibels = 20.0 * (torch.log10(M) - torch.log10(T)).abs().mean(dim=1)
        return (convergence + decibels / (high - low)).mean()


class LogSpectralDistance(Loss):
    """Measures the root mean square error of the bands of a frame, dB; a mean over frames and batch.

    Args:
        db_range: of the segments, as `AudioFeatures` has it.

    Reference:
        Gray & Markel, *Distance measures for speech processing*, IEEE Transactions on Acoustics, Speech, and Signal
        Processing 24(5), 1976, section III.
    """

    def __init__(self, db_range: tuple[float, float]) -> None:
        super().__init__()
        self.db_range = db_range

    @override
    def forward(self, passed: Pass) -> Tensor:
        low, high = self.db_range
        error = ((passed.output.reconstruction - passed.S) * (high - low)).square().mean(dim=-2)
        # A root has no slope at 0: a thousandth of a decibel is as good as equal.
        return (error + _EQUAL_DB**2).sqrt().mean()
