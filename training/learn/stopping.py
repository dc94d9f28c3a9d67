"""Ends learning early so that the best is kept: by Ctrl-C, by a signal, or by the word `stop`."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import IO, TypeVar

T = TypeVar("T")


class Stop:
    """A wish to stop that work looks at between two steps.

    Attributes:
        requested: somebody wishes to stop.
        is_gentle: there is something to keep, so the wish is noted; before that it interrupts at once.
        is_waiting: the work may be interrupted without a loss.
    """

    def __init__(self) -> None:
        self.requested = False
        self.is_gentle = False
        self.is_waiting = False

    def request(self) -> None:
        """Note the wish.

        Raises:
            KeyboardInterrupt: there is nothing to keep yet, the work may be interrupted, or it is the second wish.
        """
        was_requested, self.requested = self.requested, self.is_gentle
        if was_requested or not self.is_gentle or self.is_waiting:
            raise KeyboardInterrupt

    def next_of(self, steps: Iterator[T]) -> T | None:
        """Return the next of some steps; None at their end, or where a wish to stop came while they were waited for.

        Raises:
            KeyboardInterrupt: there is nothing to keep yet.
        """
        try:
            self.is_waiting = True
            return next(steps, None)
        except KeyboardInterrupt:
            if not self.is_gentle:
                raise
            return None
        finally:
            self.is_waiting = False


@contextlib.contextmanager
def stop_by_signals(stop: Stop) -> Iterator[None]:
    """Have Ctrl-C and the system's wish to end stop the work, while the context lasts; only in the main thread."""

    def handle(number: int, frame: FrameType | None) -> None:
        stop.request()

    names = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {name: signal.signal(name, handle) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def stop_by_word(stop: Stop, stream: IO[str]) -> None:
    """Have a line `stop` do as Ctrl-C does; what ends the stream itself means nothing."""

    def listen() -> None:
        with contextlib.suppress(ValueError, OSError):  # the stream was closed
            for line in stream:
                if line.strip() == "stop":
                    signal.raise_signal(signal.SIGINT)  # handled by the main thread, between two instructions

    threading.Thread(target=listen, name="stop", daemon=True).start()
