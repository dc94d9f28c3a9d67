import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")
torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.release.reader import read_landmarks, read_release  # noqa: E402
from tests.training.warm import WarmProcess  # noqa: E402
from training import cli  # noqa: E402

pytestmark = [pytest.mark.training, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[2]
TINY = ["--epochs", "1", "--limit-items", "18", "--threads", "1", "--workers", "1", "--seed", "5"]
QUICK = ["--quick", *TINY]


def run_cli(*arguments, cwd):
    command = [sys.executable, "-m", "training.cli", *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True, timeout=600
    )


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A folder in which the command has run once, and what it said."""
    folder = tmp_path_factory.mktemp("tiny")
    done = run_cli("release", "first-light", "--to", "releases", *QUICK, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_one_command_makes_a_release_that_its_reader_accepts(tiny):
    folder, done = tiny
    release = read_release(folder / "releases" / "first-light")
    assert release.card.training.data_items == 18
    assert release.card.training.epochs == 1
    assert release.card.training.command.startswith("aitunes-train release first-light --to releases")
    assert len(read_landmarks(release.folder, release.card).codes) == 18  # one a note
    assert {"map.png", "preview.ogg"} <= set(release.card.files)
    assert "First Light is in releases/first-light" in done.stdout
    assert [spec.name for spec in release.card.inputs] == ["z", "pitch", "level"]
    assert (folder / "runs" / "synthetic" / "harmonic" / "last.ckpt").is_file()


def test_the_same_seed_makes_the_same_bytes(tiny, tmp_path):
    folder, _ = tiny
    with WarmProcess(cli.main, ["release", "first-light", "--to", "releases", *QUICK], tmp_path) as process:
        assert process.wait() == 0, process.said
    once, again = (sorted((place / "releases" / "first-light").iterdir()) for place in (folder, tmp_path))
    assert [path.name for path in once] == [path.name for path in again]
    for first, second in zip(once, again, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name


def test_resume_of_a_finished_training_exports_it_again(tiny, tmp_path, capsys):
    run = ["--runs", str(tiny[0] / "runs"), "--resume"]
    assert cli.main(["release", "first-light", "--to", str(tmp_path), *run, *QUICK]) == 0
    once, again = (folder / "first-light" / "decoder.onnx" for folder in (tiny[0] / "releases", tmp_path))
    assert once.read_bytes() == again.read_bytes()


def test_ctrl_c_keeps_a_checkpoint_that_resume_goes_on_from(tmp_path, monkeypatch):
    words = ["release", "first-light", "--to", "releases", *TINY[2:], "--epochs", "100000"]
    checkpoint = tmp_path / "runs" / "synthetic" / "harmonic" / "last.ckpt"
    with WarmProcess(cli.main, words, tmp_path) as process:
        process.wait_for(checkpoint)
        process.signal(signal.SIGINT)
        assert process.wait() == 1
    said = process.said
    assert "last.ckpt is kept" in said
    assert "Traceback" not in said
    assert not (tmp_path / "releases").exists()

    finished = torch.load(checkpoint, weights_only=True)["epoch"]
    monkeypatch.chdir(tmp_path)
    again = ["train", "-E", "synthetic", "-S", "harmonic", *TINY[2:], "--epochs", str(finished + 2), "--resume"]
    assert cli.main(again) == 0
    assert torch.load(checkpoint, weights_only=True)["epoch"] == finished + 1


def test_list_names_every_scenario(capsys):
    assert cli.main(["list"]) == 0
    said = capsys.readouterr().out
    assert "synthetic" in said
    assert "chamber, first-light" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["release", "first-light"],
        ["release", "first-light", "--to", "x", "--epochs", "0"],
        ["release", "--to"],
    ],
)
def test_wrong_usage_ends_with_2(arguments, capsys):
    assert cli.main(arguments) == 2
    assert "usage: aitunes-train" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["release", "moonlight", "--to", "x"], "no release named 'moonlight'; choose from first-light, chamber"),
        (["release", "first-light", "--to", "x", "--resume", *TINY], "nothing to resume"),
        (["release", "first-light", "--to", "x", "--limit-items", "1", "--workers", "1"], "both need one at least"),
        (["release", "chamber", "--to", "x", "--data-dir", "nowhere"], "no folder nowhere"),
        (["release", "first-light", "--to", __file__], "is a file; name a folder"),
    ],
)
def test_failures_are_a_sentence_and_end_with_1(arguments, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert said.splitlines()[-1].startswith("aitunes-train: ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "a damaged one"),
        (lambda path: path.write_text("notes"), "a damaged one"),
        (lambda path: torch.save({"state_dict": {"weight": torch.zeros(3)}}, path), "does not say which scenario"),
    ],
)
def test_a_checkpoint_of_something_else_is_refused(spoil, sentence, tiny, tmp_path, capsys):
    checkpoint = tmp_path / "synthetic" / "harmonic" / "last.ckpt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes((tiny[0] / "runs" / "synthetic" / "harmonic" / "last.ckpt").read_bytes())
    spoil(checkpoint)
    run = ["--runs", str(tmp_path), "--resume"]
    assert cli.main(["release", "first-light", "--to", str(tmp_path / "releases"), *run, *TINY]) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "releases").exists()


def test_a_folder_that_is_no_release_is_left_alone(tmp_path, capsys):
    (tmp_path / "first-light").mkdir()
    (tmp_path / "first-light" / "thesis.txt").write_text("mine")
    assert cli.main(["release", "first-light", "--to", str(tmp_path), *TINY]) == 1
    assert "is not a release" in capsys.readouterr().err
    assert (tmp_path / "first-light" / "thesis.txt").read_text() == "mine"


def test_help_does_not_load_torch(tmp_path):
    code = "import sys; from training.cli import main; main(['--help']); sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    assert done.returncode == 0


def test_the_shared_vocabulary_does_not_load_torch():
    modules = "aitunes, aitunes.audio_processing.levels, aitunes.release.writer, aitunes.features"
    code = f"import sys, {modules}, aitunes.audio_generation.sinewave; sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    assert done.returncode == 0


def test_the_walk_of_the_preview_stays_on_the_pad_and_reaches_its_edges():
    from training.evaluate.preview import walk

    points = walk(2000)
    assert points.min() >= 0.0
    assert points.max() <= 1.0
    assert np.ptp(points, axis=0) == pytest.approx([0.96, 0.96], abs=0.01)
    assert np.abs(points[0] - points[-1]).max() < 0.01
