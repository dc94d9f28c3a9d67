"""JACK's transport: silent until somebody rolls it, then followed in tempo and place."""

import pytest

from instrument.midi.clock import BEAT, RUN, TEMPO
from instrument.midi.ports import TransportPlace
from instrument.midi.transport import TransportFollower


class Outbox:
    """Keeps what goes to the engine, with its time."""

    def __init__(self):
        self.sent, self.event_time = [], 0.0

    def act(self, path, *values):
        self.sent.append((path, *values, self.event_time))

    def of(self, path):
        return [values[1] for values in self.sent if values[0] == path]


@pytest.fixture
def outbox():
    return Outbox()


@pytest.fixture
def follower(outbox):
    return TransportFollower(outbox)


def roll(follower, seconds, tempo=None, begin=0.0, at=1000.0):
    """Let it roll, looked at twenty times a second."""
    for n in range(round(seconds * 20)):
        now = begin + n / 20
        beat = None if tempo is None else now * tempo / 60
        follower.take(TransportPlace(True, now, at + n / 20, beat, tempo))


def test_one_that_nobody_rolls_says_nothing(follower, outbox):
    for n in range(100):
        follower.take(TransportPlace(False, 17.0, n / 20, 34.0, 90.0))
    assert outbox.sent == []


def test_tempo_and_beats_are_those_of_the_program_that_counts(follower, outbox):
    roll(follower, 4.0, tempo=90.0)
    assert outbox.of(TEMPO) == [90.0]
    assert outbox.of(RUN) == [True]
    assert outbox.of(BEAT)[0] == 0.0
    for path, beat, time in outbox.sent:
        assert path != BEAT or beat == pytest.approx((time - 1000.0) * 1.5)
    assert 4 < len(outbox.of(BEAT)) < 10


def test_without_one_the_engines_tempo_counts(follower, outbox):
    follower.tempo = 60.0
    roll(follower, 1.0, begin=8.0)
    assert outbox.of(TEMPO) == []
    assert outbox.of(BEAT)[0] == 8.0


def test_a_stop_holds_the_beat_and_a_leap_is_told_at_once(follower, outbox):
    roll(follower, 1.0, tempo=120.0)
    follower.take(TransportPlace(False, 1.0, 1001.0, 2.0, 120.0))
    told = len(outbox.sent)
    for n in range(40):
        follower.take(TransportPlace(False, 1.0, 1001.0 + n / 20, 2.0, 120.0))
    assert outbox.of(RUN) == [True, False]
    assert len(outbox.sent) == told
    follower.take(TransportPlace(False, 32.0, 1004.0, 64.0, 120.0))
    roll(follower, 0.2, tempo=120.0, begin=100.0, at=1005.0)
    assert outbox.of(BEAT)[-2:] == [64.0, 200.0]


@pytest.mark.parametrize(("beat", "tempo", "told"), [(-4.0, 120.0, 120.0), (1e12, 1e9, 300.0), (8.0, 1e-3, 20.0)])
def test_nonsense_stays_within_bounds(follower, outbox, beat, tempo, told):
    follower.take(TransportPlace(True, 0.0, 1000.0, beat, tempo))
    assert all(0.0 <= beat <= 1e6 for beat in outbox.of(BEAT))
    assert outbox.of(TEMPO) == ([] if told == 120.0 else [told])
