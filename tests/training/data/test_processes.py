"""A training by two real processes: under torchrun, and as two hosts would run it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")

from aitunes.errors import TrainingError
from aitunes.experiments.callbacks.loss_history import read_history
from tests.training.fit import train_together
from training.data import stored_segments
from training.data.loading import EpochBatches
from training.data.processes import check_batch, check_prepared, launched, strategy

pytestmark = [pytest.mark.training, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[3]
SCRIPT = ["-m", "tests.training.fit.train_together"]
LAUNCHER = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
EPOCHS = 3


def start(*arguments, **environment):
    known = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment}
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)], cwd=ROOT, env=known, stderr=subprocess.PIPE, text=True
    )


def finish(process, code=0):
    """Return what it said."""
    said = process.communicate(timeout=600)[1]
    assert process.returncode == code, said
    return said


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def two_hosts(*arguments):
    """Return what torchrun sets on two hosts of one process each."""
    shared = {"TORCHELASTIC_RUN_ID": "test", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "1", "LOCAL_RANK": "0"}
    shared |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    return [start(*SCRIPT, *arguments, RANK=str(n), GROUP_RANK=str(n), **shared) for n in range(2)]


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
    finish(start(*LAUNCHER, *SCRIPT, tmp_path / "together", *options))
    close(tmp_path / "together", tmp_path / "alone")


def test_a_host_that_dies_ends_the_other_with_a_sentence_and_the_curve_goes_on(alone, tmp_path):
    first, second = two_hosts(tmp_path, EPOCHS, "--pause", "2")
    try:
        until = time.monotonic() + 300
        while not (tmp_path / "last.ckpt").is_file():
            assert time.monotonic() < until
            assert first.poll() is None, first.communicate()[1]
            time.sleep(0.1)
        second.send_signal(signal.SIGKILL)
        said = finish(first, 1)
    finally:
        for process in (first, second):
            process.kill()
            process.wait()
    assert "Another of the 2 processes ended or does not answer" in said
    assert "--resume goes on" in said
    for process in two_hosts(tmp_path, EPOCHS, "--resume"):
        finish(process)
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
