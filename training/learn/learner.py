"""Learns a folder's frames: at once a linear model, then that one with a network beside it where it is better."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from training.learn.fitting import (
    BATCH,
    Augmentation,
    AveragedWeights,
    linear_model,
    mean_error_db,
    training_loss,
)
from training.learn.frames import Frames
from training.learn.network import FrameAutoencoder

_CHECK_SECONDS = 5.0
_CHECK_SHARE = 0.04
_HELD_FRAMES = 6_000
_PATIENCE_SHARE, _MIN_PATIENCE_SECONDS = 0.35, 30.0
_LAST_RATE_SHARE = 0.02
_FRAMES_PER_DIMENSION = 32  # the map has one in sixteen of them, and the pad is laid on twice as many as dimensions
_LINEAR_FRAMES = 40_000


@dataclass(frozen=True)
class LearnSettings:
    """Chooses how to learn.

    Args:
        latent_dim: numbers in a code; fewer where there are few frames.
        seed: of order, augmentation and noise.
        linear: start from the linear model; false starts from chance, as a comparison does.
        learning_rate: at the beginning.
        augment: share of the frames that are changed.
    """

    latent_dim: int = 16
    seed: int = 0
    linear: bool = True
    learning_rate: float = 5e-4
    augment: float = 0.3


@dataclass(frozen=True)
class LearntModel:
    """A state of a training.

    Args:
        model: not changed any more, in evaluation mode.
        held_db: mean error of held-out envelopes, dB.
        linear_db: of the linear model of the same size, dB.
        seconds: of training.
        epochs: passes over the frames.
    """

    model: FrameAutoencoder
    held_db: float
    linear_db: float
    seconds: float
    epochs: float


@dataclass(frozen=True)
class LearnStep:
    """A moment of a training.

    Args:
        progress: share of the time that was given, 0..1.
        seconds: since `run` began.
        stage: "linear" or "tuning".
        held_db, best_db: error of held-out envelopes, dB, of this state and of the best one.
        is_better: this state is the best so far.
        is_last: the time is over, or nothing gets better any more.
        model: the best state.
    """

    progress: float
    seconds: float
    stage: str
    held_db: float
    best_db: float
    is_better: bool
    is_last: bool
    model: LearntModel


class Learner:
    """Learns frames for as long as it is asked to, and keeps its best state.

    The best state is that with the smallest error on held-out frames. The linear model is the first of them, so that
    what is kept is never worse than it on these frames.

    Args:
        frames: what to learn.
        settings: how.
        clock: seconds that pass.
    """

    def __init__(
        self, frames: Frames, settings: LearnSettings | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.frames = frames
        self.settings = settings or LearnSettings()
        self._clock = clock
        self._latent_dim = min(self.settings.latent_dim, max(2, len(frames.train) // _FRAMES_PER_DIMENSION))
        self._held = frames.held[:: max(1, len(frames.held) // _HELD_FRAMES)]
        self._best: LearntModel | None = None
        self._linear_db = float("inf")
        self._seconds, self._seen = 0.0, 0
        self._tuning: _Tuning | None = None

    @property
    def best(self) -> LearntModel:
        """The best state so far.

        Raises:
            RuntimeError: `run` has not given a first step.
        """
        if self._best is None:
            raise RuntimeError("Learner.run must give its first step before there is a best state.")
        return self._best

    def run(self, seconds: float) -> Iterator[LearnStep]:
        """Learn, and give a step whenever the state was measured; called again, it goes on from where it was.

        Args:
            seconds: how long at most.
        """
        begin = self._clock()

        def step(stage: str, held_db: float, is_better: bool, is_last: bool = False) -> LearnStep:
            now = self._clock() - begin
            best = self.best
            return LearnStep(min(1.0, now / seconds), now, stage, held_db, best.held_db, is_better, is_last, best)

        if self._tuning is None:
            # Layers take their first weights from the global generator, which is left as it was.
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self.settings.seed)
                start = self._first_model().eval()
            held_db = mean_error_db(start, self._held)
            if self.settings.linear:
                self._linear_db = held_db
                yield step("linear", held_db, self._keep(start, held_db))
            self._tuning = _Tuning(start, self.settings)
        yield from self._tune(self._tuning, begin, seconds, step)

    def _first_model(self) -> FrameAutoencoder:
        if not self.settings.linear:
            return FrameAutoencoder(self._latent_dim)
        # The first model is for a player who waits; a linear one needs no more frames than that.
        every = max(1, len(self.frames.train) // _LINEAR_FRAMES)
        return linear_model(self.frames.train[::every], self._latent_dim)

    def _tune(
        self, tuning: _Tuning, begin: float, seconds: float, step: Callable[..., LearnStep]
    ) -> Iterator[LearnStep]:
        last_better = last_check = self._clock() - begin
        patience = max(_MIN_PATIENCE_SECONDS, _PATIENCE_SHARE * seconds)
        pause = max(_CHECK_SECONDS, _CHECK_SHARE * seconds)
        done, train = self._seconds, self.frames.train
        while True:
            now = self._clock() - begin
            self._seconds = done + now
            is_over = now >= seconds
            if now - last_check >= pause or is_over:
                model = tuning.average.model
                held_db = mean_error_db(model, self._held)
                is_better = self._keep(model, held_db)
                last_check = self._clock() - begin
                last_better = last_check if is_better else last_better
                is_last = is_over or last_check - last_better > patience
                yield step("tuning", held_db, is_better, is_last)
                if is_last:
                    return
                continue
            tuning.batch(train, now / seconds)
            self._seen += BATCH

    def _keep(self, model: FrameAutoencoder, held_db: float) -> bool:
        """Keep a copy of a state that is better than the best one."""
        if self._best is not None and held_db >= self._best.held_db:
            return False
        frozen = copy.deepcopy(model).eval()
        epochs = self._seen / len(self.frames.train)
        self._best = LearntModel(frozen, held_db, self._linear_db, self._seconds, epochs)
        return True


class _Tuning:
    """A model in training, with its optimiser and its averaged weights."""

    def __init__(self, start: FrameAutoencoder, settings: LearnSettings) -> None:
        self._rate = settings.learning_rate
        self._model = copy.deepcopy(start)
        self.average = AveragedWeights(self._model)
        self._optimiser = torch.optim.AdamW(self._model.parameters(), self._rate, weight_decay=1e-2)
        self._generator = torch.Generator().manual_seed(settings.seed)
        self._augment = Augmentation(settings.augment)
        self._rng = np.random.default_rng(settings.seed)
        self._steps = 0

    def batch(self, train: np.ndarray, progress: float) -> None:
        """Learn one batch.

        Args:
            progress: share of the time that is over; the rate falls along half a cosine.
        """
        fall = 0.5 * (1.0 + np.cos(np.pi * min(1.0, progress)))
        rate = self._rate * (_LAST_RATE_SHARE + (1.0 - _LAST_RATE_SHARE) * fall) * min(1.0, (self._steps + 1) / 100)
        for group in self._optimiser.param_groups:
            group["lr"] = float(rate)
        self._model.train()
        x = torch.from_numpy(train[self._rng.integers(len(train), size=BATCH)])
        x = self._augment(x, self._generator)
        loss = training_loss(self._model, x, x, self._generator)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimiser.step()
        self.average.update(self._model)
        self._steps += 1
