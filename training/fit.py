"""Fit a model with Lightning: seeded, with a checkpoint after every epoch."""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
from lightning import Trainer, seed_everything
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler, TensorDataset

from aitunes.errors import TrainingError
from aitunes.experiments.optimisation import Optimisation
from aitunes.experiments.ordered_experiment import OrderedSpectrogramExperiment
from aitunes.experiments.release_recipe import ReleaseRecipe
from aitunes.features import FloatArray
from aitunes.modules.losses import LevelLoss
from aitunes.modules.variational import VariationalAutoencoder
from training.ordering import order_targets

LAST_CHECKPOINT = "last.ckpt"
_LEVEL_QUANTILES = (0.1, 0.9)


def new_experiment(scenario: ReleaseRecipe, S: FloatArray) -> OrderedSpectrogramExperiment:
    """An untrained model and its losses.

    Args:
        S: patches to train on, [items, n_mels, frames]; their loudness sets the range that the level loss keeps.
    """
    features = scenario.features
    shape = (features.n_mels, features.frames)
    model = VariationalAutoencoder(shape, scenario.latent_dim, scenario.hidden, scenario.octaves)
    level_loss = LevelLoss(features, (0.0, 0.0))
    low, high = np.quantile(level_loss.level_db(torch.from_numpy(S)).numpy(), _LEVEL_QUANTILES)
    level_loss.level_range = (float(low), float(high))
    return OrderedSpectrogramExperiment(model, level_loss, scenario.weights, Optimisation(scenario.learning_rate))


def fit(
    scenario: ReleaseRecipe,
    train: FloatArray,
    validation: FloatArray,
    run_dir: Path,
    seed: int,
    epochs: int,
    resume: bool = False,
) -> VariationalAutoencoder:
    """Train a scenario's model.

    Args:
        train, validation: patches, [items, n_mels, frames].
        run_dir: where the checkpoint goes.
        seed: of weights, order of items and sampling.
        resume: go on from the checkpoint in `run_dir`.

    Returns:
        The trained model, in evaluation mode.

    Raises:
        TrainingError: nothing to resume, a checkpoint of something else, an interruption (the checkpoint stays),
            or weights that are no numbers.
    """
    checkpoint = run_dir / LAST_CHECKPOINT
    if resume and not checkpoint.is_file():
        raise TrainingError(f"There is nothing to resume: {checkpoint} does not exist.")
    seed_everything(seed, verbose=False)
    experiment = new_experiment(scenario, train)
    if resume:
        _check_checkpoint(checkpoint, experiment)
    trainer = _trainer(run_dir, epochs)
    train_loader, validation_loader = _loader(train, scenario, True), _loader(validation, scenario, False)
    try:
        with warnings.catch_warnings():
            # Patches are in memory: worker processes would only copy them.
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*exists and is not empty.*")
            warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)  # Lightning 2.6 itself
            ckpt_path = checkpoint if resume else None
            trainer.fit(experiment, train_loader, validation_loader, ckpt_path=ckpt_path, weights_only=True)
    except (KeyboardInterrupt, SystemExit) as stop:
        finished = resume or trainer.current_epoch > 0
        kept = f"{checkpoint} is kept; --resume goes on from it" if finished else "no epoch was finished"
        raise TrainingError(f"Training was stopped: {kept}.") from stop
    if not all(bool(torch.isfinite(weight).all()) for weight in experiment.model.parameters()):
        raise TrainingError("Training diverged: weights are no longer numbers. Try a lower learning rate.")
    return experiment.model.eval()


def _check_checkpoint(checkpoint: Path, experiment: OrderedSpectrogramExperiment) -> None:
    try:
        stored = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    except (RuntimeError, UnpicklingError, OSError, EOFError, KeyError, TypeError) as error:
        raise TrainingError(
            f"{checkpoint} is no checkpoint, or a damaged one; train again without --resume."
        ) from error
    wanted = {name: value.shape for name, value in experiment.state_dict().items()}
    if {name: value.shape for name, value in stored.items()} != wanted:
        raise TrainingError(f"{checkpoint} belongs to another scenario or version; train again without --resume.")


def _trainer(run_dir: Path, epochs: int) -> Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    return Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        devices=1,
        logger=False,
        callbacks=[ModelCheckpoint(run_dir, filename=Path(LAST_CHECKPOINT).stem, enable_version_counter=False)],
        enable_progress_bar=sys.stderr.isatty(),
        enable_model_summary=False,
        deterministic=True,
        num_sanity_val_steps=0,
    )


def _loader(S: FloatArray, scenario: ReleaseRecipe, shuffle: bool) -> DataLoader[tuple[torch.Tensor, ...]]:
    data = TensorDataset(torch.from_numpy(S), torch.from_numpy(order_targets(S, scenario.order_spread)))
    items = RandomSampler(data) if shuffle else SequentialSampler(data)
    # A whole batch is one indexing operation, not one for each item and a collation.
    return DataLoader(data, sampler=BatchSampler(items, scenario.batch_size, drop_last=False), batch_size=None)
