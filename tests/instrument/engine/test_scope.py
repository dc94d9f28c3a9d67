"""Tests what the scope shows is what sounds: tones stand in their band, at their level, and old sound is forgotten."""

import sys

import numpy as np
import pytest

from aitunes.features import mel_frequencies
from instrument.engine.scope import BANDS, HIGHEST_HZ, LOWEST_HZ, SILENCE_DB, Scope

EDGES = mel_frequencies(LOWEST_HZ, HIGHEST_HZ, BANDS + 1)


def levels(y, sample_rate=48_000.0, block=128):
    scope = Scope(sample_rate)
    for start in range(0, len(y), block):
        scope.push(np.stack([y[start : start + block]] * 2, axis=1))
    return scope.levels()


def sine(hz, sample_rate=48_000.0, amplitude=1.0, seconds=0.5):
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(seconds * sample_rate) / sample_rate)).astype(np.float32)


@pytest.mark.parametrize("sample_rate", [22_050.0, 44_100.0, 48_000.0, 96_000.0])
@pytest.mark.parametrize("band", [8, 20, 40, 50])
def test_a_tone_stands_in_its_band_at_its_level(sample_rate, band):
    hz = EDGES[band : band + 2].mean()
    heard = levels(sine(hz, sample_rate, amplitude=0.1), sample_rate)
    assert heard.argmax() == band
    power = np.sum(10.0 ** (heard[band - 1 : band + 2] / 10.0))
    assert 10.0 * np.log10(power) == pytest.approx(-20.0, abs=0.5)


@pytest.mark.parametrize("sample_rate", [8_000.0, 48_000.0, 192_000.0])
def test_silence_and_a_scope_that_heard_nothing_are_at_the_floor(sample_rate):
    floor = np.full(BANDS, SILENCE_DB, np.float32)
    assert np.array_equal(Scope(sample_rate).levels(), floor)
    assert np.array_equal(levels(np.zeros(9_000, np.float32), sample_rate), floor)


def test_only_the_newest_sound_counts_and_blocks_of_any_length_make_no_difference(rng):
    y = rng.normal(size=20_000).astype(np.float32)
    wanted = levels(y[-4_000:], block=100)
    for block in (32, 64, 127, 5_000, 20_000):
        np.testing.assert_allclose(levels(y, block=block), wanted, atol=1e-3)


def test_levels_are_finite_numbers_whatever_sounds():
    for y in (sine(1_000.0, amplitude=1e-30), sine(1_000.0, amplitude=1e6)):
        assert np.isfinite(levels(y)).all()
        assert levels(y).dtype == np.float32


def numpy_calls(scope):
    """Count the calls on arrays while it looks at the sound."""
    count = 0

    def look(_frame, event, function):
        nonlocal count
        count += event == "c_call" and isinstance(getattr(function, "__self__", None), np.ndarray)

    sys.setprofile(look)
    try:
        scope.levels()
    finally:
        sys.setprofile(None)
    return count


def test_short_blocks_cost_no_more_calls_than_long_ones(rng):
    counts = set()
    for block in (32, 128, 2_048):
        scope = Scope(48_000.0)
        for _ in range(100):
            scope.push(rng.standard_normal((block, 2)).astype(np.float32))
        counts.add(numpy_calls(scope))
    assert len(counts) == 1
    assert counts.pop() < 10


@pytest.mark.parametrize("channels", [1, 2])
def test_one_channel_and_two_show_the_same(channels, rng):
    y = rng.standard_normal((3_000, 1)).astype(np.float32)
    scope = Scope(48_000.0)
    for start in range(0, len(y), 100):
        scope.push(np.repeat(y[start : start + 100], channels, axis=1))
    np.testing.assert_allclose(scope.levels(), levels(y[:, 0]), atol=1e-3)
