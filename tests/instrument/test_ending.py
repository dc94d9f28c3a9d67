"""A process that was asked to end is over in time, whatever hangs in it."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from instrument.cli.ending import MAX_ENDING_SECONDS, BoundedEnding
from instrument.cli.sidecar import ENDING_SECONDS, Listener, Sidecar

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
    with BoundedEnding(lambda: 1, lambda: exits.left.append("pad"), seconds=0.05, exit_now=exits) as ending:
        ending.ask()
        assert exits.happened.wait(DEADLINE_SECONDS)
    assert (exits.statuses, exits.left) == ([1], ["pad"])


def test_one_that_is_over_in_time_is_left_alone(exits):
    with BoundedEnding(lambda: 0, seconds=DEADLINE_SECONDS, exit_now=exits) as ending:
        ending.ask()
        ending.ask()
    assert exits.statuses == []


def test_what_ends_beside_it_is_asked_at_once(exits):
    asked = threading.Event()
    with BoundedEnding(lambda: 0, asked=asked.set, seconds=DEADLINE_SECONDS, exit_now=exits) as ending:
        assert not asked.is_set()
        ending.ask()
        assert asked.wait(DEADLINE_SECONDS)
    assert (exits.statuses, exits.left) == ([], [])


def test_half_a_second_of_the_three_is_left_for_the_system_to_take_the_process_apart():
    assert MAX_ENDING_SECONDS <= 2.5
    assert ENDING_SECONDS < MAX_ENDING_SECONDS / 2.0


def test_nothing_ends_before_it_is_asked(exits):
    with BoundedEnding(lambda: 0, seconds=0.0, exit_now=exits):
        assert not exits.happened.wait(0.3)
    assert exits.statuses == []


def test_what_fails_on_the_way_does_not_keep_it_alive(exits):
    def fail():
        raise RuntimeError("the pad has gone already")

    with BoundedEnding(lambda: 0, fail, fail, 0.0, exits) as ending:
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


class Stopped:
    """A process that hears nothing, as one under SIGSTOP; waiting for it takes a clock's time."""

    def __init__(self, clock):
        self.stdin, self.stdout, self._clock, self._killed = None, io.StringIO(), clock, threading.Event()

    def poll(self):
        return -9 if self._killed.is_set() else None

    def wait(self, timeout=None):
        if timeout is None:
            self._killed.wait(DEADLINE_SECONDS)
        elif not self._killed.is_set():
            self._clock.now += timeout
            raise subprocess.TimeoutExpired("stopped", timeout)
        return -9

    def kill(self):
        self._killed.set()


class Hands:
    """A clock that stands still unless somebody waits."""

    now = 100.0

    def __call__(self):
        return self.now


def test_processes_that_hear_nothing_are_killed_together_a_second_after_they_were_asked():
    clock = Hands()
    listener = Listener(lambda sentence: None, lambda name, runs: None)
    sidecars = [Sidecar(f"number {n}", lambda: Stopped(clock), listener, clock=clock) for n in range(3)]
    for sidecar in sidecars:
        sidecar.open()
    for sidecar in sidecars:
        sidecar.ask_to_end()
    clock.now += 0.4  # meanwhile the engine closes
    for sidecar in sidecars:
        sidecar.close()
    assert clock.now == pytest.approx(100.0 + ENDING_SECONDS)


def test_one_can_be_killed_without_waiting():
    words = [sys.executable, "-c", "import time; time.sleep(600)"]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    sidecar = Sidecar("it", lambda: process, Listener(lambda sentence: None, lambda name, runs: None))
    sidecar.open()
    process.send_signal(signal.SIGSTOP)
    sidecar.kill()
    assert process.wait(DEADLINE_SECONDS) == -signal.SIGKILL
    sidecar.close()
    process.stdin.close()


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
