"""Records, checkpoints and features of other people's runs: sentences, never a traceback, a freeze or a full memory."""

import json
import os
from dataclasses import asdict

import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")
torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from aitunes.bounded_files import read_bounded  # noqa: E402
from aitunes.errors import TrainingError  # noqa: E402
from aitunes.experiments.history import HISTORY  # noqa: E402
from training.fit.checkpoints import Identity, check_resumable, epochs_of, read_checkpoint  # noqa: E402
from training.fit.run_record import LOG, RECORD, RunRecord, last_log_line, read_record, write_record  # noqa: E402
from training.window.runs import curve, find_runs, parts_of, read_curves  # noqa: E402

pytestmark = pytest.mark.training
RECORDED = RunRecord("folder", "tiny", 1.7e9, 12, 1.7e9, 5, 0, "training", 3, 0.5, 100.0, None, "", {"seed": 1})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def test_a_record_is_read_as_it_was_written(tmp_path):
    write_record(tmp_path, RECORDED)
    assert read_record(tmp_path) == RECORDED


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(asdict(RECORDED))), value=JSON)
def test_a_record_with_odd_values_is_shown_or_passed_over(tmp_path, name, value):
    folder = tmp_path / "folder" / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECORD).write_text(json.dumps({**asdict(RECORDED), name: value}))
    (run,) = find_runs(tmp_path)
    assert isinstance(run.title, str)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, "{}", '{"experiment": "x"}', "9" * 70_000])
def test_what_is_no_record_is_none(tmp_path, text):
    (tmp_path / RECORD).write_text(text)
    assert read_record(tmp_path) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_and_a_device_are_never_waited_for(tmp_path):
    folder = tmp_path / "folder" / "tiny"
    folder.mkdir(parents=True)
    for name in (RECORD, HISTORY, LOG, "last.ckpt"):
        os.mkfifo(folder / name)
    assert read_record(folder) is None
    assert last_log_line(folder) == ""
    with pytest.raises(TrainingError, match="There is no checkpoint"):
        read_checkpoint(folder / "last.ckpt")
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(OSError, match="no regular file"):
        read_bounded(tmp_path / "zero", 100)


def test_only_so_much_is_read(tmp_path):
    (tmp_path / "a").write_bytes(bytes(101))
    with pytest.raises(OSError, match="more than 100 bytes"):
        read_bounded(tmp_path / "a", 100)
    (tmp_path / LOG).write_bytes(b"x" * 10**6 + b"\nthe end\n")
    assert last_log_line(tmp_path) == "the end"


@pytest.mark.parametrize(
    "text",
    ["", "epoch", "train\n1\n", "epoch,train/loss\n1,nan\n2,inf\n", "a\n1,2,3\n", "epoch\n\x00\n", "train/\n1\n"],
)
def test_a_history_of_anything_gives_curves_of_numbers_or_none(tmp_path, text):
    folder = tmp_path / "folder" / "tiny"
    folder.mkdir(parents=True)
    (folder / HISTORY).write_text(text)
    (run,) = find_runs(tmp_path)
    rows = read_curves(run)
    for part in parts_of(rows):
        epochs, values = curve(rows, "train", part)
        assert len(epochs) == len(values)


def checkpoint(**changes):
    identity = asdict(Identity("a", "b", "1", "hash", 0))
    whole = {
        "state_dict": {"w": torch.zeros(3)},
        "epoch": 2,
        "aitunes": identity,
        "optimizer_states": [{}],
        "loops": {},
    }
    return {**whole, **changes}


def test_a_whole_checkpoint_can_be_resumed(tmp_path):
    torch.save(checkpoint(), tmp_path / "a.ckpt")
    assert check_resumable(tmp_path / "a.ckpt", Identity("a", "b", "1", "hash", 0)) == 3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"state_dict": {"w": torch.full((3,), torch.nan)}}, "no numbers"),
        ({"state_dict": {"w": torch.tensor([torch.inf])}}, "no numbers"),
        ({"state_dict": [1]}, "a damaged one"),
        ({"state_dict": {"w": 1.0}}, "a damaged one"),
        ({"epoch": "2"}, "how many epochs"),
        ({"epoch": -1}, "how many epochs"),
        ({"epoch": True}, "how many epochs"),
        ({"epoch": 10**30}, "how many epochs"),
        ({"epoch": None}, "how many epochs"),
        ({"optimizer_states": []}, "lacks the state"),
        ({"loops": None}, "lacks the state"),
        ({"aitunes": {}}, "which scenario"),
        ({"aitunes": None}, "which scenario"),
        ({"aitunes": {**asdict(Identity("a", "b", "1", "hash", 0)), "seed": "0"}}, "which scenario"),
    ],
)
def test_an_odd_checkpoint_is_a_sentence(tmp_path, changes, sentence):
    path = tmp_path / "a.ckpt"
    torch.save(checkpoint(**changes), path)
    with pytest.raises(TrainingError, match=sentence):
        check_resumable(path, Identity("a", "b", "1", "hash", 0))


def test_epochs_are_counted_from_one():
    assert epochs_of({"epoch": 0}, None) == 1
