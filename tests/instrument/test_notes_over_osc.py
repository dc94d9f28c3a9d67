"""Notes as a keyboard or a sequencer sends them: over OSC to a running engine, and in scores."""

import hashlib
import time

import numpy as np
import pytest
import soundfile

from instrument.namespace import ROOT, Kind
from instrument.scores.render import RenderOptions, render_score
from instrument.scores.score import ScoreError
from instrument.storage.library import Library
from instrument.synthesis.timeline import Event, Timeline

pytestmark = pytest.mark.training

SCORE = """\
0    /aitunes/envelope 0.02 0.1
0    /aitunes/note 57 100
0.25 /aitunes/note 57 0
0.25 /aitunes/note 69 127
0.5  /aitunes/bend 2
0.75 /aitunes/notes/off
"""


@pytest.fixture(scope="module")
def shared(releases, tmp_path_factory, engine_process):
    home = tmp_path_factory.mktemp("home")
    words = ["--output", "none", "--osc-port", 0, "--releases", releases, "--release", "notes", "--iterations", 2]
    engine = engine_process(home, "play", *words)
    yield engine
    engine.close()


@pytest.fixture
def client(shared):
    client = shared.client()
    client.send("/aitunes/notes/off")
    client.send("/aitunes/envelope", 0.0, 0.0)
    client.send("/aitunes/drone", False)
    client.command("/notify", 1)
    yield client
    client.send("/notify", 0)
    client.command("/aitunes/release/load", "notes")


def loudness(client, wanted):
    """Wait until the meter's root mean square is as wanted, dB."""
    return client.expect("/aitunes/meter", where=lambda levels: wanted(levels[1]))


def test_a_note_is_heard_until_its_end(client):
    loudness(client, lambda db: db < -100.0)
    client.send("/aitunes/note", 60, 100)
    loudness(client, lambda db: db > -40.0)
    client.send("/aitunes/note", 60, 0)
    loudness(client, lambda db: db < -100.0)


def test_a_note_beyond_the_releases_range_is_refused_with_the_range(client):
    assert client.refused("/aitunes/note", 20, 100) == "this release plays the notes 45 to 84; 20 lies outside"


def test_a_release_without_pitch_refuses_notes_and_sounds_by_itself(client):
    client.send("/aitunes/note", 60, 100)
    client.command("/aitunes/release/load", "sine")
    assert client.ask("/aitunes/drone") == [True]
    loudness(client, lambda db: db > -40.0)
    assert "has no pitch" in client.refused("/aitunes/note", 60, 100)
    assert "has no pitch" in client.refused("/aitunes/pitch", 60.0)


def test_a_segment_model_refuses_notes_and_takes_the_drones_pitch(client):
    client.command("/aitunes/release/load", "pitched-segment")
    assert "decodes whole segments; set /aitunes/pitch" in client.refused("/aitunes/note", 60, 100)
    client.send("/aitunes/pitch", 60.5)
    assert client.ask("/aitunes/pitch") == [60.5]


def test_others_hear_the_notes_and_everyone_that_the_drone_has_ended(shared, client):
    other = shared.client()
    other.command("/notify", 1)
    client.send("/aitunes/pitch", 60.0)
    assert client.expect("/aitunes/drone") == [True]
    client.send("/aitunes/note", 64, 90)
    assert other.expect("/aitunes/note") == [64, 90]
    assert other.expect("/aitunes/drone") == [False]
    assert client.expect("/aitunes/drone") == [False]
    other.send("/notify", 0)


@pytest.mark.parametrize(
    ("address", "values"),
    [
        ("/aitunes/pitch", [62.25]),
        ("/aitunes/bend", [-1.5]),
        ("/aitunes/envelope", [0.25, 1.5]),
        ("/aitunes/voices", [8]),
        ("/aitunes/portamento", [0.5]),
        ("/aitunes/drone", [True]),
    ],
)
def test_what_was_set_is_told(client, address, values):
    before = client.ask(address)
    client.send(address, *values)
    assert client.ask(address) == pytest.approx(values)
    client.send(address, *before)


def test_a_snapshot_keeps_the_sound_and_leaves_alone_what_is_played(client):
    client.send("/aitunes/envelope", 0.25, 1.5)
    client.send("/aitunes/pitch", 50.0)
    client.send("/aitunes/drone", False)
    client.command("/aitunes/snapshot/save", "soft")
    client.send("/aitunes/envelope", 0.0, 0.0)
    client.send("/aitunes/note", 60, 100)
    client.command("/aitunes/snapshot/recall", "soft", 0.0)
    assert client.ask("/aitunes/envelope") == [0.25, 1.5]
    assert client.ask("/aitunes/pitch") == [50.0]
    assert client.ask("/aitunes/drone") == [False]
    loudness(client, lambda db: db > -40.0)


def test_a_bundle_places_a_note_at_its_time(client):
    at = time.time() + 2.0
    client.bundle(("/aitunes/note", 60, 100), at=at)
    assert client.ask("/aitunes/drone") == [False]
    client.expect("/aitunes/meter", where=lambda levels: levels[1] < -100.0)
    loudness(client, lambda db: db > -40.0)
    # Ahead of its time by what the sound takes to be heard; how late is up to the machine.
    assert time.time() > at - 0.2


def test_notes_keep_their_order_among_a_flood_of_settings():
    timeline, events = Timeline(), []
    for n in range(20):
        events += [event("/pad/xy", 0.1, n / 20), event("/note", 60, 0), event("/note", 60, 100)]
    timeline.post(events)
    assert timeline.due(0.0, 0.01) == events


def event(path, *values):
    return Event(ROOT + path, Kind.ACTION if path == "/note" else Kind.SETTING, values)


@pytest.fixture
def render(releases, tmp_path):
    def run(text, release="notes"):
        path = tmp_path / "out.wav"
        render_score(text, path, Library([releases]), RenderOptions(release, seconds=1.0, depth="float"))
        return path

    return run


def test_a_score_plays_notes_at_their_pitch_and_time(render, frequency):
    path = render(SCORE)
    y, rate = soundfile.read(path)
    y = y.mean(axis=1)

    def heard(begin, end):
        return frequency(y[round(begin * rate) : round(end * rate)], rate)

    assert heard(0.05, 0.24) == pytest.approx(220.0, rel=0.005)
    assert heard(0.32, 0.49) == pytest.approx(440.0, rel=0.005)
    assert heard(0.55, 0.74) == pytest.approx(440.0 * 2 ** (2 / 12), rel=0.005)
    assert np.abs(y[-1000:]).max() < 1e-4
    again = hashlib.sha256(path.read_bytes()).hexdigest()
    assert hashlib.sha256(render(SCORE).read_bytes()).hexdigest() == again


@pytest.mark.parametrize(
    ("line", "release", "sentence"),
    [
        ("0 /aitunes/note 20 100", "notes", "plays the notes 45 to 84; 20 lies outside"),
        ("0 /aitunes/note 60 100", "tiny", "has no pitch"),
        ("0 /aitunes/note 60", "notes", r"wants 2 to 3 arguments \(note velocity id\)"),
    ],
)
def test_a_score_with_a_note_that_cannot_be_played_is_refused(render, line, release, sentence):
    with pytest.raises(ScoreError, match=f"Line 1 of the score: .*{sentence}"):
        render(line, release)
