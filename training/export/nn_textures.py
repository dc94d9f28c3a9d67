"""Moves a code as the training material moved near it, inside a TorchScript module.

The rules are those of `instrument.synthesis.texture_motion`, without its grid of beats: a host has no transport.
"""

import numpy as np
import torch
from torch import Tensor, nn

from aitunes.motion import pace
from aitunes.motion.passages import Passages, nearness
from aitunes.release.card import ReleaseCard
from aitunes.release.motion import Motion
from training.export.nn_choice import quantised
from training.export.nn_notes import Moved
from training.export.nn_phases import DICE_MASK, MAX_BATCH


class NnTextures(nn.Module):
    """Plays the passages of the training tracks that lie nearest to a code, around the code itself.

    Args:
        motion: of a release without notes.
        card: of the release.
    """

    metric: Tensor
    nearness: Tensor
    centre: Tensor
    axes: Tensor
    deviations: Tensor
    free: Tensor
    points: Tensor
    means: Tensor
    windows: Tensor
    codes: Tensor
    scale: Tensor
    level: Tensor
    state: Tensor
    place: Tensor
    asked: Tensor
    apart: Tensor
    mean: Tensor
    dice: Tensor
    __constants__ = ("fade", "frames", "last", "mask", "moved", "nearest", "similar")

    def __init__(self, motion: Motion, card: ReleaseCard) -> None:
        super().__init__()
        features, axes = card.features, np.asarray(card.latent.axes, np.float32)
        near = nearness(axes, motion.metric, pace.TEXTURE_OTHER)
        passages = Passages(motion, pace.TEXTURE_WINDOW_SECONDS, pace.TEXTURE_STEP_SECONDS, near)
        self.frames = features.hop_length / features.sample_rate * motion.code_rate
        self.fade, self.moved = max(1.0, pace.TEXTURE_FADE_SECONDS * motion.code_rate), pace.MOVED
        self.nearest, self.similar = min(pace.NEAREST_PASSAGES, len(passages.windows)), pace.SIMILAR_ENTRIES
        self.last, self.mask = len(passages.codes) - 1, DICE_MASK
        codes, scale = quantised(passages.codes, np.array([0, len(passages.codes)]), np.int16)
        for name, values in {
            "metric": motion.metric,
            "nearness": near,
            "centre": np.asarray(card.latent.mean, np.float32),
            "axes": axes,
            "deviations": np.sqrt(np.maximum(card.latent.variance, 1e-12)).astype(np.float32),
            "free": (np.arange(len(axes)) >= pace.HELD_AXES).astype(np.float32),
            "points": passages.points,
            "means": passages.means,
            "windows": passages.windows,
            "codes": codes,
            "scale": scale[0],
            "level": motion.level.astype(np.float16),
            # Of a row: 1 once it has begun, passage, position, frames of the fade, and what was apart in level.
            "state": np.zeros((MAX_BATCH, 5), np.float32),
            "place": np.zeros(MAX_BATCH),
            **{name: np.zeros((MAX_BATCH, codes.shape[1]), np.float32) for name in ("asked", "apart", "mean")},
            "dice": np.zeros(MAX_BATCH, np.int64),
        }.items():
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(values)))
        self.reset(0)

    @torch.jit.export
    def reset(self, seed: int) -> None:
        """Begin at the code again, with all that is random from a number."""
        self.seed(seed)

    @torch.jit.export
    def rest(self) -> None:
        """Forget where the material was: what moves again begins at the code."""
        self.state.zero_()

    @torch.jit.export
    def seed(self, seed: int) -> None:
        """Begin at the code again, with all that is random from a number; each signal has another."""
        self.rest()
        self.dice.copy_((40_503 * seed + 69_069 * torch.arange(self.dice.size(0)) + 1) & self.mask)

    @torch.jit.export
    def move(
        self, z: Tensor, pitch: Tensor, level: Tensor, amount: float, speed: float, mode: int, drone: bool
    ) -> Moved:
        """Move all rows on by a hop.

        Args:
            z: [rows, latent_dim]; pitch and level, which stay, [rows, 1].
            amount, speed: as `MotionSettings` of the instrument has them.
            mode: 0 repeats a passage, 1 wanders to another one, 2 stays at its end.
            drone: changes nothing.
        """
        rows = z.size(0)
        codes, gain = z.clone(), torch.ones(rows, 1)
        for n in range(rows):
            row: list[float] = self.state[n].tolist()
            row[2] = float(self.place[n])
            self.follow(row, n, z[n], speed)
            row[2] += self.frames * speed
            self.turn(row, n, z[n], speed, mode)
            row[3] += self.frames
            code, level_db = self.now(row, n)
            self.mean[n] += min(1.0, self.frames / self.fade) * (self.means[int(row[1])] - self.mean[n])
            base = z[n] + min(1.0, amount) * self.own(self.mean[n], z[n])
            codes[n] = base + amount * (code - self.mean[n])
            gain[n] = 10.0 ** (amount * level_db / 20.0)
            self.state[n].copy_(torch.tensor(row))  # which makes numbers of 32 bits of them, too few for a position
            self.place[n].fill_(row[2])
        return codes, pitch, level, torch.ones_like(gain), gain, torch.zeros(rows, dtype=torch.bool)

    def follow(self, row: list[float], n: int, z: Tensor, speed: float) -> None:
        """Go to the nearest passage, first and whenever the code has moved far enough."""
        point = z @ self.nearness
        if row[0] == 0.0:
            window = self.near(point)[0]
            row[0], row[1], row[2], row[3] = 1.0, float(window), float(int(self.windows[window, 0])), self.fade
            self.asked[n].copy_(point)
            self.mean[n].copy_(self.means[window])
        elif float((point - self.asked[n]).abs().max()) > self.moved:
            self.asked[n].copy_(point)
            near = self.near(point)
            if int(row[1]) not in near:
                self.go_to(row, n, near[0], speed)

    def own(self, code: Tensor, z: Tensor) -> Tensor:
        """Return what a sound has along all axes but the pad's, and a player at z leaves to it, [latent_dim]."""
        there, asked = (code - self.centre) @ self.axes.t(), (z - self.centre) @ self.axes.t()
        return (self.free * (1.0 - asked.abs() / self.deviations).clamp(min=0.0) * there) @ self.axes

    def near(self, point: Tensor) -> list[int]:
        """Return the passages nearest to a point, nearest first."""
        apart = (self.points - point).square().sum(1)
        found: list[int] = torch.sort(apart, dim=0, stable=True)[1][: self.nearest].tolist()
        return found

    def turn(self, row: list[float], n: int, z: Tensor, speed: float, mode: int) -> None:
        """Decide what follows where a passage ends."""
        marks: list[int] = self.windows[int(row[1])].tolist()
        first, last, track_last = float(marks[0]), float(marks[1] - 1), float(marks[2] - 1)
        if mode == 2:
            row[2] = min(max(row[2], first), last)
        elif row[2] > last or row[2] < first:
            row[2] = min(max(row[2], first), track_last)  # beyond the end of a track lies another one
            if mode == 0:
                self.fade_to(row, n, first if speed >= 0.0 else last)
            else:
                near = self.near(z @ self.nearness)
                self.go_to(row, n, near[self.drawn(n, len(near))], speed)

    def go_to(self, row: list[float], n: int, window: int, speed: float) -> None:
        """Enter a passage where its nearer half is most like the present moment."""
        here, _ = self.now(row, n)
        first, end = int(self.windows[window, 0]), int(self.windows[window, 1])
        half = (end - first) // 2
        low, high = (first, first + max(1, half)) if speed >= 0.0 else (first + half, end)
        apart = ((self.codes[low:high].float() * self.scale - here) @ self.metric).square().sum(1)
        best = torch.sort(apart, dim=0, stable=True)[1][: self.similar]
        entry = low + int(best[self.drawn(n, best.size(0))])
        row[1] = float(window)
        self.fade_to(row, n, float(entry))

    def fade_to(self, row: list[float], n: int, position: float) -> None:
        """Jump to a frame; what was apart from it fades away."""
        code, level_db = self.now(row, n)
        row[2] = position
        there, there_db = self.at(position)
        self.apart[n].copy_(code - there)
        row[3], row[4] = 0.0, level_db - there_db

    def now(self, row: list[float], n: int) -> tuple[Tensor, float]:
        """Return the code [latent_dim] and the level, dB, of a row."""
        code, level_db = self.at(row[2])
        if row[3] >= self.fade:
            return code, level_db
        rest = 1.0 - row[3] / self.fade
        rest = rest * rest * (3.0 - 2.0 * rest)
        return code + rest * self.apart[n], level_db + rest * row[4]

    def at(self, position: float) -> tuple[Tensor, float]:
        """Return the code [latent_dim] and the level, dB, of the material."""
        at = min(max(position, 0.0), float(self.last))
        left = int(at)
        right, share = min(left + 1, self.last), at - left
        below = self.codes[left].float()
        code = (below + share * (self.codes[right].float() - below)) * self.scale
        return code, float(self.level[left]) * (1.0 - share) + float(self.level[right]) * share

    def drawn(self, n: int, count: int) -> int:
        """Draw a number below another one for a row."""
        drawn = (int(self.dice[n]) * 1103515245 + 12345) & self.mask
        self.dice[n].fill_(drawn)
        return int(float(drawn) / 2147483648.0 * count)

    @torch.jit.export
    def shape(self, S: Tensor, pitch: Tensor, amount: float) -> Tensor:
        """Return magnitudes as they are: a texture's noise is in its codes."""
        return S


class NnStill(nn.Module):
    """Stands for the motion of a release that has none."""

    @torch.jit.export
    def reset(self, seed: int) -> None:
        """Do nothing."""

    @torch.jit.export
    def rest(self) -> None:
        """Do nothing."""

    @torch.jit.export
    def seed(self, seed: int) -> None:
        """Do nothing."""

    @torch.jit.export
    def move(
        self, z: Tensor, pitch: Tensor, level: Tensor, amount: float, speed: float, mode: int, drone: bool
    ) -> Moved:
        """Return what is asked for."""
        one = torch.ones(z.size(0), 1)
        return z, pitch, level, one, one, torch.zeros(z.size(0), dtype=torch.bool)

    @torch.jit.export
    def shape(self, S: Tensor, pitch: Tensor, amount: float) -> Tensor:
        """Return magnitudes as they are."""
        return S
