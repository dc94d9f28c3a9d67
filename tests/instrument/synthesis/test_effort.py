"""Refinements follow the load of the hops: down before a drop-out, up again after ease, as asked where all is well."""

import doctest

import numpy as np
import pytest

from instrument.synthesis import effort
from instrument.synthesis.effort import LASTING_SECONDS, LOW_LOAD_SECONDS, WINDOW_SECONDS, Effort

HOP = 0.0029
FIXED, EACH = 0.1, 0.02  # share of a hop that is always needed, and that of one refinement


def play(effort, seconds, asked=24, strain=1.0, fixed=FIXED):
    """Refinements of every hop, on a machine that needs `strain` times as long as when it is quiet."""
    in_use, used = effort.iterations(asked), []
    for _ in range(round(seconds / HOP)):
        in_use = effort.count((fixed + EACH * in_use) * strain * HOP, HOP, asked)
        used.append(in_use)
    return np.array(used)


def share(iterations, strain):
    return (FIXED + EACH * iterations) * strain


def test_the_examples_in_the_documentation_hold():
    assert doctest.testmod(effort).failed == 0


def test_an_easy_load_leaves_what_was_asked_for():
    assert (play(Effort(), 20.0) == 24).all()


@pytest.mark.parametrize("strain", [1.5, 2.5, 4.0])
def test_a_load_that_is_too_much_is_eased_within_the_window(strain):
    used = play(Effort(), 1.0, strain=strain)
    settled = used[round(WINDOW_SECONDS / HOP) :]
    assert (settled == settled[0]).all()
    assert settled[0] < 24
    assert share(settled[0], strain) <= 0.8


def test_several_hops_that_are_too_long_are_answered_at_the_third():
    assert play(Effort(), 5 * HOP, strain=2.5).tolist()[:4] == [24, 24, *[play(Effort(), 3 * HOP, strain=2.5)[-1]] * 2]


def test_a_machine_that_carries_nothing_gets_the_least():
    assert play(Effort(), 1.0, strain=20.0)[-1] == 0


def test_a_stall_of_one_hop_is_no_load():
    effort = Effort()
    for _ in range(20):
        assert effort.count(5.0 * HOP, HOP, 24) == 24
        assert (play(effort, 0.2) == 24).all()


def test_after_ease_it_goes_back_up_step_by_step_to_what_was_asked_for():
    effort = Effort()
    low = play(effort, 1.0, strain=4.0)[-1]
    used = play(effort, 20.0)
    assert (used[: round(0.9 * LOW_LOAD_SECONDS / HOP)] == low).all()
    assert (np.diff(used) >= 0).all()
    assert used[-1] == 24
    steps = np.flatnonzero(np.diff(used))
    assert (np.diff(steps) * HOP > 0.9).all()


def test_it_does_not_hunt_on_a_machine_that_stays_slow():
    effort = Effort()
    play(effort, 30.0, strain=2.5)
    used = play(effort, 60.0, strain=2.5)
    assert np.ptp(used) == 0
    assert 0 < used[0] < 24


@pytest.mark.parametrize("asked", [0, 1, 8, 64])
def test_it_is_never_more_than_was_asked_for(asked):
    effort = Effort()
    play(effort, 1.0, asked=24, strain=3.0)
    assert (play(effort, 30.0, asked=asked, strain=0.1) <= asked).all()
    assert effort.iterations(asked) == asked


def test_asking_for_less_than_is_in_use_ends_the_reduction():
    effort = Effort()
    assert play(effort, 1.0, asked=24, strain=2.0)[-1] > 4
    play(effort, 0.1, asked=4, strain=2.0)
    assert effort.iterations(24) == 24


def test_a_reduction_is_told_once_and_only_when_it_lasts():
    effort = Effort()
    play(effort, 0.8 * LASTING_SECONDS, strain=3.0)
    assert effort.take_warning(24) is None
    in_use = play(effort, 0.4 * LASTING_SECONDS, strain=3.0)[-1]
    assert f"carries {in_use} of 24 iterations" in effort.take_warning(24)
    play(effort, 2.0 * LASTING_SECONDS, strain=3.0)
    assert effort.take_warning(24) is None
    play(effort, 30.0)
    play(effort, 2.0 * LASTING_SECONDS, strain=3.0)
    assert effort.take_warning(24) is not None
