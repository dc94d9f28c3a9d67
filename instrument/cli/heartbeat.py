"""Asks processes beside the engine for signs of life, and has them answer from what must not hang in them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """Says how long a process may answer nothing, seconds.

    Args:
        ask: between two questions.
        beginning: until its first answer, while it loads what it needs.
        silent: later on, before people hear of it.
        hanging: after which it is ended.
    """

    ask: float = 2.0
    beginning: float = 120.0
    silent: float = 15.0
    hanging: float = 60.0


PATIENCE = Patience()


class Heartbeat:
    """Follows the answers of one process: a byte on its standard output for each on its standard input.

    Args:
        process: with a pipe for both.
        patience: how long it may answer nothing.
        clock: seconds that never go back.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], patience: Patience, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._process, self._patience, self._clock = process, patience, clock
        self._limit = patience.beginning
        self._asked: float | None = None
        self._is_over = threading.Event()
        threading.Thread(target=self._listen, name="heartbeat", daemon=True).start()

    def changes(self, may_ask: Callable[[], bool] = lambda: True) -> Iterator[bool]:
        """Ask until the process has ended; yield True where it falls silent, and False where it answers again.

        Args:
            may_ask: tells whether the process is to answer already.
        """
        was_silent = False
        while not self._has_ended():
            if may_ask() and not was_silent:  # it answers what waits as soon as it goes on
                self._ask()
            asked = self._asked
            silence = 0.0 if asked is None else self._clock() - asked
            is_silent = silence > self._limit
            if is_silent is not was_silent:
                was_silent = is_silent
                yield is_silent
            if silence > max(self._limit, self._patience.hanging):
                self._process.kill()

    def _ask(self) -> None:
        # Again each time: one that still loads what answers may have passed over the first question.
        self._asked = self._clock() if self._asked is None else self._asked
        release(self._process)

    def _has_ended(self) -> bool:
        """Wait until the next question is due; return whether the process has ended meanwhile."""
        return self._is_over.wait(self._patience.ask) or self._process.poll() is not None

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as answers, contextlib.suppress(OSError, ValueError):
            while os.read(answers.fileno(), 64):
                self._asked, self._limit = None, self._patience.silent
        self._is_over.set()


def release(process: subprocess.Popen[bytes]) -> None:
    """Send a process the byte that it waits for before it begins, and later on answers."""
    assert process.stdin is not None
    with contextlib.suppress(OSError, ValueError):  # it has ended, or is being ended
        process.stdin.write(b"\n")
        process.stdin.flush()


def follow_engine(stop: Callable[[], None], in_loop: Callable[[Callable[[], None]], None] | None = None) -> None:
    """Call a function once the engine that started this process has ended; answer it until then.

    Args:
        stop: called on a thread of its own.
        in_loop: runs a function in the loop that must not hang; None answers nothing.
    """

    def watch() -> None:
        # The engine holds the other end of this pipe, which closes with it, however it ends.
        while os.read(sys.stdin.fileno(), 1):  # a buffered reader would be locked when the interpreter ends
            if in_loop is not None:
                in_loop(_answer)
        stop()

    threading.Thread(target=watch, name="engine-watch", daemon=True).start()


def _answer() -> None:
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), b"\n")
