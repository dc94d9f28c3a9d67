import contextlib
import csv
import errno
import os
import signal
import warnings
import zipfile
from functools import partial

import numpy as np
import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")
torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from dataclasses import replace  # noqa: E402

from aitunes.errors import TrainingError  # noqa: E402
from aitunes.experiments.cases import find_case  # noqa: E402
from aitunes.experiments.optimisation import Optimisation  # noqa: E402
from training.data.corpus import CorpusOptions, open_corpus  # noqa: E402
from training.fit.checkpoint_writing import WholeCheckpointIO  # noqa: E402
from training.fit.checkpoints import read_checkpoint  # noqa: E402
from training.fit.options import TrainOptions  # noqa: E402
from training.fit.train import EpochSeed, train, warnings_to  # noqa: E402
from training.fit.trained import load_trained  # noqa: E402

pytestmark = pytest.mark.training

EPOCHS = 4


class Evil:
    def __reduce__(self):
        return print, ("executed",)


@pytest.fixture(scope="module")
def vectors():
    case = find_case("vectors5d")
    scenario = case.scenarios.find("variational")
    return case, scenario, open_corpus(case, scenario, CorpusOptions(limit_items=300), None, None)


@pytest.fixture(scope="module")
def unbroken(vectors, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    return train(*vectors, TrainOptions(folder, EPOCHS, quiet=True))


@pytest.fixture(autouse=True)
def _interrupts():
    """Lightning ignores Ctrl-C from the first one on, and every process that is started later would inherit that."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_compiled_training_learns_as_much(vectors, unbroken, tmp_path, monkeypatch):
    # What is traced here would take a C++ compiler a minute.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    compiled = train(*vectors, TrainOptions(tmp_path, EPOCHS, quiet=True, compiled=True))
    losses = [
        np.genfromtxt(trained.checkpoint.parent / "history.csv", delimiter=",", names=True)["validationloss"][-1]
        for trained in (unbroken, compiled)
    ]
    assert losses[1] == pytest.approx(losses[0], rel=0.1)
    assert compiled.epochs == EPOCHS


def break_off(vectors, folder, monkeypatch, epoch=2):
    seeded = EpochSeed.on_train_epoch_start

    def stop(self, trainer, module):
        if trainer.current_epoch == epoch:
            raise KeyboardInterrupt
        seeded(self, trainer, module)

    with monkeypatch.context() as segment:
        segment.setattr(EpochSeed, "on_train_epoch_start", stop)
        with pytest.raises(TrainingError, match=r"stopped: .*--resume goes on"):
            train(*vectors, TrainOptions(folder, EPOCHS, quiet=True))


def test_a_resumed_training_has_the_curve_and_the_weights_of_an_unbroken_one(vectors, unbroken, tmp_path, monkeypatch):
    break_off(vectors, tmp_path, monkeypatch)
    torch.manual_seed(99)  # chance of another process
    resumed = train(*vectors, TrainOptions(tmp_path, EPOCHS, resume=True, quiet=True))
    curve, wanted = (
        path.read_text() for path in (tmp_path / "history.csv", unbroken.checkpoint.parent / "history.csv")
    )
    assert curve == wanted
    assert len(curve.splitlines()) == EPOCHS + 1
    ours, theirs = resumed.experiment.state_dict(), unbroken.experiment.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_training_that_is_stopped_at_once_after_its_first_checkpoint_says_that_it_is_kept(
    vectors, tmp_path, monkeypatch
):
    save = WholeCheckpointIO.save_checkpoint

    def save_and_stop(self, checkpoint, path, storage_options=None):
        save(self, checkpoint, path, storage_options)
        raise KeyboardInterrupt

    monkeypatch.setattr(WholeCheckpointIO, "save_checkpoint", save_and_stop)
    with pytest.raises(TrainingError, match=r"last\.ckpt is kept; --resume goes on"):
        train(*vectors, TrainOptions(tmp_path, EPOCHS, quiet=True))


def test_another_seed_gives_another_model(vectors, unbroken, tmp_path):
    other = train(*vectors, TrainOptions(tmp_path, 1, seed=1, quiet=True))
    one, two = next(other.experiment.parameters()), next(unbroken.experiment.parameters())
    assert not torch.equal(one, two)


def test_a_checkpoint_gives_back_its_model(vectors, unbroken):
    case, scenario, corpus = vectors
    loaded = load_trained(case, scenario, unbroken.checkpoint)
    S = torch.from_numpy(corpus.held.S[:5])
    assert torch.equal(loaded.experiment.model.encode(S), unbroken.experiment.model.encode(S))
    assert (loaded.epochs, loaded.identity) == (EPOCHS, unbroken.identity)


def test_the_best_epoch_is_kept_where_the_recipe_says_by_what(vectors, tmp_path):
    case, scenario, corpus = vectors

    def build(shape):
        # A rate at which every epoch after the first is worse.
        recipe = scenario.build(shape)
        return replace(recipe, best_by="validation/loss", optimisation=Optimisation(3.0, warm_up=0.9))

    trained = train(case, replace(scenario, build=build), corpus, TrainOptions(tmp_path, EPOCHS, quiet=True))
    rows = list(csv.DictReader((tmp_path / "history.csv").open()))
    losses = [float(row["validation/loss"]) for row in rows]
    assert trained.checkpoint == tmp_path / "best.ckpt"
    assert trained.epochs == 1 + int(np.argmin(losses)) < EPOCHS
    assert (tmp_path / "last.ckpt").is_file()


def test_a_checkpoint_of_another_scenario_or_version_is_refused(vectors, unbroken):
    case, scenario, _ = vectors
    with pytest.raises(TrainingError, match="belongs to vectors5d variational, not to vectors5d vanilla"):
        load_trained(case, case.scenarios.find("vanilla"), unbroken.checkpoint)
    with pytest.raises(TrainingError, match="made by version 1 of variational, which is now at 2"):
        load_trained(case, replace(scenario, version="2"), unbroken.checkpoint)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"epochs": EPOCHS}, "has 4 epochs behind it already"),
        ({"epochs": 9, "seed": 3}, "trained with --seed 0"),
    ],
)
def test_going_on_with_something_else_is_refused(vectors, unbroken, options, sentence):
    with pytest.raises(TrainingError, match=sentence):
        train(*vectors, TrainOptions(unbroken.checkpoint.parent, resume=True, **options))


def test_going_on_with_other_data_is_refused(vectors, unbroken):
    case, scenario, corpus = vectors
    with pytest.raises(TrainingError, match="other data"):
        train(case, scenario, replace(corpus, hash="0"), TrainOptions(unbroken.checkpoint.parent, 9, resume=True))


def test_nothing_to_resume_is_a_sentence(vectors, tmp_path):
    with pytest.raises(TrainingError, match="nothing to resume"):
        train(*vectors, TrainOptions(tmp_path, resume=True))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:4000]),
        lambda path: path.write_text("notes"),
        lambda path: path.write_bytes(b""),
        lambda path: torch.save({"state_dict": Evil()}, path),
        lambda path: torch.save([1, 2], path),
        lambda path: torch.save({"state_dict": {"a": torch.zeros(1).expand(10**13)}}, path),
        lambda path: torch.save({"state_dict": {"a": torch.empty(10**10, device="meta")}}, path),
        lambda path: torch.save({"state_dict": {"a": torch.eye(3).to_sparse()}}, path),
        lambda path: compress(path),
    ],
)
def test_what_is_no_checkpoint_is_refused_and_nothing_of_it_runs(unbroken, tmp_path, spoil, capsys):
    path = tmp_path / "last.ckpt"
    path.write_bytes(unbroken.checkpoint.read_bytes())
    spoil(path)
    with pytest.raises(TrainingError, match="is no checkpoint"):
        read_checkpoint(path)
    assert "executed" not in capsys.readouterr().out


def compress(path):
    """Pack a checkpoint so that it grows as it is read."""
    torch.save({"state_dict": {"a": torch.zeros(1_000_000)}}, path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: state.update(optimizer_states=[{}]),
        lambda state: state.update(optimizer_states=[{"state": {}, "param_groups": []}]),
        lambda state: state.update(optimizer_states=[1]),
        lambda state: state.update(loops={}),
        lambda state: state.update(loops={"fit_loop": 3}),
        lambda state: state.update(global_step="x"),
        lambda state: state.update({"pytorch-lightning_version": 7}),
    ],
)
def test_a_state_that_cannot_be_gone_on_from_is_a_sentence_or_harmless(vectors, unbroken, tmp_path, spoil):
    state = torch.load(unbroken.checkpoint, weights_only=True)
    spoil(state)
    torch.save(state, tmp_path / "last.ckpt")
    with contextlib.suppress(TrainingError):
        train(*vectors, TrainOptions(tmp_path, EPOCHS + 1, resume=True, quiet=True))


def test_a_full_disk_leaves_the_checkpoint_before_whole(vectors, tmp_path, monkeypatch):
    fsync = os.fsync

    def full(handle):
        if (tmp_path / "last.ckpt").exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainingError, match=r"disk .* is full"):
        train(*vectors, TrainOptions(tmp_path, 3, quiet=True))
    assert read_checkpoint(tmp_path / "last.ckpt")["epoch"] == 0
    assert not list(tmp_path.rglob("*.part*"))


def test_weights_of_a_checkpoint_are_where_a_new_training_starts(vectors, unbroken, tmp_path):
    options = TrainOptions(tmp_path, 1, start_from=unbroken.checkpoint, quiet=True)
    train(*vectors, options)
    header, first = (tmp_path / "history.csv").read_text().split()
    column = header.split(",").index("train/loss")
    before = (unbroken.checkpoint.parent / "history.csv").read_text().split()
    assert float(first.split(",")[column]) < float(before[1].split(",")[column])


def test_history_and_checkpoints_are_where_they_are_looked_for(unbroken, vectors, tmp_path):
    train(*vectors, TrainOptions(tmp_path, 2, save_every=1, quiet=True))
    found = {path.name for path in tmp_path.iterdir()}
    assert {"last.ckpt", "history.csv", "progress.png", "latent", "tensorboard"} <= found
    assert len(list(tmp_path.glob("epoch-*.ckpt"))) == 2


def test_the_scale_of_a_run_stays_finite(unbroken):
    rows = np.genfromtxt(unbroken.checkpoint.parent / "history.csv", delimiter=",", names=True)
    assert np.isfinite(rows["trainloss"]).all()


def test_what_libraries_warn_of_goes_to_the_runs_folder_and_not_to_the_person(tmp_path, capfd):
    with warnings_to(tmp_path / "warnings.txt"):
        for _ in range(2):
            warnings.warn("The '{x}' of \x1b[2J joblib\n is old", FutureWarning, stacklevel=1)
    assert capfd.readouterr() == ("", "")
    assert "FutureWarning: The '{x}' of" in (tmp_path / "warnings.txt").read_text(encoding="utf-8")
    with warnings_to(tmp_path / "nowhere" / "warnings.txt"):
        warnings.warn("a folder that is gone is no reason to end", UserWarning, stacklevel=1)
    assert capfd.readouterr() == ("", "")
