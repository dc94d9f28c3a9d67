"""Tests when a sound begins and ends."""

import pytest

from instrument.listening.gate import Gate

STEP = 0.003


def feed(gate, level_db, seconds, threshold_db=-50.0):
    """Number of sounds that begin meanwhile."""
    return sum(gate.feed(level_db, threshold_db) for _ in range(round(seconds / STEP)))


@pytest.fixture
def gate():
    return Gate(STEP)


def test_it_opens_at_its_level_and_closes_some_way_below_it(gate):
    assert feed(gate, -51.0, 0.2) == 0
    assert not gate.is_open
    assert feed(gate, -49.0, 0.2) == 1
    assert feed(gate, -55.0, 1.0) == 0
    assert gate.is_open
    feed(gate, -57.0, 0.1)
    assert not gate.is_open


def test_a_dip_of_a_moment_does_not_close_it(gate):
    feed(gate, -20.0, 0.2)
    feed(gate, -90.0, 0.02)
    assert gate.is_open


def test_a_string_that_is_plucked_again_while_it_rings_begins_again(gate):
    assert feed(gate, -20.0, 0.3) == 1
    assert feed(gate, -35.0, 0.3) == 0
    assert feed(gate, -20.0, 0.3) == 1


def test_a_crescendo_is_one_sound(gate):
    feed(gate, -45.0, 0.3)
    assert sum(gate.feed(-45.0 + 40.0 * n * STEP, -50.0) for n in range(round(1.0 / STEP))) == 0


def test_vibrato_of_level_begins_nothing(gate):
    feed(gate, -20.0, 0.3)
    levels = [-20.0 + (3.0 if n * STEP % 0.18 < 0.09 else -3.0) for n in range(1_000)]
    assert sum(gate.feed(level, -50.0) for level in levels) == 0
