import pytest

from instrument.namespace import MessageError
from instrument.osc.subscribers import LEASE_SECONDS, MAX_SUBSCRIBERS, Subscribers

ANNE, BELA = ("127.0.0.1", 1111), ("127.0.0.1", 2222)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def subscribers(clock):
    return Subscribers(clock)


def test_a_lease_ends_by_itself(subscribers, clock):
    subscribers.add(ANNE)
    clock.now += LEASE_SECONDS
    assert subscribers.current() == [ANNE]
    clock.now += 0.001
    assert subscribers.current() == []
    assert len(subscribers) == 0


def test_any_message_renews_a_lease(subscribers, clock):
    subscribers.add(ANNE)
    subscribers.add(BELA)
    for _ in range(5):
        clock.now += 0.9 * LEASE_SECONDS
        subscribers.renew(ANNE)
    assert subscribers.current() == [ANNE]


def test_a_message_of_a_stranger_is_no_subscription(subscribers):
    subscribers.renew(ANNE)
    assert subscribers.current() == []


def test_numbers_are_kept_while_the_lease_lasts(subscribers):
    anne = subscribers.add(ANNE)
    bela = subscribers.add(BELA)
    assert anne != bela
    assert subscribers.add(ANNE) == anne
    assert subscribers.remove(ANNE) == anne
    assert subscribers.remove(ANNE) == 0
    assert subscribers.add(ANNE) not in (anne, bela)


def test_there_is_room_for_so_many_and_no_more(subscribers, clock):
    for port in range(MAX_SUBSCRIBERS):
        subscribers.add(("127.0.0.1", port))
    with pytest.raises(MessageError, match="64 subscribers already"):
        subscribers.add(("127.0.0.1", 9999))
    assert subscribers.add(("127.0.0.1", 0))
    clock.now += LEASE_SECONDS + 1.0
    subscribers.current()
    assert subscribers.add(("127.0.0.1", 9999))


def test_a_seat_whose_lease_has_ended_is_free(subscribers, clock):
    for port in range(MAX_SUBSCRIBERS):
        subscribers.add(("127.0.0.1", port))
    clock.now += LEASE_SECONDS + 1.0
    assert subscribers.add(ANNE)
