"""Codes become frames through a playhead and cross-fades; decoding never holds them up."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from instrument.synthesis.release_renderer import source_for
from instrument.synthesis.segments import CROSS_FADE_SECONDS, SegmentDecoder

pytestmark = pytest.mark.training

FADE_HOPS = round(CROSS_FADE_SECONDS * 44_100 / 128)
HOME = np.zeros(2, np.float32)
LIFTED = np.array([2.0, 0.0], np.float32)


class Gated:
    """A decoder that waits for a gate, and remembers what it was asked for."""

    def __init__(self, decoder):
        self.decoder = decoder
        self.gate = threading.Event()
        self.asked = []

    def run(self, outputs, inputs, options=None):
        self.asked.append(inputs["z"][0].tolist())
        assert self.gate.wait(60.0)
        return self.decoder.run(outputs, inputs)


@pytest.fixture
def segment(open_release):
    return open_release("segment")


@pytest.fixture
def performance(segment, perform):
    return perform(segment)


@pytest.fixture
def source(segment, performance):
    """A segment decoder, decoding in place, that has faded into the segment of the code 0 and stands at its start."""
    source = SegmentDecoder(segment, background=False)
    settle(source, performance, HOME)
    return source


def settle(source, performance, z):
    performance.frozen = True
    performance.position = 0.5  # elsewhere, so that the position set below counts as new
    for _ in range(FADE_HOPS + 2):
        source.frames(z, performance)[0]
    performance.frozen = False
    performance.position = 0.0


def column(segment, position, z=HOME):
    """Return what the release says of a fractional column."""
    (S,) = segment.decoder.run(None, {"z": z[None]})
    mel = segment.card.features.denormalise(S[0])
    left = int(position) % 64
    return mel[:, left] + (position - int(position)) * (mel[:, (left + 1) % 64] - mel[:, left])


def frames(source, performance, count, z=HOME):
    return np.array([source.frames(z, performance)[0] for _ in range(count)])


@pytest.mark.parametrize("speed", [1.0, 0.5, -1.0, 4.0, -0.25])
def test_the_playhead_runs_at_the_speed_set_and_the_segment_repeats(source, performance, segment, speed):
    performance.speed = speed
    heard = frames(source, performance, 140)
    assert np.allclose(heard, [column(segment, (n * speed) % 64) for n in range(140)], atol=1e-4)


def test_the_playhead_goes_where_it_is_put(source, performance, segment):
    frames(source, performance, 5)
    performance.position = 0.5
    assert np.allclose(frames(source, performance, 2), [column(segment, 32), column(segment, 33)], atol=1e-4)


def test_the_position_that_is_told_is_the_playheads(source, performance):
    frames(source, performance, 16)
    assert performance.position == pytest.approx(16 / 64)


def test_freezing_holds_the_playhead_and_lets_it_be_put(source, performance, segment):
    frames(source, performance, 7)
    performance.frozen = True
    assert np.allclose(frames(source, performance, 5), column(segment, 7), atol=1e-4)
    performance.position = 0.25
    assert np.allclose(frames(source, performance, 5), column(segment, 16), atol=1e-4)
    performance.frozen = False
    assert np.allclose(frames(source, performance, 2)[1], column(segment, 17), atol=1e-4)


def test_a_new_segment_cross_fades_in_a_straight_line(source, performance, segment):
    performance.frozen = True
    old, new = column(segment, 0), column(segment, 0, LIFTED)
    heard = frames(source, performance, FADE_HOPS + 4, LIFTED)
    share = ((heard - old) / (new - old)).mean(axis=1)
    begin = int(np.flatnonzero(share > 1e-4)[0])
    assert begin <= 1
    assert np.allclose(share[begin : begin + FADE_HOPS], np.arange(1, FADE_HOPS + 1) / FADE_HOPS, atol=1e-3)
    assert np.allclose(heard[begin + FADE_HOPS :], new, atol=1e-4)


def test_a_code_that_comes_during_a_fade_waits_and_only_the_newest_waits(segment, performance):
    gated = Gated(segment.decoder)
    gated.gate.set()
    source = SegmentDecoder(replace(segment, decoder=gated), background=False)
    settle(source, performance, HOME)
    performance.frozen = True
    source.frames(LIFTED, performance)[0]
    for n in range(FADE_HOPS + 2):
        source.frames(np.array([n / 100, 0.0], np.float32), performance)[0]
    settle(source, performance, np.array([3.0, 0.0], np.float32))
    assert gated.asked[0] == [0.0, 0.0]
    assert gated.asked[1] == [2.0, 0.0]
    assert len(gated.asked) <= 5


def test_decoding_in_the_background_never_holds_up_the_frames(segment, performance):
    gated = Gated(segment.decoder)
    source = SegmentDecoder(replace(segment, decoder=gated), background=True)
    try:
        for n in range(100):  # would last a minute a frame if one of them waited for the gate
            assert not source.frames(np.array([n / 50, 0.0], np.float32), performance)[0].any()
        performance.frozen = True
        performance.position = 0.0
        gated.gate.set()
        last = np.array([99 / 50, 0.0], np.float32)
        deadline = time.monotonic() + 60.0
        while not np.allclose(source.frames(last, performance)[0], column(segment, 0, last), atol=1e-4):
            assert time.monotonic() < deadline
            time.sleep(0.001)
        assert gated.asked[-1] == last.tolist()
        assert len(gated.asked) <= 3
    finally:
        gated.gate.set()
        source.close()


def test_closing_ends_the_background_thread(segment, performance):
    before = set(threading.enumerate())
    source = source_for(segment, background=True)
    (thread,) = set(threading.enumerate()) - before
    source.frames(HOME, performance)[0]
    source.close()
    thread.join(timeout=60.0)
    assert not thread.is_alive()


def test_nothing_is_decoded_while_a_segment_fades_in(segment, performance):
    gated = Gated(segment.decoder)
    gated.gate.set()
    source = SegmentDecoder(replace(segment, decoder=gated), background=False)
    source.prepare(HOME, performance)
    for n in range(FADE_HOPS):
        source.frames(np.array([0.1 + n / 100, 0.0], np.float32), performance)[0]
    assert len(gated.asked) == 2


def test_a_prepared_segment_sounds_at_once(segment, performance):
    source = SegmentDecoder(segment, background=False)
    source.prepare(HOME, performance)
    assert np.allclose(source.frames(HOME, performance)[0], column(segment, 0), atol=1e-4)


def test_a_decode_that_fails_in_the_background_is_told_once_and_the_thread_lives_on(segment, performance):
    class Failing:
        def run(self, outputs, inputs, options=None):
            if inputs["z"][0, 0] > 1.0:
                raise RuntimeError("no such code")
            return segment.decoder.run(outputs, inputs)

    source = SegmentDecoder(replace(segment, decoder=Failing()), background=True)
    try:
        source.prepare(HOME, performance)
        performance.frozen = True
        told, n = [], 0
        deadline = time.monotonic() + 60.0
        while not told or n < 100:
            assert time.monotonic() < deadline
            assert np.allclose(source.frames(np.array([2.0 + n, 0.0], np.float32), performance)[0], column(segment, 0))
            told += [failure] if (failure := source.take_failure()) else []
            n += 1
            time.sleep(1e-4)
        assert len(told) == 1
        low = np.array([0.5, 0.0], np.float32)
        while not np.allclose(source.frames(low, performance)[0], column(segment, 0, low), atol=1e-4):
            assert time.monotonic() < deadline
            time.sleep(1e-4)
    finally:
        source.close()


def test_a_small_segment_is_decoded_within_the_hop_and_fades_within_its_length(tiny, tmp_path, perform):
    from aitunes.release.reader import read_release

    tiny.write(tmp_path, "small", latent_dim=2, frames=4)
    release = read_release(tmp_path / "small")
    before = set(threading.enumerate())
    source = source_for(release, background=True)
    assert set(threading.enumerate()) <= before
    performance = perform(release)
    source.prepare(HOME, performance)
    performance.frozen = True
    for _ in range(4):
        mel = source.frames(LIFTED, performance)[0]
    (S,) = release.decoder.run(None, {"z": LIFTED[None]})
    assert np.allclose(mel, release.card.features.denormalise(S[0])[:, 0], atol=1e-4)
