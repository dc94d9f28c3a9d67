import numpy as np
import pytest

from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.synth import SWAP_SECONDS, Synth

pytestmark = pytest.mark.training

RATE = 48_000.0


@pytest.fixture
def make(open_release, perform):
    """A synth on a release, and renderers for it."""

    def synth(name):
        release = open_release(name)
        return Synth(ReleaseRenderer(release, RATE, 4, background=False), perform(release), RATE)

    return synth


@pytest.fixture
def renderer(open_release):
    return lambda name: ReleaseRenderer(open_release(name), RATE, 4, background=False)


def render(synth, seconds):
    blocks, count = [], 0
    while count < seconds * RATE:
        blocks.append(synth.render().mean(axis=1))
        count += len(blocks[-1])
    return np.concatenate(blocks)


def swap(synth, renderer):
    card = renderer.release.card
    synth.change_renderer(renderer)
    synth.performance.change_release(card.latent, card.name)


def largest_step(y):
    return np.abs(np.diff(y)).max()


def test_it_sounds_by_itself_and_fades_in(make):
    synth = make("sine")
    y = render(synth, 1.0)
    assert np.abs(y[:100]).max() < 0.01
    assert np.sqrt(np.mean(y[-10_000:] ** 2)) > 0.05


def test_swapping_renderers_makes_no_click(make, renderer):
    synth = make("sine")
    render(synth, 1.0)
    steady = largest_step(render(synth, 0.5))
    swap(synth, renderer("high-sine"))
    fade = render(synth, 2.0 * SWAP_SECONDS)
    render(synth, 0.5)
    after = largest_step(render(synth, 0.5))
    # Two sines of both frequencies at once may add their steepest places, and nothing may be steeper.
    assert largest_step(fade) < steady + after
    assert np.isfinite(fade).all()


def test_swapping_to_the_same_sound_keeps_its_level(make, renderer):
    synth = make("sine")
    before = render(synth, 1.0)[-20_000:]
    swap(synth, renderer("sine"))
    render(synth, 1.0)
    after = render(synth, 1.0)[-20_000:]
    assert np.std(after) == pytest.approx(np.std(before), rel=0.15)


def test_swapping_during_a_swap_makes_no_click(make, renderer):
    synth = make("sine")
    render(synth, 1.0)
    steady = largest_step(render(synth, 0.5))
    y = []
    for name in ("high-sine", "sine", "high-sine"):
        swap(synth, renderer(name))
        y.append(render(synth, 0.3 * SWAP_SECONDS))
    y.append(render(synth, 1.0))
    high = largest_step(render(synth, 0.5))
    assert largest_step(np.concatenate(y)) < 2 * (steady + high)
    assert largest_step(np.concatenate(y)[: round(SWAP_SECONDS * RATE)]) < 1.5 * (steady + high)


@pytest.mark.parametrize(
    "names", [("tiny", "wide"), ("wide", "tiny"), ("tiny", "segment"), ("long-segment", "segment")]
)
def test_releases_of_different_latent_size_follow_each_other(make, renderer, names):
    synth = make(names[0])
    render(synth, 0.2)
    swap(synth, renderer(names[1]))
    y = render(synth, 0.5)
    assert np.isfinite(y).all()
    assert np.abs(y[-5000:]).max() > 1e-3
    assert synth.performance.release == names[1]


def test_a_swapped_renderer_is_retired_once_its_fade_is_over(make, renderer):
    synth = make("tiny")
    render(synth, 0.2)
    old = synth.renderer
    swap(synth, renderer("wide"))
    render(synth, 0.5 * SWAP_SECONDS)
    assert synth.take_retired() == []
    render(synth, SWAP_SECONDS)
    assert synth.take_retired() == [old]
    assert synth.take_retired() == []


def test_a_renderer_swapped_in_silence_is_retired_too(make, renderer):
    synth = make("tiny")
    synth.performance.playing = False
    render(synth, 0.3)
    old = synth.renderer
    swap(synth, renderer("wide"))
    render(synth, 0.3)
    assert synth.take_retired() == [old]


def test_two_segment_renderers_do_not_push_each_others_playhead(make, renderer):
    synth = make("segment")
    render(synth, 0.5)
    synth.performance.frozen = False
    before = synth.performance.position
    synth.change_renderer(renderer("segment"))
    hops = 20
    for _ in range(hops):
        synth.render()
    moved = (synth.performance.position - before) % 1.0
    assert moved == pytest.approx(hops / 64, abs=2.5 / 64)


def test_stop_fades_to_exact_silence_and_play_comes_back(make):
    synth = make("sine")
    render(synth, 1.0)
    steady = largest_step(render(synth, 0.2))
    synth.performance.playing = False
    y = render(synth, 0.5)
    assert largest_step(y) < 1.2 * steady
    assert not y[-10_000:].any()
    synth.performance.playing = True
    y = render(synth, 0.5)
    assert largest_step(y) < 1.2 * steady
    assert np.abs(y[-5000:]).max() > 0.05


def test_blocks_in_silence_are_as_long_as_hops(make):
    synth = make("tiny")
    synth.performance.playing = False
    y = render(synth, 1.0)
    assert not y.any()
    assert len(synth.render()) == round(synth.hop_seconds * RATE)


def test_gliding_makes_no_click(make):
    synth = make("tiny")
    performance = synth.performance
    render(synth, 0.5)
    steady = largest_step(render(synth, 0.5))
    performance.apply("/aitunes/smoothing", (0.3,))
    performance.apply("/aitunes/latent", (2.0, -2.0, 2.0))
    moving = largest_step(render(synth, 0.3))
    after = largest_step(render(synth, 0.5))
    assert moving < 1.5 * max(steady, after)


def test_a_cross_fade_shares_the_refinements_of_a_hop(make, renderer):
    synth = make("sine")
    synth.performance.iterations = 24
    synth.render()
    assert synth.renderer.iterations == 24
    left = synth.renderer
    swap(synth, renderer("high-sine"))
    synth.render()
    assert (left.iterations, synth.renderer.iterations) == (12, 12)
    render(synth, 2.0 * SWAP_SECONDS)
    assert synth.renderer.iterations == 24
    synth.max_iterations = 5
    synth.render()
    assert synth.renderer.iterations == 5
