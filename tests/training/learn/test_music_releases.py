"""Releases of music: what is free is learnt and credited, what is not stays out."""

import csv

import numpy as np
import pytest

pytest.importorskip("torch", reason="pip install aitunes[training]")
import soundfile

from aitunes.errors import TrainingError
from aitunes.release.bundled import BUNDLED
from aitunes.release.motion import MOTION
from aitunes.release.reader import TORCHSCRIPT, read_landmarks, read_release
from training.cli.release import BUNDLED as OF_NOTES
from training.learn.music_releases import (
    MUSIC_RELEASES,
    MusicRelease,
    Track,
    credits_text,
    free_tracks,
    make_music_release,
)
from training.learn.segment_releases import SEGMENT_RELEASES

RATE = 22_050
ROWS = (
    ("one.wav", "Air", "Ann", "CC-BY-3.0"),
    ("two.wav", "Bee", "Bob", "CC0-1.0"),
    ("three.wav", "Sea", "Cid", "Public domain (1903 recording)"),
    ("four.wav", "Dew", "Dan", "CC-BY (version not stated)"),
    ("five.wav", "Eve", "Eva", "CC0-1.0"),
    ("six.wav", "Fir", "Flo", "CC0-1.0"),
)


@pytest.fixture
def data(tmp_path):
    """A folder of music with a table, whose set `ambient` has six tracks of three seconds."""
    folder = tmp_path / "music"
    (folder / "ambient").mkdir(parents=True)
    with (folder / "tracks.csv").open("w", newline="", encoding="utf-8") as lines:
        table = csv.writer(lines)
        table.writerow(["path", "set", "title", "author", "licence"])
        for n, (name, *rest) in enumerate(ROWS):
            table.writerow([f"music/ambient/{name}", "ambient", *rest])
            t = np.arange(3 * RATE) / RATE
            y = np.sin(2 * np.pi * 110 * (n + 1) * t) * (0.6 + 0.4 * np.sin(2 * np.pi * 2 * t))
            noise = np.random.default_rng(n).standard_normal(t.size)
            soundfile.write(folder / "ambient" / name, 0.3 * y + 0.02 * noise, RATE)
    return folder


def test_a_release_is_learnt_from_what_is_free_and_credits_it(data, tmp_path):
    folder = make_music_release("stargazing", data, tmp_path / "releases", "aitunes-train release stargazing")
    release = read_release(folder)
    record = release.card.training
    assert release.card.public_name == "Stargazing"
    assert record.data_items == 5
    assert "Ann (Air)" in record.data_licence
    assert "Dan" not in record.data_licence
    assert set(read_landmarks(folder, release.card).labels) <= {"Ann", "Bob", "Cid", "Eva", "Flo"}
    assert {MOTION, "preview.ogg", "map.png"} <= set(release.card.files)
    assert TORCHSCRIPT not in release.card.files
    assert record.metrics["pad_level_db"] <= 6.0
    assert record.metrics["held_log_spectral_db"] > 0.0


def test_titles_can_be_left_out(data):
    kept = free_tracks(data, MusicRelease("ambient", "A", "B", without=("Air",)))
    assert sorted(kept) == ["five.wav", "six.wav", "three.wav", "two.wav"]


@pytest.mark.parametrize("contents", [None, "a,b\n1,2\n", "\x00\x01"])
def test_a_table_that_is_none_is_a_sentence(tmp_path, contents):
    if contents is not None:
        (tmp_path / "tracks.csv").write_text(contents)
    with pytest.raises(TrainingError, match=r"tracks\.csv"):
        free_tracks(tmp_path, MUSIC_RELEASES["stargazing"])


def test_credits_that_a_card_cannot_hold_are_refused():
    tracks = [Track(f"{n}.wav", f"A rather long title, number {n}", f"Author {n}", "CC-BY-3.0") for n in range(60)]
    with pytest.raises(TrainingError, match="characters"):
        credits_text(tracks)


def test_every_bundled_name_has_a_command_that_makes_it():
    assert set(BUNDLED) == {*MUSIC_RELEASES, *SEGMENT_RELEASES, *OF_NOTES}
