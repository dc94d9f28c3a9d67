"""Sends what is played to those who listen: whole, in order, and nothing while nobody does."""

import numpy as np
import pytest

from instrument.engine.sound_feed import MAX_LISTENERS, SoundFeed
from instrument.namespace import MessageError

ANNE = ("127.0.0.1", 1)


def blocks(y, size=128):
    return [y[start : start + size] for start in range(0, len(y), size)]


def play(feed, y, rate=48_000.0):
    sent = []
    for block in blocks(y):
        feed.push(block, rate)
        feed.publish(lambda peer, address, arguments: sent.append((peer, arguments)))
    return sent


def test_the_packets_are_the_sound_in_sixteen_bits(rng):
    y = rng.uniform(-1.2, 1.2, (4_800, 2)).astype(np.float32)
    feed = SoundFeed(lambda: 0.0)
    feed.listen(ANNE, 5)
    sent = play(feed, y)
    samples = np.frombuffer(b"".join(arguments[2] for _, arguments in sent), "<i2").reshape(-1, 2)
    assert len(samples) == 4_800
    assert np.abs(samples / 32_767.0 - np.clip(y, -1.0, 1.0)).max() <= 0.51 / 32_767.0
    assert [arguments[0] for _, arguments in sent] == list(range(1, 6))
    assert {(peer, arguments[1], len(arguments[2])) for peer, arguments in sent} == {(ANNE, 48_000, 960 * 4)}


def test_nothing_is_kept_or_sent_while_nobody_listens_or_once_the_time_is_over():
    now = [0.0]
    feed = SoundFeed(lambda: now[0])
    y = np.ones((9_600, 2), np.float32)
    assert play(feed, y) == []
    feed.listen(ANNE, 5)
    assert play(feed, y)
    now[0] = 6.0
    assert play(feed, y) == []
    feed.listen(ANNE, 5)
    feed.listen(ANNE, 0)
    assert play(feed, y) == []


def test_another_rate_begins_another_packet():
    feed = SoundFeed(lambda: 0.0)
    feed.listen(ANNE, 5)
    play(feed, np.ones((900, 2), np.float32))
    (sent,) = play(feed, np.zeros((882, 2), np.float32), 44_100.0)
    assert sent[1][1] == 44_100
    assert set(sent[1][2]) == {0}


def test_only_so_many_listen():
    feed = SoundFeed(lambda: 0.0)
    for port in range(MAX_LISTENERS):
        feed.listen(("127.0.0.1", port), 5)
    feed.listen(("127.0.0.1", 0), 5)
    with pytest.raises(MessageError, match="listen already"):
        feed.listen(("127.0.0.1", 99), 5)
