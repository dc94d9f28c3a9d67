"""Training by `aitunes-train` against a bare PyTorch loop of the same model, batches and losses.

    python -m benchmarks.training [--epochs 4] [--segments 256]

Segments are noise: what they show costs nothing. Both run in turn in one process, one thread, epoch by epoch; processor
time counts, because others use the machine too, and the best epoch of each. The wait for data is what passes between
the end of a step and the beginning of the next, as a share of the epoch, on the clock.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from typing_extensions import override

from aitunes.experiments.cases import find_case
from aitunes.experiments.cases.case import Case
from aitunes.experiments.scenarios.scenario import Scenario
from training.data.corpus import Corpus, Part
from training.data.loading import EpochBatches, loader
from training.fit import train as training_module
from training.fit.options import TrainOptions
from training.fit.train import EpochSeed, train

SCENARIOS = (("gtzan", "low-dim32-momentum"), ("gtzan", "low-vq"), ("sinewave", "cvae8"))


class Stopwatch(Callback):
    """Processor seconds of every epoch's steps, and the share of them on the clock in which no step ran."""

    def __init__(self) -> None:
        self.epochs: list[float] = []
        self.waits: list[float] = []

    @override
    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._begin, self._clock, self._stepped = time.process_time(), time.perf_counter(), 0.0

    @override
    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: object, batch_idx: int) -> None:
        self._step = time.perf_counter()

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        self._end, self._clock_end = time.process_time(), time.perf_counter()
        self._stepped += self._clock_end - self._step

    @override
    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.epochs.append(self._end - self._begin)
        self.waits.append(1.0 - self._stepped / (self._clock_end - self._clock))


def main() -> None:
    """Measure and print a table for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--segments", type=int, default=256)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| scenario | ours, examples/s | bare loop, examples/s | ratio | wait for data |")
    print("| --- | --- | --- | --- | --- |")
    for experiment, name in SCENARIOS:
        case = find_case(experiment)
        scenario = case.scenarios.find(name)
        corpus = noise(case, scenario, options.segments)
        bare_loop(case, scenario, corpus, 1)  # what the first call ever allocates is nobody's
        ours, waits = lightning(case, scenario, corpus, options.epochs)
        theirs = bare_loop(case, scenario, corpus, options.epochs)
        rates = f"{options.segments / min(ours):.1f} | {options.segments / min(theirs):.1f}"
        print(f"| {experiment} {name} | {rates} | {min(theirs) / min(ours):.3f} | {float(np.median(waits)):.2%} |")


def noise(case: Case, scenario: Scenario, count: int) -> Corpus:
    """Segments of the right shape."""
    S = np.random.default_rng(0).random((count, *case.shape_of(scenario)), dtype=np.float32)
    train_part, held = (Part(part, np.full(len(part), "noise"), np.full(len(part), "noise")) for part in (S, S[:16]))
    return Corpus("noise", "CC0-1.0", "", count, train_part, held, case.features_of(scenario))


def lightning(case: Case, scenario: Scenario, corpus: Corpus, epochs: int) -> tuple[list[float], list[float]]:
    """Processor seconds and waits of every epoch, by `training.fit.train`."""
    watch = Stopwatch()

    class SeedAndWatch(EpochSeed):
        """The watch comes last, where the trainer takes its callbacks from."""

        @override
        def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
            if watch not in trainer.callbacks:
                trainer.callbacks.append(watch)

    original = training_module.EpochSeed
    training_module.EpochSeed = SeedAndWatch  # type: ignore[misc]
    try:
        with tempfile.TemporaryDirectory() as folder:
            train(case, scenario, corpus, TrainOptions(Path(folder), epochs, quiet=True))
    finally:
        training_module.EpochSeed = original  # type: ignore[misc]
    return watch.epochs, watch.waits


def bare_loop(case: Case, scenario: Scenario, corpus: Corpus, epochs: int) -> list[float]:
    """Processor seconds of every epoch, by nothing but PyTorch."""
    torch.manual_seed(0)
    experiment, recipe = case.start(scenario)
    optimizer = recipe.optimisation.optimizer(experiment.model.parameters())
    batches = EpochBatches(len(corpus.train), recipe.batch_size, 0)
    experiment.train()
    taken = []
    for epoch in range(epochs):
        batches.set_epoch(epoch)
        begin = time.process_time()
        for batch in loader(corpus.train, batches):
            optimizer.zero_grad()
            experiment.loss(experiment.pass_through(batch)).total.backward()
            optimizer.step()
        taken.append(time.process_time() - begin)
    return taken


if __name__ == "__main__":
    main()
