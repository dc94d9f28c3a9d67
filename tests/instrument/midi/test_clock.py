"""MIDI clock: a tempo that stands still though its ticks do not, and the place in the song."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instrument.midi.clock import BEAT, RUN, TEMPO, TICKS, ClockFollower, ClockSource, TickFilter
from instrument.midi.messages import RealTime, SongPosition

JITTER = 0.005


def ticks(rng, tempo, seconds, start=1e9):
    """True times of ticks, and the times at which they arrive."""
    period = 60.0 / (tempo * TICKS)
    true = start + np.arange(0.0, seconds, period)
    return true, true + rng.uniform(-JITTER, JITTER, len(true))


@settings(max_examples=25)
@given(st.floats(40.0, 250.0), st.integers(0, 10_000))
def test_with_jitter_of_5_ms_the_beat_is_right_within_a_millisecond(tempo, seed):
    true, arrived = ticks(np.random.default_rng(seed), tempo, 60.0)
    follower = TickFilter()
    errors = np.array([follower.observe(time) for time in arrived]) - true
    settled = errors[400:]
    assert np.abs(settled).max() < 1e-3
    assert follower.tempo == pytest.approx(tempo, rel=2e-3)


def test_it_is_useful_after_a_beat(rng):
    true, arrived = ticks(rng, 120.0, 0.6)
    follower = TickFilter()
    errors = np.array([follower.observe(time) for time in arrived]) - true
    assert np.abs(errors[24:]).max() < JITTER


@pytest.mark.parametrize(("before", "after"), [(120.0, 121.0), (120.0, 140.0), (90.0, 60.0)])
def test_another_tempo_is_followed_within_two_seconds(rng, before, after):
    first, arrived = ticks(rng, before, 20.0)
    second, later = ticks(rng, after, 20.0, first[-1] + 60.0 / (before * TICKS))
    follower = TickFilter()
    for time in arrived:
        follower.observe(time)
    errors = np.array([follower.observe(time) for time in later]) - second
    period = 60.0 / (after * TICKS)
    assert follower.tempo == pytest.approx(after, rel=3e-3)
    assert np.abs(errors[round(2.0 / period) :]).max() < 0.004


def test_lost_ticks_are_counted_and_disturb_nothing(rng):
    true, arrived = ticks(rng, 120.0, 20.0)
    follower, kept = TickFilter(), [*range(500), *range(507, len(true))]
    errors, missed = [], 0
    for n in kept:
        errors.append(follower.observe(arrived[n]) - true[n])
        missed += follower.missed
    assert missed == 7
    assert np.abs(errors[450:]).max() < 1.5e-3


class Engine:
    """Keeps what a follower sends, with the times for which it is meant."""

    def __init__(self):
        self.sent, self.event_time = [], 0.0
        self.follower = ClockFollower(self)

    def act(self, path, *values):
        self.sent.append((path, *values, self.event_time))

    def stream(self, path, *values):
        self.sent.append((path, *values, self.event_time))

    def play(self, *messages, at, port="daw"):
        for message in messages:
            self.event_time = at
            self.follower.take(port, message, at)

    def tick(self, count, at, tempo=120.0, port="daw"):
        for n in range(count):
            self.play(RealTime.CLOCK, at=at + n * 60.0 / (tempo * TICKS), port=port)
        return at + count * 60.0 / (tempo * TICKS)

    def of(self, path):
        return [values[1] for values in self.sent if values[0] == path]


@pytest.fixture
def engine():
    return Engine()


def test_start_counts_beats_from_the_first_tick(engine):
    engine.play(RealTime.START, at=100.0)
    engine.tick(97, 100.0)
    assert engine.of(RUN) == [True]
    assert engine.of(BEAT) == [0.0, 0.0, 1.0, 2.0, 3.0, 4.0]
    assert engine.of(TEMPO)[-1] == pytest.approx(120.0)
    assert engine.sent[-1][-1] == pytest.approx(102.0)


def test_stop_and_continue_go_on_where_they_were_and_a_position_jumps(engine):
    engine.play(RealTime.START, at=100.0)
    now = engine.tick(36, 100.0)
    engine.play(RealTime.STOP, at=now)
    now = engine.tick(48, now)  # most clocks tick on
    engine.play(RealTime.CONTINUE, at=now)
    assert engine.of(BEAT)[-1] == 1.5
    engine.tick(13, now)
    assert engine.of(BEAT)[-1] == 2.0
    engine.play(RealTime.STOP, SongPosition(32), RealTime.CONTINUE, at=now)
    engine.tick(25, now)
    assert engine.of(BEAT)[-4:] == [8.0, 8.0, 8.0, 9.0]
    assert engine.of(RUN) == [True, False, True, False, True]


def test_a_clock_that_only_ticks_gives_the_tempo_alone(engine):
    engine.tick(100, 100.0, 93.0)
    assert engine.of(BEAT) == []
    assert engine.of(TEMPO)[-1] == pytest.approx(93.0)


def test_a_second_clock_is_left_alone_until_the_first_one_is_silent(engine):
    now = engine.tick(48, 100.0, 120.0)
    engine.tick(48, now, 60.0, port="other")
    assert engine.of(TEMPO)[-1] == pytest.approx(60.0)  # the first one fell silent meanwhile
    engine = Engine()
    for n in itertools.count():
        if n == 300:
            break
        engine.play(RealTime.CLOCK, at=100.0 + n * 0.02)
        engine.play(RealTime.CLOCK, at=100.0 + n * 0.02 + 0.003, port="other")
    assert engine.of(TEMPO)[-1] == pytest.approx(125.0)


def test_a_clock_of_our_own_ticks_24_times_a_beat_and_does_not_catch_up_for_ever():
    source = ClockSource()
    assert sum(source.due(n / 1_000) for n in range(2_000)) == pytest.approx(96, abs=1)
    source.tempo = 240.0
    assert sum(source.due(2.0 + n / 1_000) for n in range(1_000)) == pytest.approx(96, abs=2)
    assert source.due(900.0) <= TICKS
    assert 0.0 <= source.wait_seconds(900.0) <= 60.0 / (240.0 * TICKS)
