import numpy as np
import pytest

from instrument.inputs.mixdown import MixDown

RATE = 48_000.0


def blocks(first, second, length=128):
    stereo = np.stack([first, second], axis=1).astype(np.float32)
    mix = MixDown(RATE)
    return np.concatenate([mix.process(stereo[n : n + length]) for n in range(0, len(stereo), length)])


@pytest.fixture
def tone():
    return 0.5 * np.sin(2 * np.pi * 220.0 * np.arange(48_000) / RATE)


def test_two_equal_channels_are_heard_as_one_of_them(tone):
    assert np.allclose(blocks(tone, tone), tone, atol=1e-6)


def test_a_channel_upside_down_does_not_cancel_the_other(tone):
    assert np.allclose(blocks(tone, -tone), tone, atol=1e-6)


def test_what_one_channel_has_alone_is_heard_at_half(tone):
    assert np.allclose(blocks(tone, 0 * tone), 0.5 * tone, atol=1e-6)
    assert np.allclose(blocks(0 * tone, tone), 0.5 * tone, atol=1e-6)


def test_a_cable_that_is_exchanged_while_it_plays_is_followed_without_a_jump(tone):
    second = np.concatenate([tone[:12_000], -tone[12_000:]])
    y = blocks(tone, second)
    assert np.abs(np.diff(y)).max() < 2.0 * np.abs(np.diff(tone)).max()
    assert np.allclose(y[-4_800:], tone[-4_800:], atol=1e-6)


def test_independent_channels_are_never_turned(rng):
    first, second = rng.standard_normal((2, 96_000))
    assert np.allclose(blocks(first, second), 0.5 * (first + second), atol=1e-5)


def test_silence_stays_silence_and_decides_nothing(tone):
    silent = np.zeros(4_800)
    y = blocks(np.concatenate([silent, tone]), np.concatenate([silent, -tone]))
    assert not y[:4_800].any()
    assert np.allclose(y[-4_800:], tone[-4_800:], atol=1e-6)


def test_no_samples_are_no_samples():
    assert MixDown(RATE).process(np.zeros((0, 2), np.float32)).shape == (0,)
