"""No visitor takes the sockets and messages of all others; this machine's own always get some."""

import contextlib

import pytest

from instrument.web.seats import Allowance, Seats
from instrument.web.visitors import Role, Visitor

PHONE = Visitor(Role.PHONE, "token", remote=True, host="192.168.1.7")
OTHER_PHONE = Visitor(Role.PHONE, "another", remote=True, host="192.168.1.7")
PAGE = Visitor(Role.LOCAL, "session", host="127.0.0.1")


@pytest.fixture
def seats():
    return Seats(8, 5, 3, lambda: 0.0)


def taken(seats, stack, visitor, count):
    return [stack.enter_context(seats.hold(visitor)) is not None for _ in range(count)]


def test_one_phone_leaves_places_for_others_and_all_phones_for_this_machine(seats):
    with contextlib.ExitStack() as stack:
        assert taken(seats, stack, PHONE, 4) == [True, True, True, False]
        assert taken(seats, stack, OTHER_PHONE, 3) == [True, True, False]
        assert taken(seats, stack, PAGE, 4) == [True, True, True, False]


def test_a_stranger_is_known_by_its_host_whatever_cookie_it_makes_up(seats):
    with contextlib.ExitStack() as stack:
        strangers = [Visitor(Role.STRANGER, f"cookie {n}", remote=True, host="192.168.1.9") for n in range(4)]
        assert [taken(seats, stack, stranger, 1) for stranger in strangers] == [[True], [True], [True], [False]]


def test_places_that_were_left_are_given_again(seats):
    for _ in range(20):
        with contextlib.ExitStack() as stack:
            assert taken(seats, stack, PHONE, 4) == [True, True, True, False]


def test_sockets_of_one_phone_share_its_messages_and_pages_do_not(seats):
    with seats.hold(PHONE) as first, seats.hold(PHONE) as second, seats.hold(PAGE) as page, seats.hold(PAGE) as other:
        assert first.affords(4_000)
        assert not second.affords(1)
        assert page.affords(4_000)
        assert other.affords(4_000)


def test_messages_are_allowed_again_as_time_passes():
    now = [0.0]
    allowance = Allowance(lambda: now[0], 100.0)
    assert allowance.affords(100)
    assert not allowance.affords(1)
    now[0] = 0.5
    assert allowance.affords(50)
    assert not allowance.affords(1)
    now[0] = 1_000.0
    assert not allowance.affords(101)
    assert allowance.affords(100)
