"""Reads the recorded trajectories of notes inside a TorchScript module."""

import numpy as np
import torch
from torch import Tensor, nn

from aitunes.motion import pace
from aitunes.release.motion import Motion
from training.export.nn_choice import quantised


class NnRecorded(nn.Module):
    """Keeps the trajectories of a release's notes.

    `marks` of a trajectory are those of `Motion.marks`, then its first level frame, first code frame and last code
    frame, counted from its first.

    Args:
        motion: of the release.
    """

    level: Tensor
    cents: Tensor
    offsets: Tensor
    scale: Tensor
    marks: Tensor
    __constants__ = ("cents_per_db", "moments_count", "ratio")

    def __init__(self, motion: Motion) -> None:
        super().__init__()
        self.ratio = motion.code_rate / motion.level_rate
        self.cents_per_db, self.moments_count = pace.CENTS_PER_DB, pace.SIMILAR_MOMENTS
        offsets, scale = quantised(motion.offsets, motion.code_starts, np.int8)
        starts = [motion.level_starts[:-1], motion.code_starts[:-1], np.diff(motion.code_starts) - 1]
        for name, values in {
            "level": motion.level.astype(np.float16),
            "cents": motion.cents.astype(np.float16),
            "offsets": offsets,
            "scale": scale,
            "marks": np.concatenate([motion.marks.astype(np.int64), np.stack(starts, axis=1)], axis=1),
        }.items():
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(values)))

    def marks_of(self, index: int) -> list[int]:
        """Return the marks of a trajectory."""
        marks: list[int] = self.marks[index].tolist()
        return marks

    def mean_level(self, marks: list[int]) -> float:
        """Return the mean level of a loop, dB."""
        return float(self.level[marks[5] + marks[1] : marks[5] + marks[2]].double().mean())

    def level_at(self, marks: list[int], position: float) -> float:
        """Return the level at a frame with fraction, dB."""
        last = marks[4] - 1
        left = min(max(int(position), 0), last)
        a, b = float(self.level[marks[5] + left]), float(self.level[marks[5] + min(left + 1, last)])
        return a + (b - a) * min(max(position - left, 0.0), 1.0)

    def code_at(self, index: int, marks: list[int], position: float) -> tuple[Tensor, float]:
        """Return the offset [latent_dim] and the cents at a frame with fraction."""
        at = min(max((position + 0.5) * self.ratio - 0.5, 0.0), float(marks[7]))
        left = int(at)
        share, right = at - left, marks[6] + min(left + 1, marks[7])
        left += marks[6]
        cents = float(self.cents[left]) * (1.0 - share) + float(self.cents[right]) * share
        below = self.offsets[left].float()
        return (below + share * (self.offsets[right].float() - below)) * self.scale[index], cents

    def moments(self, index: int, marks: list[int], position: float, forward: bool, decays: bool) -> Tensor:
        """Return the frames of the loop where pitch, its direction, level and timbre are about as they are here."""
        ratio, code_last, origin = self.ratio, marks[7], marks[6]
        first, last = int(marks[1] * ratio), int(marks[2] * ratio)
        last = min(max(last, first + 2), code_last)
        first = max(0, min(first, last - 1))
        # What is left of the loop in the direction of play would be too little.
        room = min(max(1, (last - first) // 4), last - first)
        candidates = torch.arange(first, last - room + 1) if forward else torch.arange(first + room, last + 1)
        here = min(int(position * ratio), code_last)
        cents = self.cents[origin : origin + code_last + 1].double()
        offsets = self.offsets[origin : origin + code_last + 1].float() * self.scale[index]
        there = cents[candidates]
        rising = there - cents[(candidates - 1).clamp(min=0)]
        cost = (there - cents[here]).abs() + (rising - (cents[here] - cents[max(here - 1, 0)])).abs()
        cost = cost + 2.0 * self.cents_per_db * (offsets[candidates] - offsets[here]).square().sum(1).sqrt()
        frames = (candidates.double() / ratio).long().clamp(max=marks[4] - 1)
        if not decays:
            levels = self.level[marks[5] + frames].double()
            cost = cost + self.cents_per_db * (levels - self.level_at(marks, position)).abs()
        cost = torch.where((candidates - here).abs() <= 2, cost + 1e3, cost)
        return frames[torch.sort(cost, dim=0, stable=True)[1][: self.moments_count]]
