"""Runs as they lie on disk, and what is chosen: without a window."""

import time
from pathlib import Path

from aitunes.experiments.history import HISTORY, write_history
from training.fit.run_record import DONE, RunRecord, write_record
from training.window.choice import Choice
from training.window.runs import curve, find_runs, parts_of, read_curves

ROWS = [
    {"epoch": 1.0, "train/loss": 3.0, "train/kl": 1.0, "validation/loss": 4.0, "weight/kl": 0.1},
    {"epoch": 2.0, "train/loss": 2.0, "train/kl": 1.5},
]


def test_all_runs_are_found_the_latest_first(tmp_path):
    for n, name in enumerate(("vanilla", "vanilla/a", "variational/b")):
        folder = tmp_path / "vectors5d" / name
        write_history(folder / HISTORY, ROWS)
        if "/" in name:
            write_record(folder, RunRecord("vectors5d", name.split("/")[0], time.time() + 9 + n, 1, 0.0, 2, state=DONE))
    (tmp_path / "vectors5d" / "vanilla" / "a" / "last.ckpt").touch()
    runs = find_runs(tmp_path)
    assert [run.folder.name for run in runs] == ["b", "a", "vanilla"]
    assert [run.state for run in runs] == ["done", "done", "ended"]
    assert [run.scenario for run in runs] == ["variational", "vanilla", "vanilla"]
    assert [run.checkpoints for run in runs] == [0, 1, 0]
    assert find_runs(tmp_path / "nowhere") == []


def test_curves_are_the_losses_with_the_total_first(tmp_path):
    write_history(tmp_path / "e" / "s" / HISTORY, ROWS)
    (run,) = find_runs(tmp_path)
    rows = read_curves(run)
    assert parts_of(rows) == ["loss", "kl"]
    assert curve(rows, "train", "loss") == ([1.0, 2.0], [3.0, 2.0])
    assert curve(rows, "validation", "loss") == ([1.0], [4.0])
    (run.folder / HISTORY).write_text("epoch\nhalf a")
    assert read_curves(run) == []


def test_a_choice_becomes_the_command_that_trains_it():
    from training.cli.parser import build

    choice = Choice("folder", "low-vq", "a b/last.ckpt", 20, 5, "/my sounds", 7, 3, "elsewhere")
    words = choice.training_words("one")
    found = build().parse_args(words)
    assert (found.experiment, found.scenario, found.model) == ("folder", "low-vq", "a b/last.ckpt")
    assert (found.epochs, found.save_every, found.limit_items, found.seed) == (20, 5, 7, 3)
    assert (found.data_dir, found.runs, found.run) == (Path("/my sounds"), Path("elsewhere"), "one")
    plain = build().parse_args(Choice("folder", "low-vq").training_words("one"))
    assert (plain.epochs, plain.model, plain.data_dir, plain.limit_items) == (None, None, None, None)
