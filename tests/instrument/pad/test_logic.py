"""Tests of smoothing, wandering, piano keys and the warnings about the status."""

import dataclasses

import numpy as np
import pytest

from instrument.pad.keys import is_black, note_name, semitone_of
from instrument.pad.smoothing import SmoothedPosition
from instrument.pad.status_warnings import LASTING_SECONDS, StatusWarnings
from instrument.pad.wander import Wander
from instrument.status import Status


def test_a_smoothed_move_is_straight_and_arrives(clock):
    position = SmoothedPosition(2, clock)
    position.move(np.array([1.0, -2.0], np.float32), 4.0)
    clock.now += 1.0
    np.testing.assert_allclose(position.current, [0.25, -0.5])
    assert position.moving
    clock.now += 3.0
    np.testing.assert_array_equal(position.current, position.target)
    assert not position.moving


def test_a_smoothed_move_starts_at_the_present_position(clock):
    position = SmoothedPosition(1, clock)
    position.move(np.array([1.0], np.float32), 2.0)
    clock.now += 1.0
    position.move(np.array([0.0], np.float32), 2.0)
    clock.now += 1.0
    np.testing.assert_allclose(position.current, [0.25])


def test_wandering_stays_within_its_radius_and_never_jumps(rng):
    wander = Wander(rng)
    wander.rate_hz, wander.radius = 0.5, 0.2
    way = np.array([wander.step(0.02) for _ in range(5_000)])
    assert np.abs(way).max() <= 0.2
    assert np.ptp(way, axis=0).min() > 0.2
    assert np.abs(np.diff(way, axis=0)).max() < 0.05


def test_wandering_at_no_rate_stands_still(rng):
    wander = Wander(rng)
    wander.rate_hz = 0.0
    assert wander.step(1.0) == wander.step(1.0)


def test_two_rows_of_keys_are_two_octaves():
    assert [semitone_of(key) for key in "ZSXM"] == [0, 1, 2, 11]
    assert [semitone_of(key) for key in "Q2WU"] == [12, 13, 14, 23]
    assert semitone_of("P") is None
    assert note_name(60) == "C4"
    assert [note for note in range(60, 72) if is_black(note)] == [61, 63, 66, 68, 70]


def status(**values):
    return Status(**values)


def test_a_status_of_a_newer_engine_is_understood():
    arguments = [1, 2, 3, 4, 5.0, 6.0, 48_000.0, 48_001.0, 1.0, 12.0, 6.0, 2.0, "tiny", True, 16]
    rest = dataclasses.astuple(Status())[len(arguments) :]
    reply = Status.from_arguments([*arguments, *rest, *range(20)])
    assert (reply.underruns, reply.release, reply.iterations) == (1, "tiny", 16)
    assert reply.latency_ms == pytest.approx(21.0)


def test_a_high_load_is_worth_a_warning_when_it_lasts(clock):
    warnings = StatusWarnings(clock)
    assert not warnings.update(status(mean_load=95.0))
    clock.now += LASTING_SECONDS
    assert "at its limit (95 %)" in warnings.update(status(mean_load=95.0))
    assert not warnings.update(status(mean_load=50.0))


def test_one_interruption_is_no_warning_and_many_are(clock):
    warnings = StatusWarnings(clock)
    assert not warnings.update(status(underruns=0))
    assert not warnings.update(status(underruns=5))
    for count in range(6, 12):
        clock.now += 1.0
        warning = warnings.update(status(underruns=count))
    assert "11 interruptions" in warning
    clock.now += 60.0
    assert not warnings.update(status(underruns=11))


def test_another_engine_counts_from_nothing(clock):
    warnings = StatusWarnings(clock)
    warnings.update(status(underruns=500))
    clock.now += 1.0
    assert not warnings.update(status(underruns=0))
