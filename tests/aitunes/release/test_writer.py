"""A release's folder is valid or absent, whatever happens while it is written."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from aitunes.errors import ReleaseError
from aitunes.release.reader import read_release
from aitunes.release.writer import restore_interrupted, write_release

pytestmark = pytest.mark.training


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_release_replaces_the_old_one_whole(tiny, tmp_path):
    tiny.write(tmp_path, bias=0.2)
    folder = tiny.write(tmp_path, bias=0.6)
    (S,) = read_release(folder).decoder.run(None, {"z": np.zeros((1, 3), np.float32)})
    assert np.allclose(S, 0.6)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_a_release_that_its_reader_refuses_leaves_the_old_one(tiny, tmp_path):
    before = contents(tiny.write(tmp_path))
    card = tiny.card()
    with pytest.raises(ReleaseError, match="NaN"):
        write_release(tmp_path, card, tiny.files(card, tiny.decoder(card, bias=np.nan, clip=False)))
    assert contents(tmp_path / "tiny") == before
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_a_full_disk_leaves_the_old_release_and_no_rest(tiny, tmp_path, monkeypatch):
    before = contents(tiny.write(tmp_path))
    card = tiny.card()
    files = tiny.files(card, tiny.decoder(card, bias=0.9))
    write_bytes = Path.write_bytes

    def disk_full(path, content):
        if path.name == "map.npz":
            raise OSError(28, "No space left on device")
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", disk_full)
    with pytest.raises(OSError, match="No space left"):
        write_release(tmp_path, card, files)
    assert contents(tmp_path / "tiny") == before
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_a_rename_that_fails_puts_the_old_release_back(tiny, tmp_path, monkeypatch):
    before = contents(tiny.write(tmp_path))
    card = tiny.card()
    files = tiny.files(card, tiny.decoder(card, bias=0.9))
    rename = Path.rename

    def refuse(path, target):
        if path.parent.name.startswith(".tiny-") and path.name == "tiny":
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="Input/output"):
        write_release(tmp_path, card, files)
    assert contents(tmp_path / "tiny") == before
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_a_file_name_with_a_path_never_reaches_the_disk(tiny, tmp_path):
    card = tiny.card()
    files = {**tiny.files(card, tiny.decoder(card)), "../../escaped": b"x"}
    with pytest.raises(ReleaseError, match="not a plain name"):
        write_release(tmp_path / "releases", card, files)
    assert not list(tmp_path.rglob("escaped"))


def test_a_folder_that_is_no_release_is_left_alone(tiny, tmp_path):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "diary.txt").write_text("mine")
    with pytest.raises(ReleaseError, match="exists and is not a release"):
        tiny.write(tmp_path)
    assert (tmp_path / "tiny" / "diary.txt").read_text() == "mine"


@pytest.mark.parametrize("ago_seconds", [0, 60])
def test_a_writer_that_was_killed_between_its_renames_leaves_no_gap(tiny, tmp_path, ago_seconds):
    before = contents(tiny.write(tmp_path))
    scratch = tmp_path / ".tiny-a1b2"
    scratch.mkdir()
    (tmp_path / "tiny").rename(scratch / ".retired")
    os.utime(scratch, (time.time() - ago_seconds,) * 2)
    sentences = restore_interrupted(tmp_path)
    if not ago_seconds:  # its writer may be at it
        assert sentences == []
        return
    assert "The release tiny was being replaced when its writer was ended" in sentences[0]
    assert contents(tmp_path / "tiny") == before
    assert restore_interrupted(tmp_path) == []
