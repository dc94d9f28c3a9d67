"""Learns single notes: the harmonic model of the bundled releases, trained for a time instead of epochs."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aitunes.experiments.cases.notes import NOTES
from aitunes.experiments.note_experiment import NoteExperiment
from aitunes.experiments.optimisation import Optimisation, warm_up_and_decay
from aitunes.experiments.scenarios.notes import (
    FINE,
    HIGHEST,
    LOWEST_FINE,
    NOTE_SCENARIOS,
    RECORDED_NEIGHBOURHOOD,
    spectral,
)
from aitunes.modules.conditional import pitch_and_level
from aitunes.modules.harmonic import HarmonicVAE
from aitunes.modules.note_losses import TimbreDrift
from training.data.corpus import Corpus, Part
from training.data.texts import kinds, numbers
from training.evaluate.assessment import latent_use
from training.export.case_release import ReleaseNames, export_release
from training.fit.checkpoints import Identity
from training.fit.trained import Trained
from training.learn.motion import NoteMotionOf
from training.learn.steps import Titles

LATENT_DIM = 8

_BATCH = 96
_OPTIMISATION = Optimisation(2e-3, warm_up=0.1)
_SCENARIO = "harmonic"
_SCENARIO_EPOCHS = 24.0  # over which that scenario's weights rise
_MAX_HELD = 1_500
_EVALUATED_AT = (0.06, 0.14, 0.25, 0.38, 0.5, 0.62, 0.74, 0.82, 0.9, 0.96, 1.0)
_FIRST_SECONDS = 6.0  # of training before the first version, for which somebody waits
_PATIENCE = 4
_LOWEST, _HIGHEST = 28.0, 108.0
_FLOOR_DB = -60.0
_SEMITONES_BEYOND = 2.0


@dataclass(frozen=True)
class NoteStep:
    """A moment of the training; see `training.learn.steps.Step`."""

    progress: float
    held_db: float
    best_db: float
    is_better: bool
    is_last: bool


class NoteLearner:
    """Trains the harmonic model on notes.

    Args:
        corpus: of frames with pitch and level.
        latent_dim: coordinates of the release.
        seed: of weights, order and sampling.
        motion: of the notes, which the release gets; None gives it none.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        corpus: Corpus,
        latent_dim: int = LATENT_DIM,
        seed: int = 0,
        motion: NoteMotionOf | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        torch.manual_seed(seed)
        self._corpus, self._clock = corpus, clock
        self._motion = motion
        self._random = np.random.default_rng(seed)
        model = HarmonicVAE(FINE, latent_dim, pitch_and_level(*pitch_range(corpus)))
        self._experiment = NoteExperiment(
            model, spectral(FINE, RECORDED_NEIGHBOURHOOD, drift=TimbreDrift()), _OPTIMISATION, FINE
        )
        self._optimizer = _OPTIMISATION.optimizer(model.parameters())
        names = kinds(corpus.train.labels, corpus.held.labels)
        self._train = _tensors(corpus.train, names)
        self._held = _tensors(corpus.held.some(_MAX_HELD), names)
        self._steps = 0
        self._best: dict[str, Any] | None = None
        self._best_db = float("inf")

    @property
    def best_db(self) -> float:
        """Held-out distance of the best state, dB."""
        return self._best_db

    def run(self, seconds: float) -> Iterator[NoteStep]:
        """Train for so long, evaluate from time to time, keep the best state; called again, it goes on.

        The clock stands still while the caller works between two steps.
        """
        spent, misses = 0.0, 0
        ahead = [min(_EVALUATED_AT[0], _FIRST_SECONDS / seconds), *_EVALUATED_AT[1:]]
        while ahead:
            begin = self._clock()
            self._train_batch(min(1.0, spent / seconds))
            spent += self._clock() - begin
            progress = min(1.0, spent / seconds)
            if progress < ahead[0]:
                yield NoteStep(progress, self._best_db, self._best_db, False, False)
                continue
            while ahead and ahead[0] <= progress:
                ahead.pop(0)
            begin = self._clock()
            held_db = self._held_distance()
            is_better = held_db < self._best_db
            misses = 0 if is_better else misses + 1
            if is_better:
                self._best, self._best_db = copy.deepcopy(self._experiment.model.state_dict()), held_db
            spent += self._clock() - begin
            is_last = not ahead or misses >= _PATIENCE
            yield NoteStep(progress, held_db, self._best_db, is_better, is_last)
            if is_last:
                return

    def export(self, to: Path, titles: Titles) -> Path:
        """Write the best state as a release, with map, preview, card and the motion of its notes."""
        experiment = copy.deepcopy(self._experiment).eval()
        if self._best is not None:
            experiment.model.load_state_dict(self._best)
        scenario = replace(NOTE_SCENARIOS.find(_SCENARIO), features=FINE)
        identity = Identity.of(NOTES, scenario, self._corpus.hash, 0)
        epochs = max(1, self._steps * _BATCH // max(1, len(self._corpus.train)))
        trained = Trained(NOTES, scenario, experiment, Path(), identity, epochs)
        use = latent_use(experiment.model, np.asarray(self._corpus.held.some(_MAX_HELD).S))
        figures = {"held_out_db": round(self._best_db, 3), "active_units": float(use.active)}
        figures |= {"training_steps": float(self._steps), "held_out_frames": float(len(self._corpus.held))}
        names = ReleaseNames(titles.name, titles.public_name, titles.description)
        folder = export_release(trained, self._corpus, figures, to, titles.command, names)
        return folder if self._motion is None else self._motion.add(folder)

    def _train_batch(self, progress: float) -> None:
        """Take one step of the optimiser, at the rate that belongs to this share of the time."""
        experiment = self._experiment.train()
        experiment.loss.move_to(_SCENARIO_EPOCHS * progress)
        for group in self._optimizer.param_groups:
            group["lr"] = _OPTIMISATION.learning_rate * warm_up_and_decay(progress, _OPTIMISATION.warm_up)
        chosen = torch.from_numpy(self._random.integers(0, len(self._train[0]), _BATCH))
        passed = experiment.pass_through([values[chosen] for values in self._train])
        self._optimizer.zero_grad(set_to_none=True)
        total = experiment.loss(passed).total
        if not torch.isfinite(total):  # a batch that would spoil the weights is left out
            return
        total.backward()
        torch.nn.utils.clip_grad_norm_(experiment.parameters(), 10.0)
        self._optimizer.step()
        self._steps += 1

    def _held_distance(self) -> float:
        """Log-spectral distance of held-out frames down to 60 dB below their loudest bin, dB."""
        low, high = FINE.db_range
        floor = (float(self._held[0].max()) * (high - low) + low) + _FLOOR_DB
        model = self._experiment.eval().model
        found = []
        with torch.no_grad():
            for start in range(0, len(self._held[0]), _BATCH):
                S, _, conditions = (values[start : start + _BATCH] for values in self._held)
                decoded = model(S, conditions).reconstruction
                wanted, made = ((x.flatten(1) * (high - low) + low) for x in (S, decoded))
                difference = made.clamp(min=floor) - wanted.clamp(min=floor)
                found.append(difference.square().mean(dim=1).sqrt())
        return float(torch.cat(found).mean())


def pitch_range(corpus: Corpus) -> tuple[float, float]:
    """Return the keys of the release: those of the bundled ones, and further where the notes go further."""
    parts = [part.conditions[:, 0] for part in (corpus.train, corpus.held) if part.conditions is not None]
    pitch = np.concatenate(parts)
    lowest = min(LOWEST_FINE, max(_LOWEST, float(np.floor(pitch.min()))))
    return lowest, max(HIGHEST, min(_HIGHEST, float(np.ceil(pitch.max())) + _SEMITONES_BEYOND))


def _tensors(part: Part, names: tuple[str, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Frames, numbers of their labels, and their conditions."""
    assert part.conditions is not None
    labels = numbers(part.labels, names)
    return torch.from_numpy(np.asarray(part.S)), torch.from_numpy(labels), torch.from_numpy(part.conditions)
