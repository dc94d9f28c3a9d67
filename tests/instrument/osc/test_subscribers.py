import pytest

from instrument.namespace import MessageError
from instrument.osc.subscribers import LEASE_SECONDS, MAX_OF_ONE_HOST, MAX_REMOTE, MAX_SUBSCRIBERS, Subscribers

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


def test_one_other_machine_cannot_take_all_places(subscribers):
    for port in range(MAX_OF_ONE_HOST):
        subscribers.add(("192.168.1.9", port))
    with pytest.raises(MessageError, match=r"8 subscribers of 192\.168\.1\.9 already"):
        subscribers.add(("192.168.1.9", 9999))
    assert subscribers.add(("192.168.1.8", 1))
    assert subscribers.add(("192.168.1.9", 0))


def test_other_machines_together_leave_room_for_this_one(subscribers, clock):
    for host in range(MAX_REMOTE):
        subscribers.add((f"192.168.1.{host}", 1))
    with pytest.raises(MessageError, match="32 subscribers of other machines already"):
        subscribers.add(("192.168.2.1", 1))
    for port in range(MAX_SUBSCRIBERS - MAX_REMOTE):
        assert subscribers.add(("127.0.0.1", port))
    clock.now += LEASE_SECONDS + 1.0
    assert subscribers.add(("192.168.2.1", 1))


@pytest.mark.parametrize("proved", [False, True])
def test_a_program_of_this_machine_always_gets_a_place(subscribers, proved):
    for port in range(200):
        subscribers.add(("127.0.0.1", port), proved=proved)
        assert len(subscribers) <= MAX_SUBSCRIBERS
    subscribers.add(ANNE)
    for port in range(200):
        subscribers.add(("127.0.0.1", 5000 + port), proved=False)
        assert ANNE in subscribers.current(proved=True)
    for port in range(200):
        subscribers.renew(ANNE)
        subscribers.add(("127.0.0.1", 6000 + port), proved=True)
    assert ANNE in subscribers.current(proved=True)
    assert len(subscribers) == MAX_SUBSCRIBERS


def test_who_is_not_proved_hears_no_streams(subscribers):
    subscribers.add(ANNE, proved=False)
    subscribers.add(BELA)
    assert subscribers.current() == [ANNE, BELA]
    assert subscribers.current(proved=True) == [BELA]
    subscribers.add(ANNE)
    assert set(subscribers.current(proved=True)) == {ANNE, BELA}


def test_a_proof_that_has_ended_leaves_a_local_program_its_changes_and_another_machine_nothing(subscribers):
    far = ("192.168.1.9", 1)
    subscribers.add(ANNE)
    subscribers.add(far)
    for peer in (ANNE, far):
        subscribers.renew(peer, proved=False)
    assert subscribers.current() == [ANNE]
    assert subscribers.current(proved=True) == []


def test_a_seat_whose_lease_has_ended_is_free(subscribers, clock):
    for port in range(MAX_SUBSCRIBERS):
        subscribers.add(("127.0.0.1", port))
    clock.now += LEASE_SECONDS + 1.0
    assert subscribers.add(ANNE)
