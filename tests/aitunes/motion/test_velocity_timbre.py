"""Velocity moves the timbre as far as the soft and the loud recordings of an instrument lie apart, and no further."""

import math

import numpy as np
import pytest

from aitunes.motion.velocity_timbre import VelocityTimbre
from aitunes.release.motion import NOISE_BANDS, Motion, code_frames

RATE = 200.0
FRAMES = 100


def played(notes):
    """A motion of (group, pitch, dynamic, what its code is apart from that of its key)."""
    count, frames = len(notes), int(code_frames(np.array([FRAMES]), RATE, RATE / 4)[0])
    return Motion(
        level_rate=RATE,
        code_rate=RATE / 4,
        codes=np.array([[pitch, 0.0] for _, pitch, _, _ in notes], np.float32),
        pitch=np.array([pitch for _, pitch, _, _ in notes], np.float32),
        dynamic=np.array([dynamic for _, _, dynamic, _ in notes], np.float32),
        group=np.array([group for group, *_ in notes], np.int32),
        marks=np.tile(np.array([4, 10, 90, FRAMES, FRAMES], np.int32), (count, 1)),
        level=np.zeros(count * FRAMES, np.float32),
        cents=np.zeros(count * frames, np.float32),
        offsets=np.concatenate([np.tile(np.array([[0.0, apart]], np.float32), (frames, 1)) for *_, apart in notes]),
        noise=np.zeros((count, 2, NOISE_BANDS), np.float32),
        metric=np.eye(2, dtype=np.float32),
    )


SOFT_AND_LOUD = [(0, pitch, dynamic, 4.0 * (dynamic - 0.6)) for pitch in (48, 55, 60, 67) for dynamic in (0.2, 1.0)]


def test_it_goes_evenly_from_the_soft_recording_to_the_loud_one():
    timbre = VelocityTimbre(played(SOFT_AND_LOUD))
    heard = [SOFT_AND_LOUD[0][3] + timbre.at(0, velocity).shift[1] for velocity in (0.2, 0.4, 0.6, 0.8, 1.0)]
    assert heard == pytest.approx([-1.6, -0.8, 0.0, 0.8, 1.6], abs=0.15)
    assert timbre.at(0, 0.6).shift[0] == pytest.approx(0.0, abs=1e-6)


def test_the_soft_and_the_loud_recording_of_a_key_are_played_alike_at_one_velocity():
    timbre = VelocityTimbre(played(SOFT_AND_LOUD))
    soft, loud = (SOFT_AND_LOUD[index][3] + timbre.at(index, 0.5).shift[1] for index in (0, 1))
    assert soft == pytest.approx(loud, abs=0.2)


def test_what_is_softer_than_any_recording_is_as_the_softest_and_quieter():
    timbre = VelocityTimbre(played(SOFT_AND_LOUD))
    below, softest = timbre.at(0, 0.05), timbre.at(0, 0.2)
    assert np.array_equal(below.shift, softest.shift)
    assert below.level_db == softest.level_db == pytest.approx(40.0 * math.log10(0.2))


def test_an_instrument_whose_dynamic_nobody_wrote_down_stays_as_it_is():
    unsaid = [(1, 60, -1.0, 1.0), (1, 72, -1.0, -1.0)]
    timbre = VelocityTimbre(played(SOFT_AND_LOUD + unsaid))
    for velocity in (0.1, 1.0):
        assert not timbre.at(len(SOFT_AND_LOUD), velocity).shift.any()
        assert timbre.at(len(SOFT_AND_LOUD), velocity).level_db == 0.0
