"""Tests what one sender may cause is bounded, and no sender's bound is another's."""

import pytest

from instrument.osc.peers import TcpPeer
from instrument.osc.senders import ALL_REMOTE_BYTES, LOCAL_BYTES, MAX_SENDERS, REFUSALS, REMOTE_BYTES, WORK, Senders

ANNE, BELA, FAR = ("127.0.0.1", 1), ("127.0.0.1", 2), ("192.168.1.9", 1)


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def senders(now):
    return Senders(lambda: now[0])


def count(allowed):
    """Return how often something is allowed, of many times."""
    return sum(allowed() for _ in range(200_000))


@pytest.mark.parametrize("peer", [ANNE, FAR, TcpPeer("192.168.1.9", 1, 7)])
def test_work_is_bounded_at_once_and_in_time(senders, now, peer):
    assert count(lambda: senders.spend(peer, 1.0)) == WORK.burst
    now[0] += 0.5
    assert count(lambda: senders.spend(peer, 1.0)) == WORK.rate / 2
    now[0] += 1e6
    assert count(lambda: senders.spend(peer, 1.0)) == WORK.burst


def test_a_long_datagram_is_more_work(senders):
    assert count(lambda: senders.admit(ANNE, 6_400)) == WORK.burst // 101


def test_what_is_refused_costs_nothing(senders):
    assert not senders.spend(ANNE, WORK.burst + 1.0)
    assert senders.spend(ANNE, WORK.burst)


def test_programs_of_this_machine_and_connections_are_told_apart_by_port(senders):
    for peer in (ANNE, BELA, TcpPeer("127.0.0.1", 1, 1), TcpPeer("127.0.0.1", 1, 2)):
        assert count(lambda peer=peer: senders.may_refuse(peer)) == REFUSALS.burst


def test_all_ports_of_another_machine_are_one_sender(senders):
    assert count(lambda: senders.may_refuse(FAR)) == REFUSALS.burst
    assert not senders.may_refuse((FAR[0], 2))
    assert senders.may_refuse(("192.168.1.8", 1))


def test_answers_to_an_address_that_is_not_proved_are_bounded_in_bytes(senders, now):
    assert count(lambda: senders.may_answer(FAR, 100)) == REMOTE_BYTES.burst // 100
    assert count(lambda: senders.may_answer(ANNE, 100)) == LOCAL_BYTES.burst // 100
    now[0] += 10.0
    assert count(lambda: senders.may_answer(FAR, 100)) == min(REMOTE_BYTES.burst, 10 * REMOTE_BYTES.rate) // 100


def test_answers_to_all_other_machines_together_are_bounded(senders):
    sent = sum(senders.may_answer((f"10.0.{n // 250}.{n % 250}", 1), 1_000) for n in range(1_000))
    assert sent == ALL_REMOTE_BYTES.burst // 1_000
    assert senders.may_answer(ANNE, 1_000)


def test_forged_senders_take_a_bounded_number_of_places(senders):
    for n in range(10 * MAX_SENDERS):
        senders.admit((f"10.{n % 250}.{n // 250}.1", 1), 10)
    assert len(senders) == MAX_SENDERS
