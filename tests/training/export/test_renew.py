"""`python -m training.export.renew` renews files of ours, and refuses others in a sentence."""

import json
import shutil

import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.release.reader import CARD, TORCHSCRIPT, read_release, sha256  # noqa: E402
from instrument.storage.paths import bundled_releases  # noqa: E402
from training.export.renew import main  # noqa: E402

pytestmark = pytest.mark.training


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(bundled_releases() / "first-light", tmp_path / "first-light")
    return tmp_path / "first-light"


def with_file(folder, content):
    """Give a release another `model.ts`, as its card has it."""
    (folder / TORCHSCRIPT).write_bytes(content)
    card = json.loads((folder / CARD).read_text())
    card["files"][TORCHSCRIPT] = sha256(folder / TORCHSCRIPT)
    (folder / CARD).write_text(json.dumps(card))


def without_file(folder):
    card = json.loads((folder / CARD).read_text())
    del card["files"][TORCHSCRIPT]
    (folder / TORCHSCRIPT).unlink()
    (folder / CARD).write_text(json.dumps(card))


def foreign_module(folder):
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), folder / "other")
    with_file(folder, (folder / "other").read_bytes())
    (folder / "other").unlink()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (without_file, "has no model.ts to renew"),
        (lambda folder: with_file(folder, b""), "is none that AiTunes writes"),
        (lambda folder: with_file(folder, b"PK\3\4" + bytes(1_000)), "is none that AiTunes writes"),
        (foreign_module, "is none that AiTunes writes"),
        (lambda folder: (folder / CARD).write_text("["), "is not valid JSON"),
        (lambda folder: (folder / TORCHSCRIPT).unlink(), "model.ts is missing"),
    ],
)
def test_what_is_none_of_ours_is_a_sentence_and_stays_as_it_is(folder, capsys, damage, sentence):
    damage(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main([str(folder)]) == 1
    assert sentence in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_of_another_name_replaces_no_release_beside_it(folder, capsys):
    copy = folder.rename(folder.with_name("a copy"))
    assert main([str(copy), str(copy / "\x1b[2J")]) == 1
    said = capsys.readouterr().err
    assert "is called first-light; give its folder that name" in said
    assert "\x1b" not in said
    assert [path.name for path in copy.parent.iterdir()] == ["a copy"]


def test_one_of_ours_is_renewed(folder):
    assert main([str(folder)]) == 0
    assert read_release(folder).card.name == "first-light"
