"""Samples from one thread to another."""

import numpy as np

from instrument.listening.sample_queue import SampleQueue

RATE = 48_000


def test_samples_come_out_in_order_a_few_milliseconds_later():
    queue, y = SampleQueue(RATE), np.arange(1, 48_001, dtype=np.float32)
    heard = []
    for at in range(0, len(y), 128):
        queue.push(y[at : at + 128])
        heard.append(queue.take(128))
    heard = np.concatenate(heard)
    begin = int(np.argmax(heard > 0.0))
    assert begin <= 0.02 * RATE
    assert (heard[begin:] == y[: len(heard) - begin]).all()


def test_a_reader_that_finds_nothing_plays_silence():
    queue = SampleQueue(RATE)
    queue.push(np.ones(10, np.float32))
    assert not queue.take(128).any()


def test_a_faster_writer_does_not_make_the_sound_late():
    queue = SampleQueue(RATE)
    for n in range(2_000):
        queue.push(np.full(150, n, np.float32))
        newest = queue.take(128)[-1]
    assert newest >= 2_000 - 0.06 * RATE / 150
