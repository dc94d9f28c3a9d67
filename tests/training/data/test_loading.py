import numpy as np
import pytest

pytest.importorskip("torch", reason="pip install aitunes[training]")

from training.data import stored_segments
from training.data.feature_store import ShardFiles
from training.data.loading import EpochBatches, WindowBatches, loader, mixed
from training.data.stored_segments import StoredSegments, WindowReader

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


def test_segments_on_disk_give_the_batches_of_those_in_memory(corpus_of):
    memory = corpus_of("low-dim16")
    disk = corpus_of("low-dim16", memory_share=0.0)
    assert isinstance(disk.train.S, StoredSegments)
    batches = EpochBatches(len(memory.train), 5, 1)
    pairs = zip(loader(memory.train, batches), loader(disk.train, batches), strict=True)
    for (S, labels), (stored, stored_labels) in pairs:
        assert np.array_equal(S, stored)
        assert np.array_equal(labels, stored_labels)


@pytest.fixture
def larger(corpus_of, monkeypatch):
    """A half of a corpus on disk that is several windows long."""
    part = corpus_of("low-dim16", memory_share=0.0).train
    monkeypatch.setattr(stored_segments, "WINDOW_BYTES", 4 * part.S.shape[1] * part.S.shape[2] * 8)
    assert len(part) > 16
    return part


@pytest.fixture
def rows_read(monkeypatch):
    """Shard and row of every segment that is read from a disk, in turn."""
    found, read = [], ShardFiles.read

    def noted(self, shard, rows):
        found.extend((shard, row) for row in rows.tolist())
        return read(self, shard, rows)

    monkeypatch.setattr(ShardFiles, "read", noted)
    return found


@pytest.mark.parametrize("world", [1, 2, 3])
def test_processes_read_each_segment_of_a_large_corpus_once_and_only_their_own(larger, rows_read, world):
    whole, orders = larger.S[np.arange(len(larger))], []
    for epoch in range(2):
        rows_read.clear()
        given = []
        for rank in range(world):
            batches = EpochBatches.of(larger, 4, 1, rank, world)
            batches.set_epoch(epoch)
            reader, before, asked = WindowReader(larger.S), len(rows_read), list(WindowBatches(batches))
            assert all(np.array_equal(reader.read(*one), whole[one.items]) for one in asked)
            given.append(np.concatenate([one.items for one in asked]))
            assert len(rows_read) - before == len(given[-1])
        assert len(set(rows_read)) == len(rows_read) == len(larger)
        orders.append(np.concatenate(given))
        assert np.array_equal(np.sort(orders[-1]), np.arange(len(larger)))
    assert not np.array_equal(*orders)


@pytest.mark.parametrize("seed", [None, 5])
def test_the_batches_of_a_large_corpus_do_not_depend_on_the_number_of_processes(larger, seed):
    alone = list(EpochBatches.of(larger, 4, seed))
    parts = [list(EpochBatches.of(larger, 4, seed, rank, 2)) for rank in range(2)]
    for batch, *pieces in zip(alone, *parts, strict=True):
        assert np.array_equal(np.concatenate(pieces) if len(batch) > 1 else pieces[0], batch)


@pytest.mark.parametrize("count", [3, 64, 67, 130])
def test_a_batch_has_something_of_everywhere_in_its_window(count):
    batches = mixed(np.arange(count), 8, np.random.default_rng(0))
    assert sorted(np.concatenate(batches)) == list(range(count))
    for batch in batches[:-1]:
        assert np.all(np.abs(batch * 8 / count - np.arange(8) - 0.5) <= 0.5 + 8 / count)


def test_features_of_another_scenario_are_refused(small_case, corpus_of, audio_folder, tmp_path):
    from dataclasses import replace

    from aitunes.errors import TrainingError
    from training.data.corpus import CorpusOptions, open_corpus, prepare_case

    scenario = small_case.scenarios.find("low-dim16")
    options = CorpusOptions(audio_folder, tmp_path / "a")
    prepare_case(small_case, scenario, options, lambda *told: None)
    other = replace(scenario, features=replace(scenario.features, n_mels=20))
    with pytest.raises(TrainingError, match="n_mels 32 and not 20"):
        open_corpus(small_case, other, options, None, None)
