"""Makes up trajectories for `benchmarks.life`: linear autoregression, and a small recurrent network.

Both are given where a note lies in the latent space, its pitch, the time since its onset and since it was let go, and
make up level, pitch and code step by step (43 Hz; four levels a step), the random part drawn at every step.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from aitunes.features import FloatArray
from aitunes.motion.note_level import MIN_DB
from aitunes.release.motion import RELEASE_START, Motion
from benchmarks.life_notes import Asked

_LEVELS = 4
_LEVEL_DB, _CENTS = 20.0, 40.0
_ORDER, _RIDGE = 2, 1e-2
_WIDTH, _EPOCHS, _BATCH, _RATE = 64, 16, 32, 5e-3
_CLIPPED = 4.0
_AFTER_STEPS = 20


class TrajectoryModel(Protocol):
    """Makes up how a note moves."""

    def motion_of(self, asked: Asked, known: Motion, nearest: int) -> Motion:
        """Return a motion of one trajectory, with the noise of the known one that is nearest."""


class _Steps:
    """Turns trajectories into steps and back.

    Args:
        motion: of the known notes.
    """

    def __init__(self, motion: Motion) -> None:
        self.motion = motion
        self.spread = np.maximum(motion.offsets.std(axis=0), 1e-3)
        self.dim = motion.codes.shape[1]

    def of(self, item: int) -> FloatArray:
        """Return the steps of a trajectory, [steps, 5 + latent_dim]."""
        motion = self.motion
        first, end = motion.code_starts[item : item + 2]
        level = motion.level[motion.level_starts[item] : motion.level_starts[item + 1]]
        level = np.pad(level, (0, (end - first) * _LEVELS - len(level)), mode="edge").reshape(-1, _LEVELS)
        parts = [level / _LEVEL_DB, motion.cents[first:end, None] / _CENTS, motion.offsets[first:end] / self.spread]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def conditions(self, z: FloatArray, pitch: float, held: float, steps: int) -> FloatArray:
        """Return what each step is given, [steps, conditions]; `held` is in steps."""
        motion = self.motion
        t = np.arange(steps) / motion.code_rate
        gone = np.maximum(np.arange(steps) - held, 0.0) / motion.code_rate
        point = (z - motion.codes.mean(axis=0)) @ motion.metric
        place = np.concatenate([point / np.std(motion.codes @ motion.metric, axis=0), [(pitch - 60.0) / 12.0]])
        time = [np.ones(steps), np.exp(-t / 0.03), np.exp(-t / 0.15), np.exp(-t / 0.6), t / 3.0]
        time += [np.exp(-gone / 0.1) * (gone > 0.0), (gone > 0.0).astype(float)]
        return np.concatenate([np.stack(time, axis=1), np.tile(place, (steps, 1))], axis=1).astype(np.float32)

    def known_conditions(self, item: int) -> FloatArray:
        """Return the conditions of a known trajectory."""
        motion = self.motion
        steps = int(np.diff(motion.code_starts[item : item + 2])[0])
        return self.conditions(
            motion.codes[item], motion.pitch[item], motion.marks[item, RELEASE_START] / _LEVELS, steps
        )

    def motion_of(self, x: FloatArray, asked: Asked, nearest: int) -> Motion:
        """Return made-up steps as a motion that is played straight on to its end."""
        level = x[:, :_LEVELS].reshape(-1) * _LEVEL_DB
        level = np.clip(level - level.max(), MIN_DB, 0.0)
        end = len(level)
        held = min(max(round(asked.held_seconds * self.motion.level_rate), 2), end)
        one = self.motion.of(np.array([nearest]))
        return replace(
            one,
            codes=asked.z[None],
            pitch=np.array([asked.note.midi], np.float32),
            marks=np.array([[held - 2, held - 2, held - 1, held, end]], np.int32),
            level=level.astype(np.float32),
            cents=(x[:, _LEVELS] * _CENTS).astype(np.float32),
            offsets=(x[:, _LEVELS + 1 :] * self.spread).astype(np.float32),
        )

    def length(self, asked: Asked) -> int:
        """Return how many steps a note lasts."""
        return max(2, math.ceil(asked.held_seconds * self.motion.code_rate) + _AFTER_STEPS)


class LinearModel:
    """Predicts x[t] = A₁ x[t−1] + A₂ x[t−2] + B (c, c ⊗ place) + noise, all by least squares."""

    def __init__(self, steps: _Steps) -> None:
        self._steps = steps
        rows, targets = [], []
        for item in range(len(steps.motion)):
            x, c = steps.of(item), steps.known_conditions(item)
            past = np.concatenate([np.tile(x[:1] * 0.0, (_ORDER, 1)), x])
            rows.append(np.concatenate([past[1:-1], past[:-2], self._features(c)], axis=1))
            targets.append(x)
        basis, target = np.concatenate(rows).astype(np.float64), np.concatenate(targets).astype(np.float64)
        normal = basis.T @ basis + _RIDGE * len(basis) * np.diag(basis.var(axis=0) + 1e-9)
        self._weights = np.linalg.solve(normal, basis.T @ target)
        self._chol = np.linalg.cholesky(np.cov((target - basis @ self._weights).T) + 1e-9 * np.eye(target.shape[1]))

    def motion_of(self, asked: Asked, known: Motion, nearest: int) -> Motion:
        """Make up a trajectory."""
        rng = np.random.default_rng(0)
        count = self._steps.length(asked)
        held = asked.held_seconds * known.code_rate
        c = self._features(self._steps.conditions(asked.z, asked.note.midi, held, count))
        size = self._weights.shape[1]
        past, made = [np.zeros(size)] * 2, []
        for step in range(count):
            x = np.concatenate([past[-1], past[-2], c[step]]) @ self._weights + self._chol @ rng.standard_normal(size)
            x = np.clip(x, -_CLIPPED, _CLIPPED)
            made.append(x)
            past = [past[-1], x]
        return self._steps.motion_of(np.array(made), asked, nearest)

    def _features(self, c: FloatArray) -> FloatArray:
        place = c[:, -(self._steps.dim + 1) :]
        products = (c[:, : -(self._steps.dim + 1), None] * place[:, None]).reshape(len(c), -1)
        return np.concatenate([c, products], axis=1)


class RecurrentModel(nn.Module):
    """Predicts mean and spread of the next step with a gated recurrent unit."""

    def __init__(self, steps: _Steps) -> None:
        super().__init__()
        self.steps = steps
        self.size = _LEVELS + 1 + steps.dim
        conditions = steps.known_conditions(0).shape[1]
        self.unit = nn.GRU(self.size + conditions, _WIDTH, batch_first=True)
        self.head = nn.Linear(_WIDTH + conditions, 2 * self.size)

    def forward(self, x: Tensor, c: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Return mean and log spread after the steps x with the conditions c of the ones to come, and the state."""
        hidden, state = self.unit(torch.cat([x, c], dim=2), state)
        change, spread = self.head(torch.cat([hidden, c], dim=2)).chunk(2, dim=2)
        return x + change, spread.clamp(-5.0, 1.0), state

    def motion_of(self, asked: Asked, known: Motion, nearest: int) -> Motion:
        """Make up a trajectory."""
        rng = torch.Generator().manual_seed(0)
        held = asked.held_seconds * known.code_rate
        c = self.steps.conditions(asked.z, asked.note.midi, held, self.steps.length(asked))
        x, state, made = torch.zeros(1, 1, self.size), None, []
        with torch.no_grad():
            for step in torch.from_numpy(c):
                mean, spread, state = self(x, step[None, None], state)
                x = (mean + spread.exp() * torch.randn(mean.shape, generator=rng)).clamp(-_CLIPPED, _CLIPPED)
                made.append(x[0, 0].numpy())
        return self.steps.motion_of(np.array(made), asked, nearest)


def linear_model(known: Motion) -> LinearModel:
    """Fit the linear autoregression to known notes."""
    return LinearModel(_Steps(known))


def recurrent_model(known: Motion) -> RecurrentModel:
    """Train the recurrent network on known notes, by the likelihood of each next step."""
    torch.manual_seed(0)
    steps = _Steps(known)
    model = RecurrentModel(steps)
    pairs = [(torch.from_numpy(steps.of(n)), torch.from_numpy(steps.known_conditions(n))) for n in range(len(known))]
    optimizer = torch.optim.Adam(model.parameters(), _RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=_EPOCHS * -(-len(pairs) // _BATCH))
    for _ in range(_EPOCHS):
        order = torch.randperm(len(pairs)).tolist()
        for first in range(0, len(order), _BATCH):
            chosen = [pairs[n] for n in order[first : first + _BATCH]]
            x, c = (nn.utils.rnn.pad_sequence(part, batch_first=True) for part in zip(*chosen, strict=True))
            mask = nn.utils.rnn.pad_sequence([torch.ones(len(part)) for part, _ in chosen], batch_first=True)
            past = torch.cat([torch.zeros_like(x[:, :1]), x[:, :-1]], dim=1)
            mean, spread, _ = model(past, c)
            loss = (0.5 * ((x - mean) * torch.exp(-spread)) ** 2 + spread).mean(dim=2)
            optimizer.zero_grad()
            ((loss * mask).sum() / mask.sum()).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return model.eval()
