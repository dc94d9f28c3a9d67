"""A gesture that was being recorded outlives the engine."""

import pytest

from instrument.scores.gesture_store import GestureStore
from instrument.scores.gestures import GestureError, Take


@pytest.fixture
def store(tmp_path):
    return GestureStore(tmp_path / "gestures")


@pytest.fixture
def take():
    return Take("wave", "tiny", {"/aitunes/pad/xy": (0.5, 0.5), "/aitunes/gain": (0.0,)})


def record(take, journal):
    take.events.append((0.25, "/aitunes/pad/xy", (0.1, 0.2)))
    journal.keep()
    take.events += [(1.0, "/aitunes/gain", (-6.0,)), (1.5, "/aitunes/pad/xy", (0.3, 0.4))]
    journal.leave()


def test_the_next_start_keeps_an_interrupted_gesture(store, take, tmp_path):
    record(take, store.journal(take))
    assert store.names() == []
    assert store.rescue() == ["The gesture wave was interrupted; its 1.5 s are kept as wave."]
    take.seconds = 1.5
    assert sorted(store.read("wave").splitlines()) == sorted(take.score().splitlines())
    assert [path.name for path in (tmp_path / "gestures").iterdir()] == ["wave.txt"]


def test_an_interrupted_gesture_replaces_none(store, take):
    store.write("wave", "# mine\n")
    record(take, store.journal(take))
    assert store.rescue() == ["The gesture wave was interrupted; its 1.5 s are kept as wave-2."]
    assert store.read("wave") == "# mine\n"


def test_a_line_that_was_cut_is_left_out(store, take, tmp_path):
    record(take, store.journal(take))
    left = tmp_path / "gestures" / "wave.unfinished.txt"
    left.write_text(left.read_text()[:-6])
    assert store.rescue() == ["The gesture wave was interrupted; its 1.0 s are kept as wave."]


def test_one_that_is_being_recorded_is_left_alone(store, take):
    journal = store.journal(take)
    other = GestureStore(store._folder)
    assert other.rescue() == []
    with pytest.raises(GestureError, match="another AiTunes is recording a gesture wave"):
        other.journal(take)
    journal.close()
    assert store.names() == store.rescue() == []


def test_nothing_is_kept_of_a_gesture_without_events(store, take, tmp_path):
    store.journal(take).leave()
    assert store.rescue() == []
    assert list((tmp_path / "gestures").iterdir()) == []


def test_names_of_running_gestures_are_no_names(store):
    with pytest.raises(GestureError, match="that are being recorded"):
        store.check("wave.unfinished")
