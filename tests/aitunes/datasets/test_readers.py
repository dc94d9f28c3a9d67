import os
import shutil

import pytest

from aitunes.datasets.fma import TABLE, read_fma, read_genres
from aitunes.datasets.folder import DATA_VARIABLE, DataSetError, data_folder, read_folder
from aitunes.datasets.gtzan import read_gtzan


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.fixture
def fma(tmp_path):
    rows = ["," + "track," * 2, ",split,genre_top", "track_id,,", "2,training,Hip-Hop", "3,test,", "5,test,Folk"]
    touch(tmp_path / TABLE, tmp_path / "fma_medium/000/000002.mp3", tmp_path / "fma_medium/000/000003.mp3")
    (tmp_path / TABLE).write_text("\n".join(rows).replace("track,\n", "track\n"))
    return tmp_path


def test_the_first_folder_is_the_label_and_order_is_that_of_the_names(tmp_path):
    touch(tmp_path / "b/deep/x.wav", tmp_path / "a/y.FLAC", tmp_path / "z.mp3", tmp_path / "a/notes.txt")
    touch(tmp_path / ".trash/old.wav")
    found = [(track.name, track.label) for track in read_folder(tmp_path).tracks]
    assert found == [("a/y.FLAC", "a"), ("b/deep/x.wav", "b"), ("z.mp3", "unlabelled")]


def test_an_empty_folder_says_what_belongs_into_it(tmp_path):
    with pytest.raises(DataSetError, match=r"no audio in .*\.flac"):
        read_folder(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataSetError, match=r"no folder .*nowhere"):
        read_folder(tmp_path / "nowhere")


def test_the_environment_names_the_data_where_the_command_line_does_not(tmp_path, monkeypatch):
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    with pytest.raises(DataSetError, match="--data-dir or AITUNES_DATA"):
        data_folder(None)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    assert data_folder(None) == tmp_path


@pytest.mark.parametrize("place", ["genres", "genres_original", "Data/genres_original", "gtzan-2/genres"])
def test_gtzan_is_found_under_each_of_its_names(tmp_path, place):
    touch(tmp_path / place / "blues/blues.00001.wav", tmp_path / place / "blues/blues.00000.wav")
    data = read_gtzan(tmp_path)
    assert [track.name for track in data.tracks] == ["blues/blues.00000.wav", "blues/blues.00001.wav"]
    assert {track.label for track in data.tracks} == {"blues"}


def test_a_missing_gtzan_says_where_to_get_it(tmp_path):
    with pytest.raises(DataSetError, match=r"Get it from https://.*genres_original"):
        read_gtzan(tmp_path)


def test_a_gtzan_clip_in_the_folder_of_another_genre_is_refused(tmp_path):
    touch(tmp_path / "genres/jazz/blues.00000.wav")
    with pytest.raises(DataSetError, match="not where GTZAN has it"):
        read_gtzan(tmp_path)


def test_fma_has_its_genres_from_its_table(fma):
    assert [track.label for track in read_fma(fma).tracks] == ["Hip-Hop", "unlabelled"]
    assert read_genres(fma / TABLE) == {2: "Hip-Hop", 3: "unlabelled", 5: "Folk"}


def test_fma_clips_without_a_row_are_counted_and_one_is_named(fma):
    touch(fma / "fma_medium/000/000004.mp3", fma / "fma_medium/000/cover.mp3")
    with pytest.raises(DataSetError, match=r"no row for 2 of 4 clips, fma_medium/000/000004\.mp3"):
        read_fma(fma)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", ",x\n,y\nid,\n2,z\n", ",track\n,genre_top\nid,\nsong,Folk\n"])
def test_another_table_is_not_taken_for_fmas(fma, text):
    (fma / TABLE).write_text(text)
    with pytest.raises(DataSetError, match="is not FMA's table"):
        read_fma(fma)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFOs in folders")
def test_a_pipe_is_not_taken_for_fmas_table(fma):
    (table,) = fma.rglob("tracks.csv")
    table.unlink()
    os.mkfifo(table)
    with pytest.raises(DataSetError, match="is not FMA's table"):
        read_genres(table)


def test_fma_without_table_or_clips_says_what_to_do(fma, tmp_path):
    shutil.rmtree(fma / "fma_medium")
    with pytest.raises(DataSetError, match=r"unpack fma_medium\.zip"):
        read_fma(fma)
    (fma / TABLE).unlink()
    with pytest.raises(DataSetError, match=r"https://github.com/mdeff/fma"):
        read_fma(fma)


@pytest.mark.data
def test_the_published_layouts_are_read(shared_data):
    gtzan, fma = read_gtzan(shared_data), read_fma(shared_data)
    assert sorted({track.label for track in gtzan.tracks}) == ["classical", "hiphop", "jazz"]
    assert [len(gtzan.tracks), len(fma.tracks)] == [6, 10]
    assert fma.tracks[0].label == "Jazz"
