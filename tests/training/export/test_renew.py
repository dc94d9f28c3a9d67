"""`python -m training.export.renew` renews files of ours, and refuses others in a sentence."""

import io
import json
import shutil

import numpy as np
import pytest
import soundfile

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


def with_preview(folder, content):
    """Give a release the preview of an older one, as its card has it."""
    card = json.loads((folder / CARD).read_text())
    (folder / "preview.wav").write_bytes(content)
    del card["files"]["preview.ogg"]
    (folder / "preview.ogg").unlink()
    card["files"]["preview.wav"] = sha256(folder / "preview.wav")
    (folder / CARD).write_text(json.dumps(card))


def test_a_preview_of_an_older_release_becomes_ogg(folder):
    stream, y = io.BytesIO(), 0.1 * np.sin(np.arange(44_100) / 10)
    soundfile.write(stream, y, 44_100, format="WAV")
    with_preview(folder, stream.getvalue())
    assert main([str(folder)]) == 0
    files = read_release(folder).card.files
    assert "preview.ogg" in files
    assert "preview.wav" not in files
    heard, sample_rate = soundfile.read(folder / "preview.ogg")
    assert len(heard) / sample_rate == pytest.approx(1.0, abs=0.05)
    assert heard.std() == pytest.approx(y.std(), rel=0.1)


def test_a_preview_that_is_no_sound_is_a_sentence(folder, capsys):
    with_preview(folder, b"RIFF")
    assert main([str(folder)]) == 1
    assert "preview.wav" in capsys.readouterr().err


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
