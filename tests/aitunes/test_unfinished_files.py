"""An unfinished file of a killed process is told from one that is being written, and replaces no other file."""

import os

import pytest

from aitunes.unfinished_files import Claim, FileInUseError, abandoned, finish_beside, rescue


@pytest.fixture
def left(tmp_path):
    path = tmp_path / "take.unfinished.wav"
    path.write_text("sound")
    return path


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the names of open files by itself")
def test_a_claimed_file_is_in_use_until_it_is_released(left, tmp_path):
    claim = Claim(left)
    with pytest.raises(FileInUseError):
        rescue(tmp_path / "take.wav")
    assert list(abandoned(tmp_path, ".wav")) == []
    claim.release()
    claim.release()
    assert list(abandoned(tmp_path, ".wav")) == [left]
    assert rescue(tmp_path / "take.wav") == tmp_path / "take.wav"
    assert rescue(tmp_path / "take.wav") is None


@pytest.mark.parametrize("links", [True, False])
def test_the_next_free_name_is_taken(left, tmp_path, monkeypatch, links):
    def refuse(*arguments, **options):
        raise PermissionError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr("os.link", refuse)
    (tmp_path / "take.wav").write_text("one")
    (tmp_path / "take-2.wav").mkdir()
    assert finish_beside(left, tmp_path / "take.wav") == tmp_path / "take-3.wav"
    assert (tmp_path / "take-3.wav").read_text() == "sound"
    assert (tmp_path / "take.wav").read_text() == "one"
    assert not left.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFOs in folders")
def test_pipes_and_folders_are_no_leftovers(tmp_path):
    os.mkfifo(tmp_path / "pipe.unfinished.wav")
    (tmp_path / "folder.unfinished.wav").mkdir()
    assert list(abandoned(tmp_path, ".wav")) == []
