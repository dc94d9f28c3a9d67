"""An hour of programs that come, subscribe and leave without a word, on a clock that the test turns."""

import tracemalloc

from aitunes.osc.packets import build
from instrument.osc.access import Access
from instrument.osc.dispatcher import Dispatcher
from instrument.osc.subscribers import LEASE_SECONDS, Subscribers

ANNE = ("127.0.0.1", 1)
HOUR_SECONDS = 3_600


def test_who_leaves_without_a_word_is_forgotten_and_who_stays_keeps_its_replies(fake_engine):
    now = [0.0]
    subscribers, replies = Subscribers(lambda: now[0]), {}

    def reply(peer, address, _):
        replies[peer] = address

    dispatcher = Dispatcher(fake_engine(), subscribers, reply, access=Access(lambda: now[0]))
    notify, status = build("/notify", 1), build("/status")
    dispatcher.receive(notify, ANNE, 0.0)
    memory = 0
    tracemalloc.start()
    for second in range(HOUR_SECONDS):
        now[0] = float(second)
        replies.clear()
        stranger = ("127.0.0.1", 2 + second)
        dispatcher.receive(notify, stranger, now[0])
        assert replies.pop(stranger) == "/done"
        if second % 20 == 0:
            dispatcher.receive(status, ANNE, now[0])
            assert replies == {ANNE: "/status.reply"}
        told = subscribers.current()
        assert ANNE in told
        assert len(told) <= 2 + LEASE_SECONDS
        if second == HOUR_SECONDS // 2:
            memory = tracemalloc.get_traced_memory()[0]
    grown = tracemalloc.get_traced_memory()[0] - memory
    tracemalloc.stop()
    assert grown < 10_000
    now[0] += LEASE_SECONDS
    dispatcher.receive(status, ANNE, now[0])
    now[0] += LEASE_SECONDS
    assert subscribers.current() == [ANNE]
    now[0] += 0.001
    assert subscribers.current() == []
    assert len(subscribers) == 0
