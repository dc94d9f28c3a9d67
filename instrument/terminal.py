"""The terminal: what a command says there, and how it ends when Ctrl-C, the system or a closed window asks it to."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from aitunes.printable import printable

_ONE_SIGNAL_SECONDS = 1.0
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Stopped(KeyboardInterrupt):
    """A signal to end; `exit_status` is the shell's for it."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_status = 128 + number


def ending_signals() -> list[signal.Signals]:
    """Return those that this system has; but under `nohup`, a closed terminal ends nothing."""
    found = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    return [one for one in found if one.name != "SIGHUP" or signal.getsignal(one) is not signal.SIG_IGN]


@contextmanager
def stoppable() -> Iterator[None]:
    """Within it, whatever signal asks the process to end raises `Stopped`."""
    last = -_ONE_SIGNAL_SECONDS

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal last
        # A terminal that closes may send two at once; the second must not end the cleaning up.
        now = time.monotonic()
        if now - last >= _ONE_SIGNAL_SECONDS:
            last = now
            raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in ending_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_at_once() -> None:
    """Have whatever signal asks the process to end do so on the spot, until somebody else takes it."""
    for number in ending_signals():
        signal.signal(number, lambda number, _frame: os._exit(128 + number))


@contextmanager
def unstoppable() -> Iterator[None]:
    """Within it, a signal to end waits: what is half made could not be cleaned up; on the main thread."""
    waiting: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _frame: waiting.append(number)) for number in ending_signals()
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in waiting:
            signal.raise_signal(late)


def say(line: str) -> None:
    """Print a line on stderr, without anything that a terminal would act on; a closed terminal is no reason to fail."""
    with suppress(OSError):
        print(printable(line, lines=True), file=sys.stderr, flush=True)


def finish() -> None:
    """Hand over what was printed, while its failure can still be told.

    Raises:
        OSError: nobody reads it any more, or the disk is full.
    """
    if sys.stdout is not None:
        sys.stdout.flush()
