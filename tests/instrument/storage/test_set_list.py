import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.namespace import MAX_SONGS
from instrument.storage.set_list import SetListError, Song, read_set_list
from tests.instrument.conftest import ROOT

EVENING = """
device = "Scarlett"

[[song]]
release = "first-light"

[[song]]
name = "Second"
release = "chamber"
snapshot = "first-light 1"
tempo = 96
midi = "faders"
"""


@pytest.fixture
def read(tmp_path):
    def read(contents):
        path = tmp_path / "evening.toml"
        path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
        return read_set_list(path)

    return read


def test_songs_come_in_their_order_with_what_they_change(read):
    evening = read(EVENING)
    assert evening.device == "Scarlett"
    assert evening.songs == (
        Song("first-light"),
        Song("chamber", "Second", "first-light 1", 96, "faders"),
    )


def test_the_example_of_the_documentation_is_a_set(read):
    example = re.search(r"```toml\n(.*?)```", (ROOT / "docs" / "sets.md").read_text(), re.DOTALL)[1]
    assert [song.release for song in read(example).songs] == ["first-light", "chamber"]


SONG = '[[song]]\nrelease = "a"\n'


@pytest.mark.parametrize(
    ("contents", "sentence"),
    [
        ("", "it has no"),
        ("song = 3", "it has no"),
        ("song = [3]", "song 1 is no table"),
        ("[[song]]\nname = 'a'", "song 1 names no release"),
        (SONG + "[[song]]\nrelaese = 'b'", "song 2 has 'relaese'; a song has release, name"),
        ("colour = 'red'\n" + SONG, "'colour' is not known"),
        (SONG + "tempo = 1000", "song 1 has a tempo that is no number from 20 to 300"),
        (SONG + "tempo = true", "song 1 has a tempo"),
        (SONG + "tempo = nan", "song 1 has a tempo"),
        (SONG + "tempo = 1" + 400 * "0", "song 1 has a tempo"),
        ("[[song]]\nrelease = '../a'", "song 1: "),
        (SONG + "midi = 'a/b'", "song 1: "),
        (SONG + "snapshot = ''", "song 1 has a snapshot that is no text of 1 to 120 characters"),
        (SONG + 'name = "\\u001b[2J"', "song 1 has a name that is no text"),
        ("device = 3\n" + SONG, "the set has a device that is no text"),
        (SONG * (MAX_SONGS + 1), "101 songs"),
        ("[[song", "is not TOML"),
        (b"\xff\xfe", "is not TOML"),
        ("a = " + "[" * 100_000, "is not TOML"),
        ("#" * 300_000, "more than 256 kB"),
        ("a." * 100_000 + "b = 1", "is not TOML: line 1 has more than 32 dots"),
        (SONG + "tempo = " + "9" * 5_000, "is not TOML: a number has too many digits"),
        (SONG.encode("utf-16"), "no text in UTF-8; save it as such"),
    ],
)
def test_a_mistake_is_a_sentence_that_says_where(read, contents, sentence):
    with pytest.raises(SetListError, match=sentence.replace("[", r"\[")):
        read(contents)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(SetListError, match="cannot be read"):
        read_set_list(tmp_path / "nothing.toml")
    with pytest.raises(SetListError, match="cannot be read"):
        read_set_list(tmp_path)


def test_a_mark_before_the_text_and_windows_ends_of_lines_are_passed_over(read):
    assert read(b"\xef\xbb\xbf" + SONG.replace("\n", "\r\n").encode()).songs == (Song("a"),)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFOs in folders")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(SetListError, match="it is no file"):
        read_set_list(tmp_path / "pipe.toml")


@given(st.text() | st.builds("[[song]]\nrelease = {}".format, st.text()))
def test_any_text_is_a_set_or_a_sentence(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        songs = read_set_list(path).songs
    except SetListError as error:
        songs = (str(error),)
    assert songs
    assert all(isinstance(song, Song) or song.isprintable() for song in songs)
