"""A release with a side: its sum is the mono release's sound, its width follows the pad, and a swap does not click."""

import numpy as np
import pytest

from aitunes.release.reader import read_release
from aitunes.release.side import SIDE, SideLevels
from aitunes.release.writer import write_release
from instrument.namespace import ROOT
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.synth import SWAP_SECONDS, Synth

RATE = 48_000
EDGES = np.array([500.0, 2_000.0])


@pytest.fixture
def make(tiny, tmp_path, perform):
    """`make(levels, width)`: a synth that plays the same release of three coordinates, with these side levels."""

    def synth(levels=None, width=1.0):
        card = tiny.card(f"side-{len(list(tmp_path.iterdir()))}")
        files = tiny.files(card, tiny.decoder(card, np.full((32, 1), 0.5)))
        release = read_release(write_release(tmp_path, card, files | ({SIDE: levels.to_bytes()} if levels else {})))
        performance = perform(release)
        performance.apply(f"{ROOT}/width", (width,))
        performance.apply(f"{ROOT}/gain", (-24.0,))  # far from the limiter, which acts on both channels
        return Synth(ReleaseRenderer(release, RATE, 4, background=False), performance, RATE)

    return synth


def rendered(synth, seconds):
    return np.concatenate([synth.render() for _ in range(round(seconds / synth.hop_seconds))])


def side_db(y):
    mid, side = y.mean(axis=1), 0.5 * (y[:, 0] - y[:, 1])
    return 10.0 * np.log10(np.square(side).mean() / np.square(mid).mean())


def constant(level_db):
    return SideLevels.constant(EDGES, np.full(3, level_db), 3)


def test_the_sum_of_both_channels_is_the_mono_release(make):
    wide, mono = (rendered(make(levels), 0.6).mean(axis=1) for levels in (constant(-6.0), None))
    np.testing.assert_allclose(wide, mono, atol=1e-6)
    assert np.abs(mono).max() > 1e-3


def test_width_1_is_as_recorded_and_width_0_is_mono(make):
    y = rendered(make(constant(-6.0)), 1.0)[RATE // 4 :]
    assert side_db(y) == pytest.approx(-6.0, abs=1.0)
    half = rendered(make(constant(-6.0), width=0.5), 1.0)[RATE // 4 :]
    assert side_db(half) == pytest.approx(-12.0, abs=1.0)
    none = rendered(make(constant(-6.0), width=0.0), 0.3)
    np.testing.assert_array_equal(none[:, 0], none[:, 1])


def test_the_side_follows_the_pad(make):
    inner = np.zeros((3, 2), np.float32)
    inner[:, 0], inner[:, 1] = 1.0, -1.0
    outer = np.repeat([[4.0], [-4.0]], 3, axis=1).astype(np.float32)  # together 4 dB for each unit of the code
    levels = SideLevels(EDGES.astype(np.float32), inner, np.zeros(2, np.float32), outer, np.full(3, -18.0, np.float32))
    synth = make(levels)
    heard = []
    for x in (0.05, 0.95):
        synth.performance.apply(f"{ROOT}/pad/xy", (x, 0.5))
        rendered(synth, 1.0)
        wanted = levels.levels_db(synth.renderer.code(synth.performance.advance(0.0)))[0]
        heard.append(side_db(rendered(synth, 1.0)))
        assert heard[-1] == pytest.approx(wanted, abs=1.5)
    assert abs(heard[1] - heard[0]) > 6.0


def test_offline_twins_are_equal_to_the_bit(make):
    np.testing.assert_array_equal(rendered(make(constant(-3.0)), 0.5), rendered(make(constant(-3.0)), 0.5))


def test_a_swap_to_a_mono_release_fades_the_side_over(make):
    synth, other = make(constant(-40.0)), make()
    narrow = side_db(rendered(synth, 0.8)[RATE // 4 :])
    card = other.renderer.release.card
    synth.change_renderer(other.renderer)
    synth.performance.change_release(card.latent, card.name)
    rendered(synth, 2.0 * SWAP_SECONDS)
    assert narrow < -35.0
    assert side_db(rendered(synth, 0.8)) > -6.0
