"""Two trainings and one folder."""

import json
import os
import socket
from datetime import datetime

import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")

from aitunes.errors import TrainingError
from training.fit.run_folder import LOCK, keep_older_run, lock_run
from training.fit.run_record import process_started
from training.headless import HeadlessActionPipeline

pytestmark = pytest.mark.training
NOW = datetime(2026, 11, 26, 12, 0, 0)


def owner(**changes):
    return json.dumps(
        {"host": socket.gethostname(), "pid": os.getpid(), "started": process_started(os.getpid()), **changes}
    )


def test_a_second_training_in_one_folder_is_refused(tmp_path):
    with lock_run(tmp_path), pytest.raises(TrainingError, match="Another training writes to"), lock_run(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("changes", [{"started": 1.0}, {"pid": 2**22 + 1}])
def test_the_lock_of_a_process_that_was_killed_is_none(tmp_path, changes):
    (tmp_path / LOCK).write_text(owner(**changes))
    with lock_run(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"host": 1}', "x" * 10_000])
def test_a_lock_that_says_nothing_is_named(tmp_path, text):
    (tmp_path / LOCK).write_text(text)
    with pytest.raises(TrainingError, match=r"delete it if none does"), lock_run(tmp_path):
        pass


def test_a_lock_of_another_machine_is_believed(tmp_path):
    (tmp_path / LOCK).write_text(owner(host="elsewhere"))
    with pytest.raises(TrainingError, match="A training on elsewhere writes"), lock_run(tmp_path):
        pass


def test_an_older_run_goes_into_a_folder_of_its_own_without_its_neighbours(tmp_path):
    for name in ("last.ckpt", "history.csv", "evaluation/index.html", "mine/last.ckpt", "started/run.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    kept = keep_older_run(tmp_path, NOW)
    assert kept == tmp_path / "before-2026-11-26-120000"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["before-2026-11-26-120000", "mine", "started"]
    assert sorted(path.name for path in kept.iterdir()) == ["evaluation", "history.csv", "last.ckpt"]
    assert keep_older_run(tmp_path, NOW) is None
    (tmp_path / "last.ckpt").write_text("newer")
    assert keep_older_run(tmp_path, NOW).name == "before-2026-11-26-120000-2"


def test_training_again_keeps_the_trained_model_and_says_where(tmp_path):
    messages = []
    actions = HeadlessActionPipeline(runs=tmp_path / "runs", notify=messages.append)
    actions.data = actions.data.__class__(limit_items=100)
    actions.select_experiment("vectors5d")
    actions.select_scenario("vanilla")
    first = actions.train(1).checkpoint.read_bytes()
    actions.train(1)
    (sentence,) = [message for message in messages if "is kept in" in message]
    (kept,) = actions.run_dir.glob("before-*")
    assert str(kept) in sentence
    assert (kept / "last.ckpt").read_bytes() == first
    assert len(actions.list_models()) == 2
