"""Defines losses of note models: audible errors, and an ordered latent space."""

from __future__ import annotations

import torch
from torch import Tensor
from typing_extensions import override

from aitunes.modules.harmonic import HarmonicVAE
from aitunes.modules.objective import Loss, Pass
from aitunes.modules.shares import drawn_like

_FLOOR_DB = -75.0
_FULL_WEIGHT_DB = -35.0
_MIN_WEIGHT = 0.15


class _RelativeLoss(Loss):
    """Compares decibels relative to the level of each target segment, so that quiet ones count like loud ones.

    Args:
        db_range: of the segments, as `AudioFeatures` has it.
    """

    def __init__(self, db_range: tuple[float, float]) -> None:
        super().__init__()
        self.db_range = db_range

    def decibels(self, passed: Pass) -> tuple[Tensor, Tensor]:
        """Return decibels of the target, whose power sums to 0 dB, and of the reconstruction, [batch, values] each."""
        low, high = self.db_range
        target, reconstruction = (S.flatten(1) * (high - low) + low for S in (passed.S, passed.output.reconstruction))
        level = 10.0 * torch.log10((10.0 ** (0.1 * target)).sum(dim=1, keepdim=True))
        return target - level, reconstruction - level


class LoudnessWeightedLogError(_RelativeLoss):
    """Measures the absolute error of magnitudes, dB, a mean over bins; bins near the floor count less.

    Below the floor, 75 dB under the segment's level, nothing counts.
    """

    @override
    def forward(self, passed: Pass) -> Tensor:
        target, reconstruction = (decibels.clamp(min=_FLOOR_DB) for decibels in self.decibels(passed))
        weight = ((target - _FLOOR_DB) / (_FULL_WEIGHT_DB - _FLOOR_DB)).clamp(_MIN_WEIGHT, 1.0)
        return (weight * (target - reconstruction).abs()).mean()


class RelativeConvergence(_RelativeLoss):
    """Measures the spectral convergence of each segment, ‖M̂ − M‖ / ‖M‖; a mean over the batch.

    Reference:
        Arık, Jun & Diamos, *Fast spectrogram inversion using multi-head convolutional neural networks*, IEEE Signal
        Processing Letters 26(1), 2019, equation 2.
    """

    @override
    def forward(self, passed: Pass) -> Tensor:
        target, reconstruction = (10.0 ** (0.05 * decibels) for decibels in self.decibels(passed))
        return torch.linalg.vector_norm(reconstruction - target, dim=1).mean()


class Neighbourhood(Loss):
    """Measures how unlikely a segment's neighbour on the first latent dimensions has its label, nats.

    The neighbour is drawn with the softmax of minus the squared distances, so like gathers with like there: these
    dimensions, which come to vary most, become the pad's map. 0 where nobody says what the segments are.

    Args:
        dimensions: how many of the first latent dimensions.

    Reference:
        Goldberger, Roweis, Hinton & Salakhutdinov, *Neighbourhood components analysis*, NIPS 2004, equations 1 and 2.
    """

    def __init__(self, dimensions: int = 2) -> None:
        super().__init__()
        self.dimensions = dimensions

    @override
    def forward(self, passed: Pass) -> Tensor:
        positions, labels = passed.output.z[:, : self.dimensions], passed.labels
        if labels is None or len(labels) < 2:
            return positions.new_zeros(())
        closeness = -torch.cdist(positions, positions).square()
        closeness = closeness.masked_fill(torch.eye(len(labels), dtype=torch.bool, device=positions.device), -torch.inf)
        alike = (labels[:, None] == labels).fill_diagonal_(False)
        chosen = torch.where(alike, closeness, -torch.inf).logsumexp(dim=1) - closeness.logsumexp(dim=1)
        has_neighbour = alike.any(dim=1)
        return -chosen[has_neighbour].mean() if bool(has_neighbour.any()) else positions.new_zeros(())


class TimbreDrift(Loss):
    """Measures how much envelope and noise change when only the pitch does, dB.

    No note of the data shows what a flute would be two octaves below its range. This asks that it be the same flute:
    every code is drawn at its own pitch and at another one, and the two drawings are compared.

    Args:
        semitones: furthest other pitch.
    """

    def __init__(self, semitones: float = 24.0) -> None:
        super().__init__()
        self.semitones = semitones

    @override
    def forward(self, passed: Pass) -> Tensor:
        model, conditions = passed.model, passed.conditions
        if not isinstance(model, HarmonicVAE) or conditions is None:
            return passed.S.new_zeros(())
        pitch = model.conditions[0]
        moved = conditions.clone()
        moved[:, 0] += self.semitones * (2.0 * drawn_like(moved[:, 0], torch.rand) - 1.0)
        moved[:, 0].clamp_(pitch.low, pitch.high)
        here, there = model.draw(passed.output.z, conditions), model.draw(passed.output.z, moved)
        shapes = [drawing.envelope - drawing.envelope.mean(dim=1, keepdim=True) for drawing in (here, there)]
        return (shapes[0] - shapes[1]).abs().mean() + (here.noise - there.noise).abs().mean()
