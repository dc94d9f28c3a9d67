"""All inputs together: garbage, ports that vanish, and ports that fall silent after they promised not to."""

import itertools

import pytest

from instrument.midi.player import SENSING_SECONDS, Player
from instrument.midi.ports import Arrival


@pytest.fixture
def play(desk):
    """`play(port, bytes, now)`: the desk hears a player."""
    player = Player(desk, itertools.count(1))
    desk.event_time = 0.0

    def run(port, words, now=0.0):
        player.take(Arrival(port, bytes.fromhex(words), now), now)

    run.player = player
    return run


def test_two_keyboards_on_one_channel_stay_apart(desk, play):
    play("left", "90 3c 64")
    play("right", "90 3c 50")
    play("left", "80 3c 40")
    assert desk.notes("velocity") == [80]
    play("right", "e0 7f 7f")
    play("left", "90 40 64")
    assert desk.notes("/aitunes/voice/bend") == [2.0, 0.0]


def test_a_port_that_vanishes_ends_its_notes_and_no_others(desk, play):
    play("left", "90 3c 64 b0 40 7f 80 3c 40")
    play("right", "90 43 64")
    play.player.forget("left")
    play.player.forget("never there")
    assert desk.notes("key") == [67]
    play("left", "90 3c 64 80 3c 40")  # it is back, its pedal up
    assert desk.notes("key") == [67]


def test_a_message_may_be_cut_between_arrivals_and_ports(desk, play):
    play("left", "90 3c")
    play("right", "90 40 64")
    play("left", "64")
    assert sorted(desk.notes("key")) == [60, 64]


def test_a_port_that_senses_actively_and_falls_silent_has_been_unplugged(desk, play):
    play("left", "90 3c 64 fe", now=10.0)
    play.player.check_sensing(10.0 + 0.99 * SENSING_SECONDS)
    assert desk.notes("key") == [60]
    play("left", "fe", now=10.3)
    play.player.check_sensing(10.5)
    assert desk.notes("key") == [60]
    play.player.check_sensing(10.3 + SENSING_SECONDS + 0.01)
    assert desk.sounding == {}
    play("left", "90 3c 64", now=20.0)  # without sensing it may be silent
    play.player.check_sensing(30.0)
    assert desk.notes("key") == [60]


def test_garbage_harms_no_note(desk, play, rng):
    play("left", "90 3c 64")
    for _ in range(200):
        # No notes, no controllers that end all, no reset.
        kept = [byte for byte in rng.integers(0, 256, 50).tolist() if byte >> 4 not in (8, 9, 11) and byte != 0xFF]
        data = bytes(kept)
        play("right", data.hex() + " fe")
    play.player.forget("right")
    assert desk.notes("key") == [60]
