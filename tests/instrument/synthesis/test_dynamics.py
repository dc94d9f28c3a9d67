import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from instrument.synthesis.dynamics import CEILING, OutputStage, decibels, equal_power_fade

RATE = 48_000.0
HOP = 128


def play(stage, blocks, gain_db=0.0, playing=True, level=0.5):
    """A constant through the stage, so that its output is its gain."""
    block = np.full((HOP, 2), level, np.float32)
    return np.concatenate([stage.process(block.copy(), gain_db, playing)[:, 0] for _ in range(blocks)])


def steady(gain_db=0.0, level=0.5):
    stage = OutputStage(RATE)
    play(stage, 200, gain_db, level=level)
    return stage


@given(
    st.lists(arrays(np.float32, (HOP, 2), elements=st.floats(-1e6, 1e6, width=32)), min_size=1, max_size=5),
    st.floats(-60, 6),
    st.booleans(),
)
def test_no_sample_exceeds_the_ceiling(blocks, gain_db, playing):
    stage = OutputStage(RATE)
    for block in blocks:
        y = stage.process(block.copy(), gain_db, playing)
        assert np.abs(y).max() <= CEILING + 1e-6


def test_quiet_sound_passes_unchanged():
    y = 0.3 * np.sin(np.arange(2 * HOP)).astype(np.float32).reshape(HOP, 2)
    assert np.allclose(steady().process(y.copy(), 0.0, True), y, atol=1e-5)


@pytest.mark.parametrize("gain_db", [-60.0, -6.0, 0.0, 3.0])
def test_the_gain_is_the_one_asked_for(gain_db):
    assert play(steady(gain_db), 1, gain_db)[-1] == pytest.approx(0.5 * 10 ** (gain_db / 20), rel=1e-3)


@pytest.mark.parametrize(("before", "after"), [(0.0, -60.0), (-60.0, 0.0), (-6.0, 4.0)])
def test_a_change_of_gain_is_a_ramp_without_a_step(before, after):
    stage = steady(before, level=0.3)
    y = np.concatenate([play(stage, 1, before, level=0.3), play(stage, 60, after, level=0.3)])
    span = abs(y[-1] - y[0])
    assert np.abs(np.diff(y)).max() < span / 500
    assert (np.diff(y) * np.sign(after - before) >= -1e-7).all()


def test_play_and_stop_fade_without_a_step():
    stage = OutputStage(RATE)
    y = np.concatenate([play(stage, 100), play(stage, 100, playing=False), play(stage, 100)])
    assert y[0] == pytest.approx(0.0, abs=1e-3)
    assert np.abs(np.diff(y)).max() < 0.5 / 500


def test_after_the_stop_there_is_exact_silence():
    stage = steady()
    fading = play(stage, 40, playing=False)
    assert stage.silent
    assert fading[: HOP * 10].min() > 0.0
    assert not fading[-HOP * 5 :].any()
    assert not play(stage, 3, playing=False).any()


def test_the_limiter_lets_go_again():
    stage = steady()
    stage.process(np.full((HOP, 2), 100.0, np.float32), 0.0, True)
    y = play(stage, 400)
    assert y[0] < 0.1
    assert y[-1] == pytest.approx(0.5, rel=1e-3)


def test_the_limiter_keeps_the_balance_of_the_channels():
    y = np.array([[10.0, 5.0]], np.float32).repeat(HOP, axis=0)
    left, right = steady().process(y, 0.0, True).T
    assert np.allclose(left, 2.0 * right)
    assert left.max() <= CEILING + 1e-6


def test_meters_follow_peak_and_power():
    stage = steady()
    t = np.arange(4800)
    stage.process(np.repeat(0.5 * np.sin(2 * np.pi * t / 48), 2).astype(np.float32).reshape(-1, 2), 0.0, True)
    assert decibels(stage.peak) == pytest.approx(-6.02, abs=0.1)
    assert decibels(stage.rms) == pytest.approx(-9.03, abs=0.1)


def test_silence_has_a_level_too():
    assert decibels(0.0) == pytest.approx(-120.0)


@given(st.integers(1, 500), st.floats(0, 1), st.floats(1e-5, 0.1))
def test_an_equal_power_fade_keeps_the_power(length, start, step):
    old, new = equal_power_fade(length, start, step)
    assert np.allclose(old**2 + new**2, 1.0, atol=1e-5)
    assert (np.diff(new) >= 0).all()
    assert (np.diff(old) <= 0).all()


def test_a_block_may_be_empty():
    stage = steady()
    assert len(stage.process(np.zeros((0, 2), np.float32), 0.0, True)) == 0
    assert play(stage, 1)[-1] == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_samples_that_are_no_numbers_are_silent_and_the_sound_goes_on(value):
    stage = steady()
    block = np.full((HOP, 2), 0.5, np.float32)
    block[40, 0] = value
    assert np.isfinite(stage.process(block, 0.0, True)).all()
    assert play(stage, 3)[-1] == pytest.approx(0.5, rel=1e-3)
    assert np.isfinite([stage.peak, stage.rms]).all()
