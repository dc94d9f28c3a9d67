"""Bounds the end of a process: once it was asked to end, it does, whatever hangs."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from instrument.scheduling import DEVICE_PRIORITY, raise_priority
from instrument.terminal import ending_signals

MAX_ENDING_SECONDS = 2.4
"""From the question to the end; the rest of the 3 s within which it is over is for a busy system to take it apart."""

_ASKED = 0
"""Is no signal's number."""


class BoundedEnding:
    """Ends the process by force where it is not over in time after it was asked to end; a context of the main thread.

    A signal is noticed here while the main thread hangs in compiled code, too, where its handler cannot run.

    Args:
        status: the process's exit status then.
        leave: what else is ended then, without waiting for it.
        asked: called at once as it is asked to end; must not wait.
        seconds: how long an ending may take.
        exit_now: ends the process on the spot.
    """

    def __init__(
        self,
        status: Callable[[], int],
        leave: Callable[[], None] = lambda: None,
        asked: Callable[[], None] = lambda: None,
        seconds: float = MAX_ENDING_SECONDS,
        exit_now: Callable[[int], object] = os._exit,
    ) -> None:
        self._status, self._leave, self._asked = status, leave, asked
        self._seconds, self._exit = seconds, exit_now
        self._numbers = {_ASKED, *map(int, ending_signals())}
        self._over = threading.Event()
        self._reading, self._writing = socket.socketpair()
        self._writing.setblocking(False)
        self._before = -1
        self._thread = threading.Thread(target=self._wait, name="bounded-ending", daemon=True)

    def ask(self) -> None:
        """Begin to count; from any thread or signal handler, also more than once."""
        with suppress(OSError):
            self._writing.send(bytes([_ASKED]))

    def __enter__(self) -> Self:
        """Begin to watch for questions."""
        # Python's own part of a signal's handling writes its number there at once, without the interpreter.
        self._before = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop: it is over."""
        signal.set_wakeup_fd(self._before)
        self._over.set()
        self.ask()
        self._thread.join()
        self._reading.close()
        self._writing.close()

    def _wait(self) -> None:
        raise_priority(DEVICE_PRIORITY)  # nothing that hangs may hold this up, and it takes no time
        while not self._numbers.intersection(self._reading.recv(64)):
            pass
        with suppress(Exception):  # whatever it is, the process ends
            self._asked()
        if not self._over.wait(self._seconds):
            with suppress(Exception):
                self._leave()
            self._exit(self._status())
