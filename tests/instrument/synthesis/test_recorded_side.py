"""The side channel of a release: as loud in each band as its levels say, where the code says it, and mono otherwise."""

import numpy as np
import pytest

from aitunes.features import AudioFeatures
from aitunes.release.side import SideLevels
from instrument.synthesis.recorded_side import RecordedSide

FEATURES = AudioFeatures(sample_rate=44_100, n_fft=2048, hop_length=256)
EDGES = np.array([200.0, 800.0, 3_200.0])
CENTRES = (400.0, 1_600.0, 6_400.0)
HOP = FEATURES.hop_length


def rendered(side, noise, codes):
    hops = [
        side.add(np.stack([y, np.zeros_like(y)], axis=1), np.array([z], np.float32), True)
        for y, z in zip(noise.reshape(-1, HOP), codes, strict=True)
    ]
    return np.concatenate(hops)


def ratio_db(y, hz):
    """Level of the side beside the mid in an octave around a frequency."""
    frequencies = np.fft.rfftfreq(len(y), 1.0 / FEATURES.sample_rate)
    inside = (frequencies > hz / 1.3) & (frequencies < hz * 1.3)
    mid, side = (np.abs(np.fft.rfft(y[:, n])[inside]) ** 2 for n in (0, 1))
    return 10.0 * np.log10(side.sum() / mid.sum())


@pytest.fixture
def noise(rng):
    return rng.normal(0.0, 0.1, 600 * HOP).astype(np.float32)


def test_each_band_has_its_level(noise):
    wanted = np.array([-16.0, -12.0, -6.0, -3.0])
    side = RecordedSide(SideLevels.constant(EDGES, wanted, 1), FEATURES, 0)
    y = rendered(side, noise, np.zeros(600))
    np.testing.assert_allclose([ratio_db(y, hz) for hz in CENTRES], wanted[1:], atol=1.5)
    np.testing.assert_array_equal(y[:, 0], noise)


def test_the_level_follows_the_code(noise):
    levels = SideLevels(
        edges=EDGES.astype(np.float32),
        inner=np.array([[1.0, -1.0]], np.float32),
        inner_bias=np.zeros(2, np.float32),
        outer=np.array([[1.0] * 4, [-1.0] * 4], np.float32),
        outer_bias=np.full(4, -12.0, np.float32),
    )  # silu(z) − silu(−z) is z
    y = rendered(RecordedSide(levels, FEATURES, 0), noise, np.repeat([-9.0, 9.0], 300))
    there, here = (ratio_db(part, 1_600.0) for part in (y[: 290 * HOP], y[310 * HOP :]))
    assert there == pytest.approx(-21.0, abs=1.0)
    assert here == pytest.approx(-3.0, abs=1.0)


def test_the_level_changes_when_the_frame_of_the_code_is_heard(noise):
    levels = SideLevels.constant(EDGES, np.full(4, -40.0), 1)
    levels = SideLevels(
        levels.edges, np.ones((1, 1), np.float32), levels.inner_bias, np.full((1, 4), 40.0), levels.outer_bias
    )
    y = rendered(RecordedSide(levels, FEATURES, 0), noise, np.repeat([0.0, 1.4], 300))
    power = (y[:, 1].reshape(-1, HOP // 2) ** 2).mean(axis=1)
    rise = np.argmax(power > 0.5 * power[-100:].mean()) * HOP // 2 - 300 * HOP
    assert abs(rise - FEATURES.n_fft / 2) < 1.5 * HOP


def test_silence_ends_the_side_and_leaves_the_shared_silence_alone(noise):
    side = RecordedSide(SideLevels.constant(EDGES, np.zeros(4), 1), FEATURES, 0)
    rendered(side, noise, np.zeros(600))
    silence = np.zeros((HOP, 2), np.float32)
    tail = [side.add(silence, np.zeros(1, np.float32), False).copy() for _ in range(40)]
    assert not silence.any()
    assert tail[0].any()
    assert not tail[-1].any()


def test_edges_above_half_the_sample_rate_are_harmless(noise):
    features = AudioFeatures(sample_rate=4_000, n_fft=512, hop_length=HOP, f_max=2_000.0)
    side = RecordedSide(SideLevels.constant(np.array([100.0, 30_000.0, 90_000.0]), np.full(4, -6.0), 1), features, 0)
    assert np.abs(rendered(side, noise, np.zeros(600))).max() < 1.0
