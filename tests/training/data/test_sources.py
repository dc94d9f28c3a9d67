"""Folders of sounds as people keep them: they change, hold one long recording, links, and AiTunes' own runs."""

import os
import shutil

import numpy as np
import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")
soundfile = pytest.importorskip("soundfile")

from aitunes.datasets.folder import DataSetError, read_folder  # noqa: E402
from aitunes.errors import TrainingError  # noqa: E402
from training.data.corpus import CorpusOptions, open_corpus  # noqa: E402
from training.data.sources import describe_changes  # noqa: E402

pytestmark = pytest.mark.training


@pytest.fixture
def sounds(tmp_path, rng):
    """Four tracks of two kinds, each noise of its own."""
    for n in range(4):
        write(tmp_path / "sounds" / ("a", "b")[n % 2] / f"{n}.wav", rng)
    return tmp_path / "sounds"


def write(path, rng, seconds=1.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:  # as text soundfile refuses names that are no UTF-8
        soundfile.write(stream, 0.1 * rng.standard_normal(round(22_050 * seconds)), 22_050, format="WAV")


@pytest.fixture
def opened(small_case, tmp_path):
    """`opened(folder)`: its corpus, and what was said about it; features are kept from one call to the next."""

    def open_it(folder):
        messages = []
        options = CorpusOptions(folder, tmp_path / "features", workers=1)
        corpus = open_corpus(
            small_case, small_case.scenarios.find("tiny"), options, lambda *done: None, messages.append
        )
        return corpus, messages

    return open_it


def test_sounds_that_changed_after_their_preparation_are_counted(sounds, opened, rng):
    opened(sounds)
    assert opened(sounds)[1] == []
    write(sounds / "a" / "new.wav", rng)
    (sounds / "b" / "1.wav").unlink()
    write(sounds / "a" / "0.wav", rng, 2.0)
    _, (sentence,) = opened(sounds)
    assert "1 new, 1 changed, 1 gone" in sentence
    assert "prepare" in sentence


@pytest.mark.parametrize("place", [0, 0.1, 0.3, 0.55, 1])
def test_sounds_changed_with_the_same_size_and_time_are_counted(sounds, opened, rng, place):
    write(sounds / "a" / "0.wav", rng, 20.0)
    opened(sounds)
    changed, before = sounds / "a" / "0.wav", (sounds / "a" / "0.wav").stat()
    content = bytearray(changed.read_bytes())
    content[round(place * (len(content) - 1))] ^= 1
    changed.write_bytes(content)
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    _, (sentence,) = opened(sounds)
    assert "(1 changed)" in sentence


def test_a_folder_that_was_copied_with_its_times_has_not_changed(sounds, opened, tmp_path):
    opened(sounds)
    shutil.copytree(sounds, tmp_path / "copy")
    shutil.rmtree(sounds)
    shutil.copytree(tmp_path / "copy", sounds)
    assert opened(sounds)[1] == []


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_names_that_are_no_utf_8_are_read_and_spelled(sounds, opened, rng):
    odd, folder = os.fsdecode(b"bl\xe9.wav"), os.fsdecode(b"fl\xf6te")
    write(sounds / "a" / odd, rng)
    write(sounds / folder / "x.wav", rng)
    (sounds / os.fsdecode(b"own\xff")).mkdir()
    (sounds / os.fsdecode(b"own\xff") / "run.json").write_text("{}")
    corpus, messages = opened(sounds)
    assert corpus.items == 6
    assert r"left out: own\xff" in " ".join(messages)
    names = np.concatenate([part.names[np.arange(len(part))] for part in (corpus.train, corpus.held)])
    assert {r"a/bl\xe9.wav", r"fl\xf6te/x.wav"} <= set(names.tolist())
    assert opened(sounds)[1] == []
    write(sounds / "a" / odd, rng, 2.0)
    assert "(1 changed)" in " ".join(opened(sounds)[1])


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_two_names_that_are_spelled_alike_are_refused(sounds, rng):
    write(sounds / "a" / os.fsdecode(b"x\xff.wav"), rng)
    write(sounds / "a" / r"x\xff.wav", rng)
    with pytest.raises(DataSetError, match=r"two files named a/x\\xff\.wav"):
        read_folder(sounds)


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
@pytest.mark.parametrize("name", ["a\nb", "a\x0cb", "a\u2028b", '"a"', "a\\b", " 1 2 3", "[0]"])
def test_names_of_any_signs_are_followed(sounds, opened, rng, name):
    write(sounds / "a" / f"{name}.wav", rng)
    opened(sounds)
    assert opened(sounds)[1] == []
    write(sounds / "a" / f"{name}.wav", rng, 2.0)
    _, (sentence,) = opened(sounds)
    assert "(1 changed)" in sentence


def test_the_list_of_an_older_store_is_still_read(sounds, tmp_path):
    tracks = read_folder(sounds).tracks
    stats = {track.name: track.path.stat() for track in tracks}
    lines = [f"{stat.st_size} {stat.st_mtime_ns} {name}" for name, stat in stats.items()]
    (tmp_path / "sources.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")
    assert describe_changes(tmp_path / "sources.txt", tracks) == ""
    (tmp_path / "sources.txt").write_text("\n".join([f"1 {lines[0]}", *lines[2:], ""]), encoding="utf-8")
    assert describe_changes(tmp_path / "sources.txt", tracks) == "2 new, 1 gone"


@pytest.mark.parametrize("content", ["[" * 100_000, "[1, 2, 3, 4, 5]", "[[], [], [], [], []]", "{}", "1" * 9_999, "\0"])
def test_a_damaged_list_says_nothing(sounds, tmp_path, content):
    (tmp_path / "sources.txt").write_text(content, encoding="utf-8")
    assert describe_changes(tmp_path / "sources.txt", read_folder(sounds).tracks) == ""


def test_features_are_enough_where_the_sounds_are_gone(sounds, opened):
    corpus, _ = opened(sounds)
    sounds.rename(sounds.with_name("elsewhere"))
    again, messages = opened(sounds)
    assert (again.hash, messages) == (corpus.hash, [])


def test_of_one_long_recording_stretches_are_held_out(tmp_path, opened, rng):
    write(tmp_path / "one" / "concert.wav", rng, 60.0)
    corpus, _ = opened(tmp_path / "one")
    train, held = (np.asarray(part.S[np.arange(len(part))]) for part in (corpus.train, corpus.held))
    assert 0.05 < len(held) / (len(train) + len(held)) < 0.15
    assert not {segment.tobytes() for segment in train} & {segment.tobytes() for segment in held}
    assert set(corpus.held.labels[np.arange(len(held))]) == {"unlabelled"}


def test_one_sound_of_a_single_segment_is_too_little(tmp_path, opened, rng):
    write(tmp_path / "one" / "click.wav", rng, 0.1)
    with pytest.raises(TrainingError, match="both need one at"):
        opened(tmp_path / "one")


def test_what_is_left_out_is_counted_and_named(sounds, opened, rng):
    (sounds / "song.m4a").write_bytes(b"AAC")
    (sounds / "b" / "song.AAC").write_bytes(b"AAC")
    write(sounds / "runs" / "folder" / "tiny" / "evaluation" / "1-original.wav", rng)
    (sounds / "runs" / "folder" / "tiny" / "run.json").write_text("{}")
    corpus, messages = opened(sounds)
    assert corpus.items == 4
    text = " ".join(messages)
    assert "1 .aac, 1 .m4a" in text
    assert "Runs, releases and features of AiTunes are left out: runs/folder/tiny" in text


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_may_not_be_read_is_named(sounds, opened):
    (sounds / "b").chmod(0)
    assert "may not be read are left out: b" in " ".join(opened(sounds)[1])
    (sounds / "b").chmod(0o700)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_linked_folders_are_read_each_once(sounds, tmp_path, rng):
    write(tmp_path / "elsewhere" / "x.wav", rng)
    (sounds / "linked").symlink_to(tmp_path / "elsewhere")
    (sounds / "a" / "loop").symlink_to(sounds)
    names = [track.name for track in read_folder(sounds).tracks]
    assert names == ["a/0.wav", "a/2.wav", "b/1.wav", "b/3.wav", "linked/x.wav"]


@pytest.mark.parametrize("ending", [".aifc", ".wave", ".snd", ".WAV"])
def test_rarer_endings_are_read(tmp_path, ending):
    kind = {".aifc": "AIFF", ".snd": "AU"}.get(ending, "WAV")
    soundfile.write(tmp_path / f"a{ending}", np.zeros(500), 22_050, format=kind)
    assert [track.name for track in read_folder(tmp_path).tracks] == [f"a{ending}"]


def test_memory_is_asked_for_as_every_system_tells_it(sounds, opened, monkeypatch):
    for name in ("sysconf", "pread"):  # neither is there on Windows, and macOS knows no SC_AVPHYS_PAGES
        monkeypatch.delattr(os, name, raising=False)
    corpus, _ = opened(sounds)
    assert np.isfinite(corpus.train.S[np.arange(2)]).all()
