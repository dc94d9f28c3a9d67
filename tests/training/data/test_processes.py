"""A training by two real processes: under torchrun, and as two hosts would run it."""

import signal
import socket
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")

from aitunes.errors import TrainingError
from aitunes.experiments.callbacks.loss_history import read_history
from tests.training.fit import train_together
from tests.training.warm import WarmProcess
from training.data import stored_segments
from training.data.loading import EpochBatches
from training.data.processes import check_batch, check_prepared, launched, strategy

pytestmark = [pytest.mark.training, pytest.mark.timeout(900)]

EPOCHS = 3


def run_by_torchrun(folder, *words):
    """Train under what `torchrun --standalone --nproc-per-node 2` runs, in processes that need not load PyTorch."""
    folder.mkdir()
    with WarmProcess(train_together.launch, [folder, *words], folder, OMP_NUM_THREADS="1") as launcher:
        assert launcher.wait(600) == 0, launcher.said


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def two_hosts(folder, *words):
    """Yield two processes, each with what torchrun sets on two hosts of one process each."""
    shared = {"TORCHELASTIC_RUN_ID": "test", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "1", "LOCAL_RANK": "0"}
    shared |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                WarmProcess(train_together.main, [folder, *words], folder, RANK=str(n), GROUP_RANK=str(n), **shared)
            )
            for n in range(2)
        ]


def close(one, other):
    """Two histories within 1e-4 of each other."""
    first, second = read_history(one / "history.csv"), read_history(other / "history.csv")
    assert len(first) == len(second) == EPOCHS
    for row, wanted in zip(first, second, strict=True):
        assert row == pytest.approx(wanted, rel=1e-4)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The run of one process."""
    folder = tmp_path_factory.mktemp("alone")
    assert train_together.main([str(folder), str(EPOCHS)]) == 0
    return folder


def test_two_processes_under_torchrun_that_read_a_store_by_windows_have_the_curve_of_one(tmp_path, monkeypatch):
    monkeypatch.setattr(stored_segments, "WINDOW_BYTES", train_together.WINDOW_BYTES)
    train_together.write_store(tmp_path / "store")
    options = (str(EPOCHS), "--store", str(tmp_path / "store"))
    assert train_together.main([str(tmp_path / "alone"), *options]) == 0
    run_by_torchrun(tmp_path / "together", *options)
    close(tmp_path / "together", tmp_path / "alone")


def test_a_host_that_dies_ends_the_other_with_a_sentence_and_the_curve_goes_on(alone, tmp_path):
    with two_hosts(tmp_path, EPOCHS, "--pause", "2") as (first, second):
        first.wait_for(tmp_path / "last.ckpt")
        second.signal(signal.SIGKILL)
        assert first.wait() == 1
    assert "Another of the 2 processes ended or does not answer" in first.said
    assert "--resume goes on" in first.said
    with two_hosts(tmp_path, EPOCHS, "--resume") as hosts:
        assert [host.wait() for host in hosts] == [0, 0]
    close(tmp_path, alone)


@pytest.mark.parametrize(("count", "size"), [(103, 10), (41, 10), (3, 2), (16, 4)])
@pytest.mark.parametrize("seed", [None, 5])
def test_processes_share_out_the_batches_of_one(count, size, seed):
    whole = list(EpochBatches(count, size, seed))
    parts = [list(EpochBatches(count, size, seed, rank, 2)) for rank in range(2)]
    assert len(parts[0]) == len(parts[1]) == len(whole)
    for batch, *pieces in zip(whole, *parts, strict=True):
        if len(batch) < 2:
            assert all(piece.tolist() == batch.tolist() for piece in pieces)  # everyone has it: the mean is the same
        else:
            assert [item for piece in pieces for item in piece] == batch.tolist()


def test_every_process_evaluates_items_of_its_own():
    parts = [EpochBatches(21, 10, None, rank, 4) for rank in range(4)]
    seen = [item for part in parts for batch in part for item in batch]
    assert sorted(seen) == list(range(21))


def test_more_processes_than_items_in_a_batch_are_refused():
    check_batch(8, 8)
    with pytest.raises(TrainingError, match="--batch-size of 16 or more"):
        check_batch(8, 16)


def test_features_are_not_prepared_by_several_at_once(monkeypatch):
    check_prepared(Path("features/a"))
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(TrainingError, match="aitunes-train prepare"):
        check_prepared(Path("features/a"))


def test_torchrun_says_how_many_processes_and_hosts_there_are(monkeypatch):
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    assert launched() is None
    for name, value in {"TORCHELASTIC_RUN_ID": "a", "LOCAL_WORLD_SIZE": "4", "WORLD_SIZE": "12"}.items():
        monkeypatch.setenv(name, value)
    assert launched() == (4, 3)
    assert strategy(1) == "auto"
