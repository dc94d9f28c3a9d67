import numpy as np
import pytest

from instrument.measures import LoadMeter, StreamClock

HOP = 128 / 44_100


def follow(clock, seconds, scale=1.0, jitter=0.0, start=1000.0, rng=None):
    """The errors of a clock that observes a stream of the given scale through jitter, seconds."""
    errors = []
    for n in range(round(seconds / HOP)):
        true = start + n * HOP * scale
        noise = rng.uniform(-jitter, jitter) if jitter else 0.0
        errors.append(clock.observe(true + noise) - true)
        clock.advance(HOP)
    return np.array(errors)


def test_jitter_is_smoothed(rng):
    errors = follow(StreamClock(HOP), 20.0, jitter=0.004, rng=rng)
    assert np.std(errors[len(errors) // 2 :]) < 0.0005


@pytest.mark.parametrize("scale", [0.9995, 1.0005])
def test_a_devices_own_rate_is_learnt(scale):
    clock = StreamClock(HOP)
    errors = follow(clock, 30.0, scale=scale)
    assert clock.scale == pytest.approx(scale, abs=2e-5)
    assert abs(errors[-1]) < 1e-4


def test_time_never_runs_backwards_under_jitter(rng):
    clock = StreamClock(HOP)
    times = []
    for n in range(5000):
        times.append(clock.observe(n * HOP + rng.uniform(0, 0.005)))
        clock.advance(HOP)
    assert np.diff(times).min() > 0.0


def test_a_jump_of_the_clock_is_followed_at_once():
    clock = StreamClock(HOP)
    follow(clock, 1.0)
    assert clock.observe(5000.0) == 5000.0


@pytest.mark.parametrize("moved", [-0.02, -0.004, 0.004, 0.02])
def test_a_device_that_stumbles_is_followed_soon_and_its_rate_is_not_forgotten(rng, moved):
    clock = StreamClock(HOP)
    follow(clock, 5.0, jitter=0.0005, rng=rng)
    scale = clock.scale
    clock.advance(-moved)  # it plays on so much later than it should
    start = 1000.0 + round(5.0 / HOP) * HOP
    errors = []
    for n in range(400):
        errors.append(clock.observe(start + n * HOP) - start - n * HOP)
        clock.advance(HOP)
    assert np.abs(errors[round(0.45 / HOP) :]).max() < 2e-4
    assert clock.scale == pytest.approx(scale, abs=1e-4)


def test_blocks_that_come_unevenly_do_not_pass_for_a_stumble(rng):
    # Observations share the lateness of their block: here eight hops.
    clock, errors = StreamClock(HOP), []
    late = np.repeat(rng.uniform(-0.003, 0.003, 800), 8)
    for n, lateness in enumerate(late):
        errors.append(clock.observe(n * HOP + lateness) - n * HOP)
        clock.advance(HOP)
    assert np.std(errors[len(errors) // 2 :]) < 0.0005


def test_load_is_a_share_of_the_hops():
    meter = LoadMeter()
    assert meter.percent == (0.0, 0.0)
    for work in (0.001, 0.003):
        meter.add(work, 0.01)
    assert meter.percent == pytest.approx((20.0, 30.0))


def test_load_forgets():
    meter = LoadMeter()
    meter.add(1.0, 0.01)
    for _ in range(2000):
        meter.add(0.001, 0.01)
    assert meter.percent == pytest.approx((10.0, 10.0))
