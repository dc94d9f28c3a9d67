"""Starts and closes outputs so that a sound server that hangs holds up nobody."""

from __future__ import annotations

import atexit
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Protocol, TypeVar

from aitunes.errors import AiTunesError
from instrument.outputs import OutputError
from instrument.scheduling import DEVICE_PRIORITY, raised_priority


class Device(Protocol):
    """Stands for an output or an input."""

    name: str

    def start(self) -> None:
        """Begin."""

    def close(self) -> None:
        """Stop at once and free resources."""


T = TypeVar("T")
D = TypeVar("D", bound=Device)
OPEN_SECONDS = 5.0
"""Sets how long to wait for a device that opens or starts."""
CLOSE_SECONDS = 1.0
"""Sets how long to wait for a device that closes."""


def start_output(output: Device) -> None:
    """Start an output or input with a callback above all of our own threads.

    Raises:
        OutputError: it cannot be started.
    """
    # PortAudio's callback thread inherits the priority of the thread that starts it.
    with raised_priority(DEVICE_PRIORITY):
        try:
            output.start()
        except AiTunesError:
            raise
        except Exception as error:  # PortAudio's own, which exists only where PortAudio does
            raise OutputError(f"{output.name} cannot be started: {error}") from error


_CLOSING = "close-output"


class OutputCloser:
    """Opens and closes outputs and inputs on their own threads, one after another.

    PortAudio waits for ever for a sound server that hangs, and may abort the process where two change at once. So each
    waits for the one before it, `CLOSE_SECONDS` at most.
    """

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    @property
    def hanging(self) -> bool:
        """Return whether an output has not opened or closed yet."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        return bool(self._threads)

    def open(self, open_output: Callable[[], D]) -> D:
        """Open an output, or give up after `OPEN_SECONDS`; one that opens later is closed.

        Raises:
            OutputError: it cannot be opened.
        """
        return self._bounded(open_output, lambda late: late.close())

    def start(self, output: Device) -> None:
        """Start an output, or give up after `OPEN_SECONDS`.

        Raises:
            OutputError: it cannot be started.
        """
        self._bounded(lambda: start_output(output), lambda _: None)

    def _bounded(self, function: Callable[[], T], close_late: Callable[[T], None]) -> T:
        ended: Future[T] = Future()

        def run() -> None:
            try:
                ended.set_result(function())
            except BaseException as error:  # noqa: BLE001  raised again by who waits
                ended.set_exception(error)

        self._run_after_others(run, "open-output")
        try:
            return ended.result(OPEN_SECONDS)
        except FutureTimeout:
            ended.add_done_callback(lambda late: None if late.exception() else close_late(late.result()))
            raise OutputError(f"The sound device does not answer within {OPEN_SECONDS:g} s.") from None

    def close(self, output: Device) -> None:
        """Begin to close an output; returns at once."""
        self._run_after_others(output.close, _CLOSING)

    def _run_after_others(self, function: Callable[[], None], name: str) -> None:
        before = self._threads[-1:]

        def run() -> None:
            for thread in before:
                thread.join(CLOSE_SECONDS)
            function()

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads = [*self._threads, thread]
        thread.start()

    def wait(self) -> None:
        """Wait for the outputs that close, `CLOSE_SECONDS` for all of them."""
        deadline = time.monotonic() + CLOSE_SECONDS
        for thread in [thread for thread in self._threads if thread.name == _CLOSING]:
            thread.join(max(0.0, deadline - time.monotonic()))

    def abandon(self) -> None:
        """Let the process end although an output hangs, because PortAudio would wait for it at the exit, too."""
        sounddevice = sys.modules.get("sounddevice")
        if sounddevice is not None and self.hanging:
            atexit.unregister(sounddevice._exit_handler)
