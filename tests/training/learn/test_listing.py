import os
import shutil

import pytest

pytest.importorskip("rich", reason="pip install aitunes[training]")

from aitunes.errors import TrainingError
from training.learn.listing import list_folder
from training.learn.naming import release_name
from training.learn.sounds import read_stretches
from training.learn.survey import no_sound, passed_over

pytestmark = pytest.mark.training


def _touch(path, contents=b"x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)


def test_side_files_of_systems_and_editors_are_counted_and_not_read(tmp_path):
    for name in ("a.wav", "._a.wav", "a.wav.asd", ".DS_Store", "a.reapeaks", "Thumbs.db", "a.sfk", "notes.txt"):
        _touch(tmp_path / name)
    listing = list_folder(tmp_path)
    assert [file.name for file in listing.files] == ["a.wav"]
    assert listing.side_files == 6
    assert listing.others == {".txt": 1}
    text = " ".join(passed_over(listing))
    assert "6 side files" in text
    assert "1 file (.txt)" in text


def test_every_common_ending_is_read_or_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")  # no ffmpeg
    read = ["a.aif", "a.aifc", "a.flac", "a.mp3", "a.ogg", "a.snd", "a.WAV", "a.wave", "a.caf", "a.opus"]
    unread = ["b.aac", "b.m4a", "b.wma"]
    for name in (*read, *unread):
        _touch(tmp_path / name)
    listing = list_folder(tmp_path)
    assert sorted(file.name for file in listing.files) == sorted(read)
    assert sorted(listing.undecodable) == unread
    assert "b.aac, b.m4a, b.wma. Install ffmpeg" in " ".join(passed_over(listing))


def test_runs_and_releases_below_the_folder_are_left_out(tmp_path):
    _touch(tmp_path / "a.wav")
    _touch(tmp_path / "runs" / "folder" / "frame" / "run.json")
    _touch(tmp_path / "runs" / "folder" / "frame" / "evaluation" / "1-original.wav")
    _touch(tmp_path / "mine" / "card.json")
    _touch(tmp_path / "mine" / "preview.wav")
    listing = list_folder(tmp_path)
    assert [file.name for file in listing.files] == ["a.wav"]
    assert listing.own_folders == 2


def test_links_are_followed_once_and_circles_end(tmp_path):
    _touch(tmp_path / "real" / "a.wav")
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "sounds" / "again").symlink_to(tmp_path / "real")
    (tmp_path / "sounds" / "circle").symlink_to(tmp_path / "sounds")
    assert [file.name for file in list_folder(tmp_path / "sounds").files] == ["again/a.wav"]


def test_what_is_no_plain_file_is_named(tmp_path):
    (tmp_path / "lost.wav").symlink_to(tmp_path / "nowhere.wav")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.wav")
    _touch(tmp_path / "nothing.wav", b"")
    listing = list_folder(tmp_path)
    assert not listing.files
    assert listing.empty == ["nothing.wav"]
    assert any("lost.wav" in name for name in listing.unreadable)
    assert "Empty, left out: nothing.wav" in no_sound(listing)


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_names_that_are_no_utf_8_are_spelled_and_their_files_read(tmp_path, sounds):
    root = tmp_path / os.fsdecode(b"m\xfcsik")
    path = root / os.fsdecode(b"fl\xf6te") / os.fsdecode(b"bl\xe9.wav")
    _touch(path, sounds.noise("plain.wav").read_bytes())
    (root / os.fsdecode(b"lost\xff.wav")).symlink_to(root / "nowhere")
    listing = list_folder(root)
    (file,) = listing.files
    assert (listing.title, file.name, listing.label_of(file)) == (r"m\xfcsik", r"fl\xf6te/bl\xe9.wav", r"fl\xf6te")
    assert r"lost\xff.wav" in listing.unreadable[0]
    (stretch,) = read_stretches(file, [0.0], 22_050)
    assert len(stretch.y) == 22_050
    assert list_folder(path).files[0].name == r"bl\xe9.wav"
    assert release_name(None, root, tmp_path) == "m-xfcsik"


def test_a_listing_ends_at_its_bound(tmp_path):
    for n in range(40):
        _touch(tmp_path / f"{n}.wav")
    listing = list_folder(tmp_path, max_entries=10)
    assert len(listing.files) == 10
    assert not listing.is_whole


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(TrainingError, match="There is no folder"):
        list_folder(tmp_path / "nowhere")


def test_one_file_is_a_folder_of_one(tmp_path):
    _touch(tmp_path / "song.wav")
    _touch(tmp_path / "other.wav")
    assert [file.name for file in list_folder(tmp_path / "song.wav").files] == ["song.wav"]


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
def test_ffmpeg_takes_what_libsndfile_does_not(tmp_path):
    _touch(tmp_path / "a.m4a")
    assert [file.name for file in list_folder(tmp_path).files] == ["a.m4a"]
