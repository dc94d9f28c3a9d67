import numpy as np
import pytest

pytest.importorskip("torch", reason="pip install aitunes[training]")

from training import corpus, stored_patches
from training.feature_store import ShardFiles
from training.loading import EpochBatches, loader
from training.stored_patches import ShardReader, StoredPatches

pytestmark = pytest.mark.training


def test_an_epoch_has_every_item_once_in_an_order_of_its_own():
    batches = EpochBatches(103, 10, seed=4)
    orders = []
    for epoch in (0, 1):
        batches.set_epoch(epoch)
        orders.append(np.concatenate(list(batches)))
        assert np.array_equal(np.sort(orders[-1]), np.arange(103))
        assert len(list(batches)) == len(batches) == 11
    assert not np.array_equal(*orders)


def test_the_order_depends_on_seed_and_epoch_alone():
    one, other = EpochBatches(50, 7, seed=4), EpochBatches(50, 7, seed=4)
    list(one)
    one.set_epoch(3)
    other.set_epoch(3)
    assert np.array_equal(np.concatenate(list(one)), np.concatenate(list(other)))


@pytest.mark.parametrize("count", [9, 10, 101])
def test_processes_share_an_epoch_in_equal_parts(count):
    parts = [list(EpochBatches(count, 4, 0, rank, 3)) for rank in range(3)]
    assert len({len(part) for part in parts}) == 1
    assert set(np.concatenate([np.concatenate(part) for part in parts])) == set(range(count))


def test_patches_on_disk_give_the_batches_of_those_in_memory(corpus_of, monkeypatch):
    memory = corpus_of("low-dim16")
    monkeypatch.setattr(corpus, "_MEMORY_SHARE", 0.0)
    disk = corpus_of("low-dim16")
    assert isinstance(disk.train.S, StoredPatches)
    batches = EpochBatches(len(memory.train), 5, 1)
    pairs = zip(loader(memory.train, batches), loader(disk.train, batches), strict=True)
    for (S, labels), (stored, stored_labels) in pairs:
        assert np.array_equal(S, stored)
        assert np.array_equal(labels, stored_labels)


def test_a_corpus_larger_than_a_window_is_read_by_shard_and_each_once(corpus_of, monkeypatch):
    monkeypatch.setattr(corpus, "_MEMORY_SHARE", 0.0)
    part = corpus_of("low-dim16").train
    patch = 4 * part.S.shape[1] * part.S.shape[2]
    several = int(np.unique(part.shards, return_counts=True)[1].max()) + 1  # items: always more than a shard
    monkeypatch.setattr(stored_patches, "WINDOW_BYTES", several * patch)
    whole, reads, read, orders = part.S[np.arange(len(part))], [], ShardFiles.read, []
    monkeypatch.setattr(ShardFiles, "read", lambda self, shard, rows: reads.append(shard) or read(self, shard, rows))
    for epoch in range(2):
        reads.clear()
        reader = ShardReader(part.S)
        batches = EpochBatches.of(part, 3, 1)
        batches.set_epoch(epoch)
        order = list(batches)
        assert all(np.array_equal(reader[items], whole[items]) for items in order)
        assert sorted(reads) == sorted(set(reads))
        assert len(reader.kept) < len(set(reads))
        orders.append(np.concatenate(order))
        assert np.array_equal(np.sort(orders[-1]), np.arange(len(part)))
    assert not np.array_equal(*orders)


def test_features_of_another_scenario_are_refused(small_case, corpus_of, audio_folder, tmp_path):
    from dataclasses import replace

    from aitunes.errors import TrainingError
    from training.corpus import CorpusOptions, open_corpus, prepare_case

    scenario = small_case.scenarios.find("low-dim16")
    options = CorpusOptions(audio_folder, tmp_path / "a")
    prepare_case(small_case, scenario, options, lambda *told: None)
    other = replace(scenario, features=replace(scenario.features, n_mels=20))
    with pytest.raises(TrainingError, match="n_mels 32 and not 20"):
        open_corpus(small_case, other, options, None, None)
