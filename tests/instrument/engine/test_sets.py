"""A set is played song by song: by a real engine, and hop by hop where something is counted."""

import pytest

from instrument.engine.engine import Engine
from instrument.engine.options import EngineOptions
from instrument.namespace import MessageError
from instrument.outputs.null import NullOutput
from instrument.storage.library import Library
from instrument.storage.set_list import SetList, Song

EVENING = """
[[song]]
release = "tiny"
snapshot = "loud"
tempo = 90

[[song]]
name = "Second"
release = "wide"
tempo = 140
midi = "faders"

[[song]]
release = "gone"

[[song]]
release = "segment"
"""


@pytest.fixture
def evening(tmp_path):
    path = tmp_path / "evening.toml"
    path.write_text(EVENING)
    return path


def test_a_set_is_played_from_its_first_song_to_its_last(start, releases, evening):
    words = ("play", "--output", "none", "--osc-port", 0, "--no-midi", "--no-web", "--releases", releases)
    engine = start(*words, "--set", evening)
    engine.says("Song 3 plays gone, and no release of that name is installed")
    engine.says("Song 1: .*loud")
    client = engine.client()
    assert client.ask("/aitunes/release/load") == ["tiny"]
    assert client.ask("/aitunes/set/song") == [1]
    assert client.ask("/aitunes/tempo") == [90.0]
    client.send("/aitunes/gain", -11.0)
    client.command("/aitunes/snapshot/save", "loud")
    client.send("/aitunes/gain", -30.0)
    listener = engine.client()
    listener.command("/notify", 1)
    client.command("/aitunes/set/next")
    assert listener.expect("/aitunes/set/song") == [2]
    assert client.ask("/aitunes/release/load") == ["wide"]
    assert client.ask("/aitunes/tempo") == [140.0]
    assert client.ask("/aitunes/midi/setup") == ["faders"]
    assert "There is no release named 'gone'" in client.refused("/aitunes/set/next")
    assert client.ask("/aitunes/set/song") == [2]
    assert client.ask("/aitunes/release/load") == ["wide"]
    client.command("/aitunes/set/song", 4)
    assert client.ask("/aitunes/release/load") == ["segment"]
    client.command("/aitunes/set/song", 1)
    assert client.ask("/aitunes/gain") == [-11.0]
    assert "the songs 1 to 4" in client.refused("/aitunes/set/previous")
    client.command("/aitunes/set/song", 4)
    assert "the songs 1 to 4" in client.refused("/aitunes/set/next")
    client.send("/aitunes/set/list")
    assert [client.expect("/aitunes/set") for _ in range(4)] == [
        [1, "tiny", "tiny"],
        [2, "Second", "wide"],
        [3, "gone", "gone"],
        [4, "segment", "segment"],
    ]


def test_without_a_set_there_is_no_song(silent_engine):
    _engine, client = silent_engine()
    assert client.ask("/aitunes/set/song") == [0]
    assert "aitunes play --set FILE" in client.refused("/aitunes/set/next")


def test_a_set_with_a_mistake_is_a_sentence(start, releases, evening):
    evening.write_text("[[song]]\nrelease = 3")
    engine = start("play", "--output", "none", "--osc-port", 0, "--releases", releases, "--set", evening)
    engine.says("evening.toml: song 1 has a release that is no text")
    assert engine.ends() == 1


class CountingLibrary(Library):
    """Notes what is opened."""

    def __init__(self, folders):
        super().__init__(folders)
        self.opened = []

    def open(self, name):
        self.opened.append(name)
        return super().open(name)


@pytest.fixture
def library(tiny, tmp_path):
    folder = tmp_path / "releases"
    for name, size in (("one", 3), ("two", 5), ("three", 4)):
        tiny.write(folder, name, latent_dim=size)
    return CountingLibrary([folder])


@pytest.fixture
def engine(library, tmp_path):
    """An engine with a set of three songs."""
    songs = SetList(tuple(Song(name) for name in ("one", "two", "three")))
    options = EngineOptions(
        "one",
        osc_port=0,
        set_list=songs,
        recordings=tmp_path,
        snapshots=tmp_path / "s.json",
        gestures=tmp_path / "gestures",
    )
    engine = Engine(NullOutput(44_100.0), library, options, log=lambda line: None)
    yield engine
    engine.close()


def test_the_next_song_is_ready_before_it_is_asked_for(engine, hopping, library):
    engine.changes.sets.begin()
    assert library.opened == ["one", "two"]
    library.opened.clear()
    engine.changes.sets.go(2)
    assert engine.synth_thread.card.name == "two"
    assert library.opened == ["three"]  # and not the one that plays


def test_a_release_that_has_changed_meanwhile_is_read_again(engine, hopping, library, tiny, tmp_path):
    engine.changes.sets.begin()
    tiny.write(tmp_path / "releases", "two", latent_dim=7)
    engine.changes.sets.go(2)
    assert engine.synth_thread.card.latent_dim == 7


def test_a_look_ahead_that_has_changed_meanwhile_counts(engine, hopping):
    engine.changes.sets.begin()
    engine.synth_thread.performance.apply("/aitunes/quality", (1, 2))
    engine.changes.sets.go(2)
    assert engine.synth_thread.synth.renderer.lookahead == 2


def test_songs_can_be_skipped_and_played_again(engine, hopping):
    engine.changes.sets.begin()
    for number, name in ((3, "three"), (1, "one"), (2, "two")):
        engine.changes.sets.go(number)
        assert (engine.changes.sets.number, engine.synth_thread.card.name) == (number, name)
    with pytest.raises(MessageError):
        engine.changes.sets.go(0)
    assert engine.changes.sets.number == 2
