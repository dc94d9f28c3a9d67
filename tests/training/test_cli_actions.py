"""The command line, action by action, on a data set that trains in seconds."""

import signal
import sys
from pathlib import Path

import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")
torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from tests.training.warm import WarmProcess  # noqa: E402
from training import cli  # noqa: E402
from training.headless import NO_CODE, HeadlessActionPipeline  # noqa: E402

pytestmark = pytest.mark.training

VECTORS = ["-E", "vectors5d", "-S", "variational", "--limit-items", "300", "-Q"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AITUNES_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AITUNES_DATA", raising=False)
    return tmp_path


def test_the_originals_options_train_and_evaluate(here, capsys):
    assert cli.main(["--headless", *VECTORS, "-e", "2", "-s", "1"]) == 0
    assert len(list((here / "runs/vectors5d/variational").glob("epoch-*.ckpt"))) == 2
    assert cli.main(["--headless", "-E", "Vectors5D", "-S", "Variational", "--limit-items", "300", "--evaluate"]) == 0
    assert "active_units" in capsys.readouterr().out
    model = str(here / "runs/vectors5d/variational/epoch-0000.ckpt")
    assert cli.main(["--headless", *VECTORS, "-M", model, "-e", "1"]) == 0


def test_what_was_trained_is_listed_shown_and_sampled(here, capsys):
    assert cli.main(["train", *VECTORS, "-e", "1"]) == 0
    assert cli.main(["list", "-E", "vectors5d", "-S", "variational"]) == 0
    assert "last.ckpt" in capsys.readouterr().out
    for action, written in {"evaluate": "index.html", "project": "pca.png", "sample": "samples.png"}.items():
        assert cli.main([action, *VECTORS, "--to", action]) == 0
        assert (here / action / written).is_file()


def test_lists_go_from_experiments_to_scenarios_to_models(here, capsys):
    assert cli.main(["list"]) == 0
    assert {"gtzan", "fma", "folder"} <= set(capsys.readouterr().out.split())
    assert cli.main(["list", "-E", "fma"]) == 0
    assert "Stargazing" in capsys.readouterr().out
    assert cli.main(["list", "-E", "fma", "-S", "low-vq"]) == 0
    assert "no models yet" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="there is always a display")
def test_the_window_without_a_display_is_a_sentence(monkeypatch, capsys):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for arguments in ([], ["-E", "gtzan"]):
        assert cli.main(arguments) == 1
        assert "There is no display for the window. Add --headless" in capsys.readouterr().err


def test_the_window_without_qt_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("training.window.find_spec", lambda name: None)
    assert cli.main([]) == 1
    assert "pip install 'aitunes[window]'" in capsys.readouterr().err


def test_a_named_run_lies_beside_the_others(here):
    for name in ("first", "second"):
        assert cli.main(["train", *VECTORS, "-e", "1", "--run", name]) == 0
    runs = Path("runs/vectors5d/variational")
    assert sorted(path.name for path in runs.iterdir()) == ["first", "second"]
    actions = HeadlessActionPipeline()
    actions.select_experiment("vectors5d")
    actions.select_scenario("variational")
    assert actions.list_models() == [runs / "second/last.ckpt", runs / "first/last.ckpt"]
    assert actions.model.parent.name == "second"
    assert cli.main(["train", *VECTORS, "--run", "../up"]) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--headless"], "Select an experiment first: vectors5d, mnist"),
        (["--headless", "-E", "moon"], "no experiment named 'moon'; choose from vectors5d, mnist"),
        (["--headless", "-E", "gtzan", "-S", "moon"], "no scenario named 'moon'; choose from low-dim16"),
        (["--headless", "-E", "gtzan"], "Select a scenario of gtzan first: low-dim16"),
        (["evaluate", *VECTORS], "There is no model of vectors5d variational yet"),
        (["train", *VECTORS, "-M", "moon"], "There is no model moon; there are: none"),
        (["train", *VECTORS, "--resume"], "There is nothing to resume"),
        (["prepare", *VECTORS], "there is nothing to prepare"),
        (["prepare", "-E", "gtzan", "-S", "low-vq"], "--data-dir or AITUNES_DATA"),
        (["prepare", "-E", "gtzan", "-S", "low-vq", "--data-dir", "nowhere"], "There is no folder nowhere"),
        (["prepare", "-E", "gtzan", "-S", "low-vq", "--data-dir", "."], "GTZAN is not in"),
        (["prepare", "-E", "fma", "-S", "low-vq", "--data-dir", "."], "FMA is not in"),
        (["prepare", "-E", "folder", "-S", "low-vq", "--data-dir", "."], "There is no audio in"),
        (["export", *VECTORS], "--to names a folder of releases"),
    ],
)
def test_failures_are_a_sentence_and_end_with_1(here, arguments, sentence, capsys):
    assert cli.main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("aitunes-train: ")
    assert sentence in said
    assert not list(here.iterdir())


def test_a_killed_training_leaves_a_checkpoint_that_resume_goes_on_from(here):
    checkpoint = here / "runs/vectors5d/variational/last.ckpt"
    with WarmProcess(cli.main, ["train", *VECTORS, "-e", "100000"], here) as process:
        process.wait_for(checkpoint)
        process.signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    epochs = torch.load(checkpoint, weights_only=True)["epoch"] + 1
    assert cli.main(["train", *VECTORS, "-e", str(epochs + 1), "--resume"]) == 0
    assert torch.load(checkpoint, weights_only=True)["epoch"] == epochs


def test_the_pipeline_gives_the_code_that_repeats_its_choice(here):
    actions = HeadlessActionPipeline()
    assert actions.get_current_code() == NO_CODE
    actions.select_experiment("vectors5d")
    actions.select_scenario("vanilla")
    assert "vanilla" in actions.describe_current_state()
    names = {}
    exec(actions.get_current_code(3).replace("actions.train(3, 0)", ""), names)
    assert names["actions"].scenario == actions.scenario
    assert actions.get_current_code(3, 1).endswith("actions.train(3, 1)")


def test_the_pipeline_lists_what_is_for_performers():
    assert ("fma", "high-dim64-momentum", "Stargazing") in HeadlessActionPipeline.list_production_releases()


def test_evaluation_by_asking_takes_numbers_and_says_what_it_does_not_understand(here):
    from training.data.corpus import CorpusOptions

    said = []
    actions = HeadlessActionPipeline(CorpusOptions(limit_items=300), notify=said.append)
    actions.select_experiment("vectors5d")
    actions.select_scenario("vanilla")
    actions.train(1)
    answers = iter(["3", "s", "900", "nonsense", "q", "never asked"])
    actions.interactive_evaluation(ask=lambda prompt: next(answers))
    assert next(answers) == "never asked"
    assert {"item-3.png", "samples.png"} <= {path.name for path in (actions.run_dir / "evaluation").iterdir()}
    assert sum("not one of these" in sentence for sentence in said) == 2


@pytest.mark.data
def test_real_audio_becomes_a_store_with_one_command(here, shared_data, capsys):
    data = ["-E", "gtzan", "-S", "low-dim16", "--data-dir", str(shared_data), "--limit-items", "3", "-Q"]
    assert cli.main(["prepare", *data]) == 0
    assert "89 s of GTZAN" in capsys.readouterr().out
    assert len(list((here / "features").glob("gtzan-*"))) == 1
