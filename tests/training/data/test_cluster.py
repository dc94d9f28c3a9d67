"""`prepare` on a Dask cluster of real processes, one of which does not live to see the end."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("joblib", reason="pip install aitunes[training]")
pytest.importorskip("distributed", reason="pip install aitunes[cluster]")
import soundfile

from aitunes.datasets.folder import Track, Tracks, read_folder
from aitunes.errors import TrainingError
from aitunes.features import AudioFeatures
from training.data.feature_preparation import PrepareOptions, prepare_tracks

pytestmark = pytest.mark.training

ROOT = Path(__file__).parents[3]
OPTIONS = PrepareOptions(AudioFeatures(22_050, 1024, 256, 40, 50.0, 11_025.0, frames=16), workers=1)
WORKERS = 3


def quiet(done, total, seconds):
    pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sixty names of 20 s of sound, to be resampled: work enough for something to happen in the middle."""
    audio, rng = tmp_path_factory.mktemp("audio"), np.random.default_rng(0)
    soundfile.write(audio / "0.wav", 0.2 * rng.standard_normal(20 * 44_100), 44_100)
    for n in range(1, 60):
        (audio / f"{n}.wav").hardlink_to(audio / "0.wav")
    return audio


@contextmanager
def dask(*arguments):
    """A scheduler or worker process; its pid."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "dask", *arguments]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


@contextmanager
def scheduler(tmp_path):
    """Its address, and its process."""
    place = tmp_path / "scheduler.json"
    with dask(
        "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(place)
    ) as process:
        yield wait_for(lambda: json.loads(place.read_text())["address"] if place.is_file() else None), process


@contextmanager
def worker(address):
    options = ("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard")
    with dask("worker", address, *options) as process:
        yield process


def wait_for(what, seconds=180.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if (found := what()) is not None:
                return found
        except ValueError:
            pass  # written half
        time.sleep(0.1)
    raise AssertionError("waited in vain")


def wait_for_workers(address, count):
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=180)


def contents(store):
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in store.rglob("*") if path.is_file()}


def test_a_worker_killed_in_the_middle_costs_nothing_and_doubles_nothing(folder, tmp_path):
    prepare_tracks(read_folder(folder), OPTIONS, tmp_path / "alone", quiet)
    told = []
    with scheduler(tmp_path) as (address, _), worker(address), worker(address), worker(address) as victim:
        wait_for_workers(address, WORKERS)

        def kill(done, total, seconds):
            told.append(done)
            if len(told) == 5:
                os.kill(victim.pid, signal.SIGKILL)

        options = replace(OPTIONS, scheduler=address)
        prepare_tracks(read_folder(folder), options, tmp_path / "together", kill)
        assert victim.wait(60) == -signal.SIGKILL
    assert told == list(range(61))  # from none to all, each once
    assert contents(tmp_path / "together") == contents(tmp_path / "alone")


def test_a_scheduler_that_dies_is_a_sentence_and_nothing_is_lost(folder, tmp_path):
    told = []
    with scheduler(tmp_path) as (address, victim), worker(address), worker(address):
        wait_for_workers(address, 2)

        def kill(done, total, seconds):
            if done == 1:
                os.kill(victim.pid, signal.SIGKILL)

        with pytest.raises(TrainingError, match="is gone"):
            prepare_tracks(read_folder(folder), replace(OPTIONS, scheduler=address), tmp_path / "a", kill)
    prepare_tracks(read_folder(folder), OPTIONS, tmp_path / "a", lambda done, total, seconds: told.append(done))
    assert 1 <= told[0] < 60
    assert told[-1] == 60


def test_a_scheduler_that_is_not_there_is_a_sentence(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("training.data.cluster.PATIENCE_SECONDS", 1.0)
    with pytest.raises(TrainingError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        prepare_tracks(read_folder(folder), replace(OPTIONS, scheduler="tcp://127.0.0.1:9"), tmp_path / "a", quiet)


def test_a_scheduler_without_workers_is_a_sentence(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("training.data.cluster.PATIENCE_SECONDS", 1.0)
    with scheduler(tmp_path) as (address, _), pytest.raises(TrainingError, match="has no workers"):
        prepare_tracks(read_folder(folder), replace(OPTIONS, scheduler=address), tmp_path / "a", quiet)


def test_workers_that_lack_the_data_are_a_sentence(folder, tmp_path):
    with scheduler(tmp_path) as (address, _), worker(address):
        wait_for_workers(address, 1)
        options = replace(OPTIONS, scheduler=address)
        tracks = read_folder(folder).tracks
        seen_here_only = OnlyHere(tracks[0].path)
        data = Tracks("audio", "CC0-1.0", (Track(seen_here_only, "0.wav", "noise"), *tracks[1:]))
        with pytest.raises(TrainingError, match=r"does not see .*nowhere"):
            prepare_tracks(data, options, tmp_path / "a", quiet)


class OnlyHere(type(Path())):
    """A file that arrives elsewhere under a name that nothing has."""

    def __reduce__(self):
        return Path, ("/nowhere/0.wav",)
