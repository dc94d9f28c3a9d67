"""Tests whether an input hears the loudspeakers: a room that the test makes, with and without a player."""

import math
import random

import pytest

from instrument.listening.feedback import FeedbackGuard

STEP, DELAY = 0.003, 12  # blocks from the loudspeaker to the microphone


def listen(guard, level_at, seconds, peak=0.1, sounding=True):
    """All changes of gain, dB, and the dips in between, dB; `level_at` gets seconds and the dip that is heard."""
    heard, changes = [0.0] * DELAY, []
    for n in range(round(seconds / STEP)):
        change = guard.step(level_at(n * STEP, heard[n]), peak, sounding, STEP)
        heard.append(guard.dip_db)
        if change:
            changes.append(change)
    return changes, heard


@pytest.fixture
def guard():
    return FeedbackGuard(random.Random(1))


def test_a_sound_that_feeds_itself_is_turned_down(guard):
    changes, _ = listen(guard, lambda _, dip: -20.0 + dip, 8.0)
    assert changes[:1] == [-12.0]


@pytest.mark.parametrize("seed", range(5))
def test_a_player_who_holds_a_note_is_not(seed):
    rng = random.Random(seed)
    changes, heard = listen(
        FeedbackGuard(rng),
        lambda t, _: -20.0 + 3.0 * math.sin(2 * math.pi * 5.5 * t) - 2.0 * t + rng.uniform(-1.0, 1.0),
        12.0,
    )
    assert changes == []
    assert sum(dip < 0.0 for dip in heard) * STEP < 0.2  # and is asked once in twenty seconds


def test_a_player_who_is_louder_than_the_loudspeakers_in_the_room_is_not(guard):
    changes, _ = listen(guard, lambda _, dip: 10 * math.log10(10**-2 + 10 ** (-2.6 + 0.1 * dip)), 10.0)
    assert changes == []


def test_short_notes_are_not_asked_about(guard):
    for _ in range(20):
        _, heard = listen(guard, lambda _, dip: -20.0 + dip, 1.5)
        assert max(heard) == min(heard) == 0.0
        listen(guard, lambda _, dip: -80.0, 0.2, sounding=False)


def test_an_input_that_overdrives_is_turned_down_at_once(guard):
    changes, _ = listen(guard, lambda _, dip: 0.0, 0.5, peak=1.2)
    assert changes == [-6.0]
