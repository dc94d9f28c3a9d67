"""`aitunes pack`, `install`, `index`, `releases` and `remove`, as somebody types them."""

import json

import pytest

from instrument.cli import main
from instrument.storage import paths
from instrument.storage.release_trial import ReleaseTrial

pytestmark = pytest.mark.training


@pytest.fixture
def home(tmp_path, monkeypatch, releases):
    """A home without releases, in a folder that has `sine.aitunes`; releases pass their trial."""
    monkeypatch.setenv(paths.HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.setattr(ReleaseTrial, "check", lambda *words: None)
    monkeypatch.chdir(tmp_path)
    assert main(["pack", "sine", "--releases", str(releases)]) == 0
    return tmp_path / "home"


def test_a_release_goes_from_one_musician_to_another(home, capsys):
    assert main(["install", "sine.aitunes"]) == 0
    assert "To play it: aitunes --release sine" in capsys.readouterr().out
    assert main(["releases", "--json"]) == 0
    (row,) = [row for row in json.loads(capsys.readouterr().out) if row["name"] == "sine"]
    assert row["licence"] == "CC0-1.0"
    assert row["bytes"] > 1_000
    assert "sine.aitunes" in row["origin"]
    assert main(["releases"]) == 0
    assert "comes with AiTunes" in capsys.readouterr().out
    assert main(["remove", "sine", "--yes"]) == 0
    assert list((home / "releases").iterdir()) == []


def test_a_folder_of_packed_releases_is_a_gallery(home, capsys, tmp_path):
    assert main(["index", str(tmp_path)]) == 0
    assert "lists 1 release." in capsys.readouterr().out
    assert main(["releases", "--from", str(tmp_path)]) == 0
    assert "Sine" in capsys.readouterr().out
    assert main(["install", "--from", str(tmp_path), "sine", "--name", "mine", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"release": "mine", "was_there": False}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["remove", "chamber", "--yes"], "comes with AiTunes and stays"),
        (["remove", "nothing", "--yes"], "There is no release named 'nothing'; there are: arcade, carousel"),
        (["pack", "chamber", "-o", "chamber.zip"], "does not end in .aitunes"),
        (["install", "nothing.aitunes"], "nothing.aitunes does not exist"),
        (["install", "--from", "nowhere", "x"], "The index nowhere cannot be read"),
        (["index", "nowhere"], "is no folder"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(home, capsys, words, sentence):
    assert main(words) != 0
    assert sentence in capsys.readouterr().err


def test_nothing_is_deleted_where_nobody_can_be_asked(home, capsys):
    assert main(["install", "sine.aitunes"]) == 0
    assert main(["remove", "sine"]) == 2
    assert "add --yes" in capsys.readouterr().err
    assert (home / "releases" / "sine").is_dir()
