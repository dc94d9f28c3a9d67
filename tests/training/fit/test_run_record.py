"""Tests what a run's folder tells about it."""

import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

pytest.importorskip("psutil", reason="pip install aitunes[training]")

from training.fit.run_record import (
    DONE,
    FAILED,
    LOG,
    RECORD,
    STARTING,
    STOPPED,
    TRAINING,
    RunRecord,
    is_running,
    process_started,
    read_record,
    state_of,
    stop,
    write_record,
)


@pytest.fixture
def process():
    """One that sleeps."""
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield sleeper
    sleeper.kill()
    sleeper.wait(60)


def record_of(pid, **values):
    return RunRecord("vectors5d", "vanilla", time.time(), pid, process_started(pid), 3, **values)


def test_a_record_is_read_as_it_was_written(tmp_path):
    record = record_of(os.getpid(), state=TRAINING, epoch=2, fraction=0.25, seconds_left=7.5)
    write_record(tmp_path, record)
    assert read_record(tmp_path) == record
    assert [path.name for path in tmp_path.iterdir()] == [RECORD]


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"experiment": "x"}'])
def test_what_is_no_record_is_none(tmp_path, text):
    assert read_record(tmp_path) is None
    (tmp_path / RECORD).write_text(text)
    assert read_record(tmp_path) is None


def test_a_record_of_another_version_is_read_as_far_as_it_goes(tmp_path):
    (tmp_path / RECORD).write_text('{"experiment": "mnist", "scenario": "ae", "epoch": 2, "moon": 1}')
    assert read_record(tmp_path) == RunRecord("mnist", "ae", epoch=2)


def test_a_run_lives_as_long_as_its_very_process(process):
    record = record_of(process.pid, state=TRAINING)
    assert is_running(record)
    assert not is_running(replace(record, process_started=record.process_started - 1_000.0))  # another had its number
    assert not is_running(replace(record, state=DONE))
    process.kill()
    process.wait(60)
    assert not is_running(record)


def test_a_process_that_ended_and_was_not_waited_for_is_not_running():
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    record = record_of(child.pid, state=TRAINING)
    deadline = time.monotonic() + 60
    while is_running(record) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(record)
    child.wait(60)


def test_a_run_is_asked_to_stop_and_a_strangers_process_is_not(process):
    stop(replace(record_of(process.pid, state=TRAINING), process_started=1.0))
    assert process.poll() is None
    stop(record_of(process.pid, state=TRAINING))
    assert process.wait(60) != 0


@pytest.mark.parametrize(
    ("state", "log", "found"),
    [
        (STARTING, "aitunes-train: There is no folder nowhere.\n", (FAILED, "There is no folder nowhere.")),
        (STARTING, "", (FAILED, "It ended before it could begin, without a word.")),
        (TRAINING, "", (STOPPED, "")),
        (TRAINING, "aitunes-train: Training was stopped: last.ckpt is kept.\n", (STOPPED, "")),
        (TRAINING, "aitunes-train: The disk is full.\n", (FAILED, "The disk is full.")),
        (DONE, "", (DONE, "")),
    ],
)
def test_the_state_of_a_run_whose_process_is_gone(tmp_path, state, log, found):
    (tmp_path / LOG).write_text(log)
    gone = RunRecord("vectors5d", "vanilla", 1.0, 2**22 + 1, 1.0, 3, state=state)
    assert state_of(tmp_path, gone) == found
