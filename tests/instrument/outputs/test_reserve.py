import pytest

from instrument.outputs.reserve import FIRST_SECONDS, Reserve


def minutes(reserve, count):
    for _ in range(60 * count):
        reserve.pass_second()


def test_it_begins_with_what_a_virtual_machine_needs_and_a_short_stall_changes_nothing():
    reserve = Reserve()
    reserve.note(0.001)
    assert reserve.seconds == FIRST_SECONDS


def test_a_longer_stall_widens_it_at_once_by_half_as_much_again():
    reserve = Reserve()
    reserve.note(0.005)
    assert reserve.seconds == pytest.approx(0.0075)
    assert reserve.stall_seconds == pytest.approx(0.005)


def test_a_minute_later_it_begins_to_narrow_and_quiet_minutes_bring_it_to_the_least():
    reserve = Reserve()
    reserve.note(0.005)
    minutes(reserve, 1)
    assert reserve.seconds == pytest.approx(0.0075)
    seen = []
    for _ in range(10):
        minutes(reserve, 1)
        seen.append(reserve.seconds)
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == pytest.approx(0.001, rel=0.01)


def test_after_quiet_minutes_the_first_stall_brings_back_what_a_virtual_machine_needs():
    reserve = Reserve()
    minutes(reserve, 10)
    reserve.note(0.004)
    assert reserve.seconds == FIRST_SECONDS
    reserve.note(0.004)
    assert reserve.seconds == pytest.approx(0.006)


def test_what_every_second_shows_is_kept():
    reserve = Reserve()
    for _ in range(600):
        reserve.note(0.0016)
        reserve.pass_second()
    assert reserve.seconds == pytest.approx(0.0024, rel=0.01)


def test_it_never_grows_beyond_bearable_latency():
    reserve = Reserve()
    for _ in range(20):
        reserve.note(10.0)
    assert reserve.seconds == 0.06


def test_one_long_stall_does_not_make_the_instrument_sluggish():
    reserve = Reserve()
    reserve.note(0.5)
    minutes(reserve, 1)
    assert reserve.seconds < 0.008
