import numpy as np
import pytest

from aitunes.audio_processing.windows import WindowError, window_start


@pytest.mark.parametrize(("total", "size"), [(10, 1), (10, 3), (10, 9), (10, 10)])
@pytest.mark.parametrize("method", ["start", "end", "random", "bounded"])
@pytest.mark.parametrize("start", [0, 4, 10, 99])
def test_a_window_lies_within_the_sound(total, size, method, start, rng):
    first = window_start(total, size, method, start, rng)
    assert 0 <= first <= first + size <= total


def test_start_and_end_touch_the_ends():
    assert window_start(10, 3, "start") == 0
    assert window_start(10, 3, "end") + 3 == 10


@pytest.mark.parametrize(("start", "first"), [(0, 0), (4, 4), (7, 7), (8, 7), (50, 7)])
def test_a_bounded_window_begins_where_asked_or_as_late_as_it_fits(start, first):
    assert window_start(10, 3, "bounded", start) == first


def test_a_random_window_falls_everywhere_as_often(rng):
    counts = np.bincount([window_start(10, 7, "random", rng=rng) for _ in range(4_000)], minlength=4)
    assert counts.size == 4
    assert np.abs(counts - 1_000).max() < 150  # five standard deviations


def test_a_random_window_comes_from_the_generator_given():
    draws = [[window_start(10_000, 7, "random", rng=np.random.default_rng(seed))] for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [((10, 11, "start"), "1 to 10"), ((10, 0, "end"), "1 to 10"), ((10, 2, "middle"), "start, end, random, bounded")],
)
def test_impossible_windows_are_refused(arguments, sentence):
    with pytest.raises(WindowError, match=sentence):
        window_start(*arguments)


def test_a_window_before_the_sound_is_refused():
    with pytest.raises(WindowError, match="sample 0 or later"):
        window_start(10, 2, "bounded", -1)
