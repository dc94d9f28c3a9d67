"""Faders follow the position in every form that they may be bound to, and none jumps back under a hand."""

import pytest

from instrument.engine.position_feed import REST_SECONDS, PositionFeed
from instrument.engine.publisher import Publisher
from instrument.namespace import ROOT
from instrument.synthesis.performance import Performance

ANNE = ("127.0.0.1", 1)
XY, X, Y, LATENT, FIRST = (f"{ROOT}/{name}" for name in ("pad/xy", "pad/x", "pad/y", "latent", "latent/0"))


class Bench:
    """A performance that somebody moves, and what is told of it."""

    def __init__(self, card):
        self.now = 100.0
        self.performance = Performance.of(card, iterations=0)
        self.publisher = Publisher()
        self.feed = PositionFeed(lambda: self.performance, self.publisher, lambda: self.now)

    def move(self, path, *values, author=ANNE):
        self.performance.apply(path, values)
        self.feed.note(path, author)

    def told(self, seconds):
        """Return what is told within that time: (who moved it, address, values)."""
        messages = []
        for _ in range(round(seconds / 0.01)):
            self.now += 0.01
            self.feed.publish()
            messages += [(one.peer, one.address, one.arguments) for one in self.publisher.drain()]
        return messages


@pytest.fixture
def bench(tiny):
    return Bench(tiny.card(latent_dim=3))


def test_a_move_on_the_pad_tells_the_coordinates_and_back(bench):
    bench.move(XY, 0.25, 0.75)
    told = {address: values for _, address, values in bench.told(0.3)}
    assert told[XY] == pytest.approx((0.25, 0.75), abs=1e-5)
    assert told[LATENT] == bench.performance.value(LATENT)
    assert told[FIRST] == told[LATENT][:1]
    bench.move(LATENT, 0.0, 0.0, 0.0)
    told = {address: values for _, address, values in bench.told(0.3)}
    assert (told[X], told[Y]) == (told[XY][:1], told[XY][1:])
    assert told[XY] == bench.performance.point.pad


def test_only_what_has_changed_is_told_and_once(bench):
    bench.move(f"{ROOT}/latent/2", 1.0)
    assert [address for _, address, _ in bench.told(0.5)] == [f"{ROOT}/latent/2", LATENT]
    assert bench.told(0.5) == []


@pytest.mark.parametrize("seconds", [0.0, 0.25])
def test_a_position_that_comes_back_before_it_rests_is_told(bench, seconds):
    bench.move(LATENT, 0.0, 0.0, 0.0)
    bench.told(0.5)
    there, pad = bench.performance.value(LATENT), bench.performance.point.pad
    for n in range(round(seconds / 0.01) + 1):
        bench.move(XY, 0.9, 0.1 + 0.001 * n)  # others hear that, or the coordinates, of it
        bench.told(0.01)
    bench.performance.apply(LATENT, there)
    bench.feed.note_change(None)
    told = {address: values for peer, address, values in bench.told(0.3) if peer is None}
    assert told[XY] == pytest.approx(pad)
    assert told[LATENT] == there


def test_who_moves_it_hears_nothing_before_it_is_at_rest_and_the_others_do(bench):
    told = []
    for n in range(50):
        bench.move(X, n / 50)
        told += bench.told(0.02)
    assert {(peer, address) for peer, address, _ in told} == {(ANNE, LATENT)}
    assert 5 <= len(told) <= 1.0 / REST_SECONDS + 1
    at_rest = [message for message in bench.told(0.3) if message[0] is None]
    assert (None, LATENT, bench.performance.value(LATENT)) in at_rest
    assert (None, X, bench.performance.point.pad[:1]) in at_rest


def test_a_position_beyond_the_pad_is_told_by_its_coordinates_alone(bench):
    bench.move(FIRST, 8.0)
    assert [address for _, address, _ in bench.told(0.3)] == [FIRST, LATENT]


def test_other_settings_tell_nothing_here(bench):
    bench.move(f"{ROOT}/gain", -6.0)
    assert bench.told(0.3) == []


def test_another_release_tells_its_position(bench, tiny):
    bench.performance.take_over(tiny.card("wide", latent_dim=5))
    bench.feed.note_change(None)
    assert f"{ROOT}/latent/4" in [address for _, address, _ in bench.told(0.3)]
