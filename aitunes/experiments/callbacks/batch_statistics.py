"""Measures batch-norm statistics for evaluation again before every validation."""

from __future__ import annotations

from itertools import islice

import torch
from lightning import Callback, LightningModule, Trainer
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader
from typing_extensions import override

from aitunes.experiments.autoencoder_experiment import segments_of
from aitunes.experiments.training_module import TrainingModule

BATCHES = 32
"""From so many batches of the training data at most."""


class BatchStatistics(Callback):
    """Gives batch-norm layers the statistics of the present weights, not of those of many steps ago.

    A running mean with a small momentum lags behind the weights: with few steps it is still near its start, and the
    model that is evaluated is not the one that was trained. A plain mean over some training batches has no lag. Only
    batch-norm layers see these batches as training; codebooks, annealing and the random state are left alone.

    Reference:
        Wu and Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 3.
    """

    @override
    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, TrainingModule)
        layers = [layer for layer in pl_module.model.modules() if isinstance(layer, _BatchNorm)]
        if not layers or trainer.sanity_checking or trainer.train_dataloader is None:
            return
        momenta = [layer.momentum for layer in layers]
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None  # a plain mean
            layer.train()
        loader = trainer.train_dataloader
        # A loader of our own: the one that trains may still have its processes at work.
        batches = DataLoader(loader.dataset, sampler=loader.sampler, batch_size=loader.batch_size)
        with torch.no_grad(), torch.random.fork_rng():
            for batch in islice(batches, BATCHES):
                pl_module.model(segments_of(batch).to(pl_module.device))
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
            layer.eval()
