import gc
import struct
import weakref

import numpy as np
import pytest

from instrument.engine.publisher import COLLECT_SECONDS, MAX_SENT, MAX_WAITING, METER_SECONDS, Publisher
from instrument.osc.aliases import FormerNames

ANNE, BELA = ("127.0.0.1", 1), ("127.0.0.1", 2)


METERS = ("/aitunes/meter", "/aitunes/scope")


class Wire:
    """An OSC server's sending half, with both subscribed."""

    def __init__(self):
        self.sent = []
        self.subscribers = [ANNE, BELA]

    def send(self, peer, address, arguments):
        self.sent.append((peer, address, arguments))

    def send_to_others(self, author, address, arguments):
        for peer in self.subscribers:
            if peer != author:
                self.send(peer, address, arguments)

    def heard(self, peer):
        return [message[1:] for message in self.sent if message[0] == peer and message[1] not in METERS]


class Stage:
    peak, rms = 0.5, 0.1


class Levels:
    """A scope that was asked so many times."""

    asked = 0

    def levels(self):
        self.asked += 1
        return np.linspace(-120.0, 0.0, 64, dtype=np.float32)


SCOPE = Levels()


@pytest.fixture
def wire():
    return Wire()


def test_a_change_is_told_to_all_but_its_author(wire):
    publisher = Publisher()
    publisher.notify(ANNE, "/aitunes/gain", (-6.0,))
    publisher.publish(wire, Stage(), SCOPE, 0)
    assert wire.heard(ANNE) == []
    assert wire.heard(BELA) == [("/aitunes/gain", (-6.0,))]


def test_the_engines_own_changes_are_told_to_all(wire):
    publisher = Publisher()
    publisher.notify(None, "/aitunes/device/set", ("x",))
    publisher.publish(wire, Stage(), SCOPE, 0)
    assert wire.heard(ANNE) == wire.heard(BELA) == [("/aitunes/device/set", ("x",))]


def test_a_change_of_a_renamed_address_is_told_by_both_names(wire):
    publisher = Publisher()
    publisher.notify(FormerNames(ANNE), "/aitunes/release/load", ("x",))
    publisher.publish(wire, Stage(), SCOPE, 0)
    assert wire.heard(ANNE) == []
    assert wire.heard(BELA) == [("/aitunes/release/load", ("x",)), ("/aitunes/model/load", ("x",))]


def test_a_reply_goes_to_the_one_who_asked_and_to_nobody_for_the_engine_itself(wire):
    publisher = Publisher()
    publisher.reply(ANNE, "/synced", (1,))
    publisher.reply(None, "/done", ())
    publisher.publish(wire, Stage(), SCOPE, 0)
    assert wire.heard(ANNE) == [("/synced", (1,))]
    assert wire.heard(BELA) == []


def test_an_answer_wakes_whoever_publishes_and_a_notice_waits():
    publisher, woken = Publisher(), []
    publisher.wake = lambda: woken.append(True)
    publisher.notify(ANNE, "/aitunes/gain", (-6.0,))
    publisher.reply(None, "/done", ())
    assert woken == []
    publisher.reply(ANNE, "/synced", (1,))
    assert woken == [True]


def test_an_interruption_is_told_with_its_cause(wire):
    publisher = Publisher()
    publisher.publish(wire, Stage(), SCOPE, 2, "the machine stood still for 7.0 ms")
    (said,) = [arguments for address, arguments in wire.heard(ANNE) if address == "/error"]
    sentence = "the sound was interrupted: 2 underruns so far; the last because the machine stood still for 7.0 ms"
    assert said == (sentence,)


def test_notices_keep_their_order_and_are_sent_once(wire):
    publisher = Publisher()
    for n in range(5):
        publisher.reply(ANNE, "/n", (n,))
    publisher.publish(wire, Stage(), SCOPE, 0)
    publisher.publish(wire, Stage(), SCOPE, 0)
    assert wire.heard(ANNE) == [("/n", (n,)) for n in range(5)]


def test_underruns_are_told_when_they_happen(wire):
    publisher = Publisher()
    for underruns in (0, 2, 2):
        publisher.publish(wire, Stage(), SCOPE, underruns)
    assert [address for address, _ in wire.heard(BELA)] == ["/error"]
    assert "2 underruns" in wire.heard(BELA)[0][1][0]


def test_meters_come_twenty_five_times_a_second(wire):
    now = [0.0]
    publisher = Publisher(clock=lambda: now[0])
    for n in range(1000):
        now[0] = 100.0 + n / 1000
        publisher.publish(wire, Stage(), SCOPE, 0)
    meters = [arguments for peer, address, arguments in wire.sent if (peer, address) == (ANNE, "/aitunes/meter")]
    assert len(meters) == pytest.approx(1.0 / METER_SECONDS, abs=1)
    assert meters[0] == pytest.approx((-6.02, -20.0), abs=0.01)


def test_interruptions_are_told_once_a_second_at_most(wire):
    now = [100.0]
    publisher = Publisher(clock=lambda: now[0])
    for n in range(1, 301):
        now[0] += 0.01
        publisher.publish(wire, Stage(), SCOPE, n)
    told = [arguments[0] for address, arguments in wire.heard(BELA)]
    assert len(told) == 3
    now[0] += 1.0
    publisher.publish(wire, Stage(), SCOPE, 300)
    assert "300 underruns" in wire.heard(BELA)[-1][1][0]


def test_the_spectrum_is_told_as_64_numbers_of_oscs_own_byte_order(wire):
    Publisher().publish(wire, Stage(), SCOPE, 0)
    (blob,) = next(arguments for _, address, arguments in wire.sent if address == "/aitunes/scope")
    assert struct.unpack(">64f", blob) == pytest.approx(np.linspace(-120.0, 0.0, 64))


def test_nobody_listens_and_no_spectrum_is_computed(wire):
    wire.subscribers = []
    scope = Levels()
    Publisher().publish(wire, Stage(), scope, 0)
    assert scope.asked == 0


def test_many_messages_are_sent_in_parts_one_after_another(wire):
    publisher, woken = Publisher(), []
    for n in range(2 * MAX_SENT + 1):
        publisher.notify(ANNE, "/aitunes/note", (n, 100))
    publisher.wake = lambda: woken.append(True)
    parts = []
    for _ in range(4):
        before = len(wire.heard(BELA))
        publisher.publish(wire, Stage(), SCOPE, 0)
        parts.append((len(wire.heard(BELA)) - before, len(woken)))
    assert parts == [(MAX_SENT, 1), (MAX_SENT, 2), (1, 2), (0, 2)]
    assert [arguments[0] for _, arguments in wire.heard(BELA)] == list(range(2 * MAX_SENT + 1))


def test_changes_beyond_what_can_be_told_are_left_out_and_counted_and_answers_are_not(wire):
    publisher = Publisher()
    for n in range(MAX_WAITING + 7):
        publisher.notify(ANNE, "/aitunes/note", (n, 100))
    publisher.reply(ANNE, "/synced", (1,))
    for _ in range(MAX_WAITING // MAX_SENT + 2):
        publisher.publish(wire, Stage(), SCOPE, 0)
    *notes, (address, (sentence,)) = wire.heard(BELA)
    assert len(notes) == MAX_WAITING
    assert address == "/error"
    assert sentence.startswith("7 changes came faster than they can be told")
    assert wire.heard(ANNE)[0] == ("/synced", (1,))


def test_collecting_garbage_costs_the_same_however_much_is_kept(wire):
    now = [100.0]
    publisher, kept, looked_at = Publisher(clock=lambda: now[0]), [], []
    try:
        for _ in range(4):
            kept += [[n] for n in range(20_000)]
            now[0] += COLLECT_SECONDS
            publisher.publish(wire, Stage(), SCOPE, 0)
            looked_at.append(len(gc.get_objects()))
        assert max(looked_at) < 20_000
    finally:
        gc.unfreeze()


def test_garbage_that_refers_to_itself_is_collected(wire):
    now = [100.0]
    publisher = Publisher(clock=lambda: now[0])
    stage = Stage()
    stage.itself, gone = stage, weakref.ref(stage)
    gc.disable()
    try:
        del stage
        assert gone() is not None
        now[0] += COLLECT_SECONDS
        publisher.publish(wire, Stage(), SCOPE, 0)
        assert gone() is None
    finally:
        gc.enable()
        gc.unfreeze()
