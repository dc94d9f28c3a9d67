"""Two channels from one: the mean is the original, the width is heard, changes do not click."""

import numpy as np
import pytest

from instrument.synthesis.stereo import SIDE_GAIN, Widener, spread
from instrument.synthesis.tones import SLOTS

RATE = 44_100
BLOCK = 128


def mid_and_side(mid, side=None):
    return np.stack([mid, np.zeros_like(mid) if side is None else side], axis=1).astype(np.float32)


def widened(y, width, pan=0.0, widener=None):
    widener = widener or Widener(RATE)
    return np.concatenate([widener.process(y[n : n + BLOCK].copy(), width, pan) for n in range(0, len(y), BLOCK)])


@pytest.fixture
def noise(rng):
    return rng.normal(0.0, 0.1, 2 * RATE).astype(np.float32)


@pytest.mark.parametrize("width", [0.0, 0.3, 1.0])
def test_the_mean_of_both_channels_is_the_mono_sound_at_any_width(noise, rng, width):
    side = rng.normal(0.0, 0.1, len(noise))
    np.testing.assert_allclose(widened(mid_and_side(noise, side), width).mean(axis=1), noise, atol=1e-6)


def test_at_width_0_both_channels_are_the_same(noise):
    y = widened(mid_and_side(noise), 0.0)
    np.testing.assert_array_equal(y[:, 0], y[:, 1])


def test_the_wider_the_less_the_channels_have_in_common(noise):
    correlations = [np.corrcoef(widened(mid_and_side(noise), width)[RATE:].T)[0, 1] for width in (0.0, 0.5, 1.0)]
    expected = [(1.0 - (w * SIDE_GAIN) ** 2) / (1.0 + (w * SIDE_GAIN) ** 2) for w in (0.0, 0.5, 1.0)]
    np.testing.assert_allclose(correlations, expected, atol=0.05)


def test_the_bass_stays_in_the_middle():
    tone = 0.5 * np.sin(2 * np.pi * 40.0 * np.arange(RATE) / RATE)
    y = widened(mid_and_side(tone), 1.0)[RATE // 2 :]
    assert np.abs(y[:, 0] - y[:, 1]).max() < 0.5 * np.abs(y).max()


def test_panned_hard_one_channel_is_silent_and_the_power_stays(noise):
    for pan, silent in ((1.0, 0), (-1.0, 1)):
        y = widened(mid_and_side(noise), 0.0, pan)
        assert np.abs(y[:, silent]).max() < 1e-6
        assert np.square(y).sum() == pytest.approx(2.0 * np.square(noise).sum(), rel=1e-3)


def test_block_size_does_not_change_samples(noise):
    whole = Widener(RATE).process(mid_and_side(noise), 0.7, 0.2)
    np.testing.assert_allclose(widened(mid_and_side(noise), 0.7, 0.2), whole, atol=1e-6)


def test_changes_of_width_and_pan_make_no_click():
    tone = (0.5 * np.sin(2 * np.pi * 220.0 * np.arange(RATE) / RATE)).astype(np.float32)
    widener = Widener(RATE)
    steady = widened(mid_and_side(tone), 0.0, 0.0, widener)
    moved = np.concatenate([steady, widened(mid_and_side(tone), 1.0, 1.0, widener)])
    largest = np.abs(np.diff(steady[:, 0])).max()
    assert np.abs(np.diff(moved, axis=0)).max() < 3.0 * largest


def test_silence_after_a_reset_is_silent(noise):
    widener = Widener(RATE)
    widened(mid_and_side(noise), 1.0, 0.0, widener)
    widener.reset()
    assert not widened(mid_and_side(np.zeros(RATE)), 1.0, 0.0, widener).any()


def test_an_empty_block_is_let_through():
    assert Widener(RATE).process(np.zeros((0, 2), np.float32), 0.5, 0.0).shape == (0, 2)


def test_the_drone_is_in_the_middle_and_the_voices_balance():
    places = [spread(slot) for slot in range(SLOTS)]
    assert places[0] == 0.0
    assert sum(places) == pytest.approx(0.0)
    assert max(map(abs, places)) < 1.0
