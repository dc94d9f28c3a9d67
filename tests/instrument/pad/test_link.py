"""The connection: found, lost, found again."""

import pytest

from instrument.pad.link import LOST_SECONDS
from tests.instrument.pad.conftest import STATUS


@pytest.fixture
def link(client, clock):
    from instrument.pad.link import Link

    return Link(client, clock)


def test_an_engine_that_answers_is_subscribed_to(link, peer, qtbot):
    link.poll()
    with qtbot.waitSignal(link.up) as up:
        peer.say("/status.reply", *STATUS)
    assert up.args == [False]
    assert ("/notify", 1) in peer.arrived


def test_silence_is_a_loss_only_when_it_lasts(link, peer, clock, qtbot):
    link.poll()
    peer.say("/status.reply", *STATUS)
    clock.now += 0.9 * LOST_SECONDS
    link.poll()
    assert link.connected
    clock.now += 0.2 * LOST_SECONDS
    with qtbot.waitSignal(link.down):
        link.poll()


def test_an_engine_that_was_only_silent_is_not_a_fresh_one(link, peer, clock, qtbot):
    link.poll()
    peer.say("/status.reply", *STATUS)
    clock.now += 2.0 * LOST_SECONDS
    link.poll()
    with qtbot.waitSignal(link.up) as up:
        peer.say("/status.reply", *STATUS)
    assert up.args == [False]


def test_a_port_that_has_closed_is_a_loss_at_once_and_what_returns_is_fresh(link, peer, qtbot):
    link.poll()
    peer.say("/status.reply", *STATUS)
    peer.close()
    with qtbot.waitSignal(link.down, timeout=60_000):
        link.poll()
        qtbot.wait(20)
        link.poll()
    peer.open()
    link.poll()  # may raise the refusal of the message before it
    link.poll()
    with qtbot.waitSignal(link.up) as up:
        peer.say("/status.reply", *STATUS)
    assert up.args == [True]


def test_the_subscription_is_renewed(link, peer, clock):
    link.poll()
    peer.say("/status.reply", *STATUS)
    peer.forget()
    for _ in range(39):
        clock.now += 0.5
        link.poll()
        peer.say("/status.reply", *STATUS)
    assert len(peer.sent_to("/notify")) == 1


def test_the_engines_challenge_is_answered_with_its_token(link, peer):
    link.poll()
    peer.say("/status.reply", *STATUS)
    peer.forget()
    peer.say("/done", "/notify", 1, 123_456)
    assert peer.arrived == [("/notify", 1, 123_456)]


def test_a_host_that_does_not_exist_is_named():
    from aitunes.osc.address import AddressError
    from instrument.pad.client import OscClient

    with pytest.raises(AddressError, match=r"no-such-host\.invalid"):
        OscClient("no-such-host.invalid", 7420)
