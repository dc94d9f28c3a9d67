"""What the processes of `test_processes.py` run: a small model with all that processes must share.

python -m tests.training.train_together FOLDER EPOCHS [--resume] [--quantised] [--pause SECONDS]
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

from aitunes.errors import TrainingError
from aitunes.experiments.cases.case import Case, DataDescription
from aitunes.experiments.scenarios.scenario import Recipe, Scenario, ScenarioContainer
from aitunes.modules.convolutional import CVAE
from aitunes.modules.losses import Commitment, KLDivergence, SquaredError
from aitunes.modules.objective import WeightedLoss
from aitunes.modules.vq_resnet import VQ_ResNet2D
from training.corpus import Corpus, Part
from training.train import EpochSeed, TrainOptions, train

SHAPE = (8, 8)
COUNT, HELD, BATCH = 103, 21, 10


def convolutional(shape):
    """Batch normalisation and a code that is drawn."""
    loss = WeightedLoss({"squared": SquaredError(), "kl": KLDivergence()}, {"kl": 0.01})
    return Recipe(CVAE(shape, 4, (8, 16)), loss, 4, BATCH)


def quantised(shape):
    """A codebook that follows the batch, some of its entries restarted."""
    loss = WeightedLoss({"squared": SquaredError(), "commitment": Commitment()})
    return Recipe(VQ_ResNet2D(shape, 8, 4, 16, (8, 16)), loss, 4, BATCH)


def corpus():
    """Bumps of all places and widths."""
    rng = np.random.default_rng(0)
    at, width = rng.random((COUNT + HELD, 2)) * 8, 1 + rng.random((COUNT + HELD, 1, 1))
    y, x = np.mgrid[:8, :8]
    S = np.exp(-((y - at[:, :1, None]) ** 2 + (x - at[:, 1:, None]) ** 2) / width).astype(np.float32)
    labels = np.full(COUNT + HELD, "bump")
    train_part, held = (Part(S[half], labels[half], labels[half]) for half in (slice(COUNT), slice(COUNT, None)))
    return Corpus("bumps", "CC0-1.0", "0", COUNT + HELD, train_part, held)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("epochs", type=int)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--quantised", action="store_true")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds before every epoch")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.pause:
        seeded = EpochSeed.on_train_epoch_start

        def slow(self, trainer, module):
            time.sleep(options.pause)
            seeded(self, trainer, module)

        EpochSeed.on_train_epoch_start = slow
    scenario = Scenario("bumps", "1", "Bumps", quantised if options.quantised else convolutional)
    data = DataDescription("bumps", "CC0-1.0", "here", lambda folder: None)
    case = Case("bumps", "Bumps", data, ScenarioContainer("bumps", [scenario]), SHAPE)
    try:
        train(case, scenario, corpus(), TrainOptions(options.folder, options.epochs, resume=options.resume, quiet=True))
    except TrainingError as error:
        print(f"train_together: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
