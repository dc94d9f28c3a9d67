import numpy as np
import pytest

from instrument.outputs.null import NullOutput

RATE = 48_000.0
HOP = np.zeros(480, np.float32)  # 10 ms


class World:
    """Time that passes when somebody sleeps or works."""

    def __init__(self):
        self.now = 100.0
        self.slept = 0.0

    def clock(self):
        return self.now

    def sleep(self, seconds):
        assert seconds > 0.0
        self.now += seconds
        self.slept += seconds


@pytest.fixture
def world():
    return World()


@pytest.fixture
def output(world):
    output = NullOutput(RATE, world.clock, world.sleep)
    output.start()
    return output


def play(output, hops):
    for _ in range(hops):
        output.wait()
        output.write(HOP)


def test_it_consumes_samples_at_the_pace_of_the_clock(output, world):
    play(output, 500)
    assert world.now - 100.0 == pytest.approx(5.0, abs=0.02)
    assert output.underruns == 0


def test_work_that_fits_is_no_underrun(output, world):
    for _ in range(500):
        output.wait()
        world.now += 0.004
        output.write(HOP)
    assert output.underruns == 0
    assert world.now - 100.0 == pytest.approx(5.0, abs=0.02)


def test_work_that_takes_too_long_is_counted_once_and_not_caught_up(output, world):
    play(output, 10)
    world.now += 1.0
    assert output.wait() == 0.0
    assert output.underruns == 1
    before = world.now
    output.write(HOP)
    play(output, 100)
    assert output.underruns == 1
    assert world.now - before == pytest.approx(1.0, abs=0.03)


def test_it_says_how_much_is_buffered(output):
    play(output, 10)
    assert output.wait() == pytest.approx(0.006, abs=1e-9)


def test_a_deeper_buffer_survives_a_longer_stall(output, world):
    output.deepen(0.2)
    play(output, 50)
    world.now += 0.15
    play(output, 50)
    assert output.underruns == 0
    output.deepen(0.0)
    play(output, 50)
    assert output.wait() == pytest.approx(0.006, abs=1e-9)
