"""The arithmetic of `benchmarks.note_latency`, whose figures need a device."""

import doctest

import pytest

from benchmarks import note_figures, stalls
from benchmarks.note_figures import describe_notes
from benchmarks.stalls import Stall, describe_stalls, late_wakes, witness


@pytest.mark.parametrize("module", [note_figures, stalls])
def test_documentation(module):
    tried = doctest.testmod(module)
    assert tried.attempted > 0
    assert tried.failed == 0


@pytest.mark.parametrize(("above", "judged"), [(5.9, "held"), (6.1, "missed")])
def test_what_counts_is_the_distance_to_the_least_there_can_be(above, judged):
    _, _, median, spread = describe_notes("tiny", [20.0 + above, 20.0 + above], [20.0, 20.0])
    assert median.endswith(judged)
    assert spread.endswith("held")


def test_a_spread_that_the_machine_has_too_is_no_fault():
    *_, spread = describe_notes("tiny", [0.0, 14.0], [0.0, 10.0])
    assert "+3.9 ms" in spread
    assert spread.endswith("missed")
    *_, spread = describe_notes("tiny", [0.0, 12.0], [0.0, 10.0])
    assert spread.endswith("held")


def test_stalls_before_the_measurement_do_not_count():
    assert "at most 0.0 ms" in describe_stalls([Stall(1.0, 0.5)], 2.0, 3.0)


def test_a_sleeper_sees_what_the_machine_did_and_not_what_timers_do():
    now, stalls = 0.0, {0.05: 0.004, 0.08: 0.0003}

    def sleep(seconds):
        nonlocal now
        now += seconds
        now += stalls.pop(next((moment for moment in stalls if moment <= now), None), 0.0)

    (stall,) = late_wakes(lambda: now > 0.1, lambda: now, sleep)
    assert stall == pytest.approx((0.054, 0.004), abs=0.0011)


def test_a_witness_reports_until_it_is_asked():
    with witness() as seen:
        assert all(stall.late <= stall.woke for stall in seen())
