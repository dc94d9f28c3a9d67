"""Tests what the processes of `test_processes.py` run: a small model with all that processes must share.

python -m tests.training.fit.train_together FOLDER EPOCHS [--resume] [--quantised] [--store FOLDER] [--pause SECONDS]
"""

import argparse
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import torch
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from aitunes.errors import TrainingError
from aitunes.experiments.cases.case import Case, DataDescription
from aitunes.experiments.scenarios.scenario import Recipe, Scenario, ScenarioContainer
from aitunes.features import AudioFeatures
from aitunes.modules.convolutional import CVAE
from aitunes.modules.losses import Commitment, KLDivergence, SquaredError
from aitunes.modules.objective import WeightedLoss
from aitunes.modules.vq_resnet import VQ_ResNet2D
from training.data import stored_segments
from training.data.corpus import Corpus, Part
from training.data.feature_store import FeatureStore, StoreCard, TrackTable, write_index
from training.data.processes import launched
from training.data.shards import shard_header
from training.data.stored_segments import StoredSegments
from training.data.texts import shared
from training.fit.options import TrainOptions
from training.fit.train import EpochSeed, train

SHAPE = (8, 8)
COUNT, HELD, BATCH = 103, 21, 10
WINDOW_BYTES = 3 * BATCH * 4 * SHAPE[0] * SHAPE[1]


def convolutional(shape):
    """Batch normalisation and a code that is drawn."""
    loss = WeightedLoss({"squared": SquaredError(), "kl": KLDivergence()}, {"kl": 0.01})
    return Recipe(CVAE(shape, 4, (8, 16)), loss, 4, BATCH)


def quantised(shape):
    """A codebook that follows the batch, some of its entries restarted."""
    loss = WeightedLoss({"squared": SquaredError(), "commitment": Commitment()})
    return Recipe(VQ_ResNet2D(shape, 8, 4, 16, (8, 16)), loss, 4, BATCH)


def bumps(count):
    """Bumps of all places and widths, [count, 8, 8]."""
    rng = np.random.default_rng(0)
    at, width = rng.random((count, 2)) * 8, 1 + rng.random((count, 1, 1))
    y, x = np.mgrid[:8, :8]
    return np.exp(-((y - at[:, :1, None]) ** 2 + (x - at[:, 1:, None]) ** 2) / width).astype(np.float32)


def write_store(folder):
    """The bumps as features of tracks of 1 to 7 segments, some of them held out, in shards of four tracks."""
    features = AudioFeatures(22_050, 1024, 256, SHAPE[0], 50.0, 11_025.0, frames=SHAPE[1])
    items = np.arange(32) % 7 + 1
    shard = np.arange(32) // 4
    first = np.cumsum(items) - items
    folder.mkdir()
    files = []
    for n, S in enumerate(np.split(bumps(items.sum()), first[4::4])):
        files.append((f"{n}.npy", len(S)))
        (folder / files[-1][0]).write_bytes(shard_header(len(S), features) + S.tobytes())
    names = np.array([f"{n:02d}.wav" for n in range(32)])
    table = TrackTable(names, np.full(32, "bump"), np.arange(32) % 6 == 5, items, shard, first - first[shard * 4])
    write_index(folder, StoreCard("bumps", "CC0-1.0", features, 0, 0.1), table, files)


def stored(folder):
    """Return what `write_store` wrote, left on the disk, to be read in windows of three batches."""
    stored_segments.WINDOW_BYTES = WINDOW_BYTES
    store = FeatureStore(folder)
    halves = []
    for held in (False, True):
        S = StoredSegments.of(store, np.flatnonzero(store.tracks.held == held))
        labels, names = (shared(texts, S.track_of) for texts in (store.tracks.labels, store.tracks.names))
        halves.append(Part(S, labels, names, by_shard=S.by_shard))
    return Corpus("bumps", "CC0-1.0", "0", len(store), *halves)


def corpus():
    """Bumps in memory."""
    S = bumps(COUNT + HELD)
    labels = np.full(COUNT + HELD, "bump")
    train_part, held = (Part(S[half], labels[half], labels[half]) for half in (slice(COUNT), slice(COUNT, None)))
    return Corpus("bumps", "CC0-1.0", "0", COUNT + HELD, train_part, held)


def main(arguments=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("epochs", type=int)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--quantised", action="store_true")
    parser.add_argument("--store", type=Path, help="read what is in this folder, by windows")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds before every epoch")
    options = parser.parse_args(arguments)
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
    data = corpus() if options.store is None else stored(options.store)
    try:
        train(case, scenario, data, TrainOptions(options.folder, options.epochs, resume=options.resume, quiet=True))
    except TrainingError as error:
        print(f"train_together: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def launch(words):
    """Run `main` as `torchrun --standalone --nproc-per-node 2` does, in forks of this process."""
    rendezvous = {"run_id": str(uuid.uuid4()), "rdzv_backend": "c10d", "rdzv_endpoint": "localhost:0"}
    elastic_launch(LaunchConfig(1, 1, 2, start_method="fork", **rendezvous), _main_or_raise)(words)
    return 0


def _main_or_raise(words):
    assert launched() == (2, 1)
    assert main(words) == 0


if __name__ == "__main__":
    raise SystemExit(main())
