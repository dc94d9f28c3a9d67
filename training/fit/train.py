"""Trains a scenario of an experiment: seeded, checkpointed after every epoch, resumable on the same curve."""

from __future__ import annotations

import contextlib
import errno
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger
from typing_extensions import override

from aitunes.errors import TrainingError
from aitunes.experiments.cases.case import Case
from aitunes.experiments.run_files import BEST_CHECKPOINT, LAST_CHECKPOINT
from aitunes.experiments.scenarios.scenario import Scenario
from aitunes.experiments.support import AutoencoderExperimentSupport
from aitunes.experiments.training_module import TrainingModule
from aitunes.printable import printable
from training.data.corpus import Corpus
from training.data.loading import EpochBatches, loader
from training.data.processes import check_batch, is_lost_peer, launched, strategy
from training.data.texts import kinds
from training.fit.checkpoint_writing import Signature, WholeCheckpointIO
from training.fit.checkpoints import Identity, check_identity, check_resumable, load_weights
from training.fit.options import TrainOptions
from training.fit.run_folder import keep_older_run
from training.fit.run_progress import RunProgress
from training.fit.run_record import RunRecord
from training.fit.trained import Trained, load_trained

_PICTURES = 10
_START_NUMBERS = 1 << 27
"""Of the segments that a model may start from, which are held in memory: 8,192 of 128 x 128."""
_SEED_RANGE = 2**63 - 1
WARNINGS = "warnings.txt"
"""What libraries warned of while they trained, in the run's folder."""


def train(case: Case, scenario: Scenario, corpus: Corpus, options: TrainOptions) -> Trained:
    """Train a scenario.

    Raises:
        TrainingError: nothing to resume, a checkpoint of something else, losses or weights that are no numbers, or an
            interruption: the last checkpoint stays.
    """
    identity = Identity.of(case, scenario, corpus.hash, options.seed)
    checkpoint = options.run_dir / LAST_CHECKPOINT
    if options.resume and not checkpoint.is_file():
        raise TrainingError(f"There is nothing to resume: {checkpoint} does not exist.")
    torch.manual_seed(options.seed)
    experiment, recipe = case.start(scenario)
    done = check_resumable(checkpoint, identity) if options.resume else 0
    if options.start_from is not None:
        load_weights(experiment, check_identity(options.start_from, identity), options.start_from)
    elif not options.resume:
        most = max(2, _START_NUMBERS // experiment.model.size)
        experiment.model.start_from(torch.from_numpy(np.asarray(corpus.train.some(most).S)))
    if options.compiled:
        experiment.model.compile()
        for part in experiment.loss.parts.values():
            part.compile()
    epochs = options.epochs or recipe.epochs
    if not options.resume and (kept := keep_older_run(options.run_dir, datetime.now())):
        options.notify(f"The run that was in {options.run_dir} is kept in {kept}.")
    if done >= epochs:
        raise TrainingError(f"{checkpoint} has {done} epochs behind it already; ask for more than {epochs}.")
    labels = kinds(corpus.train.labels, corpus.held.labels)
    plot_every = max(1, epochs // _PICTURES)
    support = AutoencoderExperimentSupport(
        options.run_dir, recipe.best_by, options.save_every, plot_every, labels, tensorboard=True
    )
    record = RunRecord(case.name, scenario.name, save_every=options.save_every, data=options.data)
    progress = RunProgress(options.run_dir, record, len(corpus.train))
    began = Began()
    trainer = _trainer([*support, progress, began], support.logger(), identity, options, epochs)
    rank, world, size = trainer.global_rank, trainer.world_size, options.batch_size or recipe.batch_size
    check_batch(size, world)
    batches = EpochBatches.of(corpus.train, size, options.seed, rank, world)
    batches.set_epoch(done)  # Lightning draws a resumed run's first batch before it says which epoch it is
    train_loader = loader(corpus.train, batches, labels)
    held_loader = loader(corpus.held, EpochBatches.of(corpus.held, size, None, rank, world), labels)
    with _sentences(checkpoint, done, trainer), _restored(checkpoint, done, began):
        ckpt_path = checkpoint if options.resume else None
        trainer.fit(TrainingModule(experiment), train_loader, held_loader, ckpt_path=ckpt_path, weights_only=True)
    best = options.run_dir / BEST_CHECKPOINT
    if recipe.best_by and best.is_file():
        return load_trained(case, scenario, best)
    if options.compiled:
        return load_trained(case, scenario, checkpoint)
    experiment.eval()
    return Trained(case, scenario, experiment.cpu(), checkpoint, identity, epochs)


class EpochSeed(Callback):
    """Seeds PyTorch before every epoch, so that an epoch's random numbers do not depend on the epochs before it.

    All processes get the same seed: they draw for the whole batch, and each takes what belongs to its items.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    @override
    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        source = np.random.default_rng([self.seed, trainer.current_epoch, 0])
        torch.manual_seed(int(source.integers(_SEED_RANGE)))


class Began(Callback):
    """Notes that a training has begun: whatever a checkpoint held has been restored."""

    has_begun = False

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.has_begun = True


@contextmanager
def _restored(checkpoint: Path, done: int, began: Began) -> Iterator[None]:
    """Turn what Lightning and PyTorch say of a state that they cannot restore into a sentence."""
    try:
        yield
    except Exception as error:
        if not done or began.has_begun or isinstance(error, TrainingError | OSError):
            raise
        why = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise TrainingError(
            f"The state of the training in {checkpoint} does not fit or is damaged ({printable(why)}); start a new one "
            "from its weights with --model."
        ) from error


def _trainer(
    callbacks: list[Callback], logger: Logger | None, identity: Identity, options: TrainOptions, epochs: int
) -> Trainer:
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    devices, nodes = launched() or (options.devices, options.nodes)
    with warnings_to(options.run_dir / WARNINGS):
        return Trainer(
            max_epochs=epochs,
            devices=devices,
            num_nodes=nodes,
            strategy=strategy(devices * nodes),
            precision=options.precision,  # type: ignore[arg-type]  # checked by the command line
            logger=logger or False,
            callbacks=[*callbacks, Signature(identity), EpochSeed(options.seed)],
            plugins=[WholeCheckpointIO()],
            enable_progress_bar=sys.stderr.isatty() and not options.quiet,
            enable_model_summary=False,
            use_distributed_sampler=False,
            num_sanity_val_steps=0,
            log_every_n_steps=1,
        )


@contextmanager
def _sentences(checkpoint: Path, done: int, trainer: Trainer) -> Iterator[None]:
    """Turn what may stop a training into a sentence."""
    before = _written(checkpoint)

    def kept() -> str:
        # Lightning counts an epoch when all is done that follows it, which is later than its checkpoint.
        if done or trainer.current_epoch > 0 or _written(checkpoint) != before:
            return f"{checkpoint} is kept; --resume goes on from it"
        return "no epoch was finished"

    try:
        with warnings_to(checkpoint.parent / WARNINGS):
            yield
    except (KeyboardInterrupt, SystemExit) as stop:
        raise TrainingError(f"Training was stopped: {kept()}.") from stop
    except RuntimeError as error:
        if trainer.world_size == 1 or not is_lost_peer(error):
            raise
        raise TrainingError(
            f"Another of the {trainer.world_size} processes ended or does not answer: {kept()}."
        ) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise TrainingError(
            f"The disk that holds {checkpoint.parent.resolve()} is full. Make room there; --resume goes on from the "
            "last checkpoint that was written."
        ) from error


@contextmanager
def warnings_to(path: Path) -> Iterator[None]:
    """Append libraries' warnings to a file: they are not for the person who trains."""

    def show(
        message: Warning | str, category: type[Warning], filename: str, lineno: int, file: Any = None, line: Any = None
    ) -> None:
        with contextlib.suppress(OSError), path.open("a", encoding="utf-8") as stream:
            stream.write(f"{category.__name__}: {message} ({filename}, line {lineno})\n")

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = show
        yield


def _written(path: Path) -> int | None:
    """Return the time a file was written, by its file system's clock; None where there is none."""
    return path.stat().st_mtime_ns if path.is_file() else None
