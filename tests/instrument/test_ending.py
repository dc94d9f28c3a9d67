"""A process that was asked to end is over in time, whatever hangs in it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from instrument.cli.ending import MAX_ENDING_SECONDS, BoundedEnding
from instrument.cli.sidecar import Listener, Sidecar

DEADLINE_SECONDS = 60.0


class Exits:
    """Notes how the process would have ended, and when that is over."""

    def __init__(self):
        self.statuses, self.left, self.happened = [], [], threading.Event()

    def __call__(self, status):
        self.statuses.append(status)
        self.happened.set()


@pytest.fixture
def exits():
    return Exits()


def test_an_ending_that_hangs_is_cut_off_with_the_engines_status(exits):
    with BoundedEnding(lambda: 1, lambda: exits.left.append("pad"), 0.05, exits) as ending:
        ending.ask()
        assert exits.happened.wait(DEADLINE_SECONDS)
    assert (exits.statuses, exits.left) == ([1], ["pad"])


def test_one_that_is_over_in_time_is_left_alone(exits):
    with BoundedEnding(lambda: 0, seconds=DEADLINE_SECONDS, exit_now=exits) as ending:
        ending.ask()
        ending.ask()
    assert exits.statuses == []


def test_nothing_ends_before_it_is_asked(exits):
    with BoundedEnding(lambda: 0, seconds=0.0, exit_now=exits):
        assert not exits.happened.wait(0.3)
    assert exits.statuses == []


def test_what_fails_on_the_way_does_not_keep_it_alive(exits):
    def fail():
        raise RuntimeError("the pad has gone already")

    with BoundedEnding(lambda: 0, fail, 0.0, exits) as ending:
        ending.ask()
        assert exits.happened.wait(DEADLINE_SECONDS)


def test_what_was_set_for_signals_is_set_again(exits):
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    with reading, writing:
        signal.set_wakeup_fd(writing.fileno())
        with BoundedEnding(lambda: 0, exit_now=exits):
            pass
        assert signal.set_wakeup_fd(-1) == writing.fileno()


@pytest.mark.skipif(os.name == "nt", reason="signals of Windows end a process by themselves")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_is_noticed_while_the_main_thread_hangs_where_no_handler_runs(name):
    program = (
        "import signal, threading\n"
        "from instrument.cli.ending import BoundedEnding\n"
        f"signal.signal(signal.{name}, lambda *_: None)\n"
        "with BoundedEnding(lambda: 7, seconds=0.1):\n"
        "    print('here', flush=True)\n"
        "    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})\n"
        "    while True:\n"
        "        threading.Lock() and signal.sigwait({signal.SIGUSR1})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"here\n"
    process.send_signal(getattr(signal, name))
    assert process.wait(DEADLINE_SECONDS) == 7
    process.stdout.close()


def test_processes_beside_the_engine_end_side_by_side_and_within_its_bound():
    stubborn = [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"]

    def start():
        return subprocess.Popen(stubborn, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    sidecars = [
        Sidecar(f"number {n}", start, Listener(lambda sentence: None, lambda name, runs: None)) for n in range(2)
    ]
    for sidecar in sidecars:
        sidecar.open()
    began = time.monotonic()
    for sidecar in sidecars:
        sidecar.ask_to_end()
    assert time.monotonic() - began < 0.5
    for sidecar in sidecars:
        sidecar.close()
    assert time.monotonic() - began < MAX_ENDING_SECONDS + 1.0
