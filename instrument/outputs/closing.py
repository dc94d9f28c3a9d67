"""Starts and closes outputs so that a sound server that hangs holds up nobody."""

from __future__ import annotations

import atexit
import sys
import threading
import time

from aitunes.errors import AiTunesError
from instrument.outputs import Output, OutputError
from instrument.scheduling import DEVICE_PRIORITY, raised_priority

CLOSE_SECONDS = 2.0
"""Sets how long to wait for a device that closes."""


def start_output(output: Output) -> None:
    """Start an output with a callback above all of our own threads.

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


class OutputCloser:
    """Closes each output on its own thread, because PortAudio waits for ever for a sound server that has gone."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    @property
    def hanging(self) -> bool:
        """Return whether an output has not closed yet."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        return bool(self._threads)

    def close(self, output: Output) -> None:
        """Begin to close an output; returns at once."""
        thread = threading.Thread(target=output.close, name="close-output", daemon=True)
        self._threads = [*self._threads, thread]
        thread.start()

    def wait(self) -> None:
        """Wait for the outputs that close, `CLOSE_SECONDS` for all of them."""
        deadline = time.monotonic() + CLOSE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def abandon(self) -> None:
        """Let the process end although an output hangs, because PortAudio would wait for it at the exit, too."""
        sounddevice = sys.modules.get("sounddevice")
        if sounddevice is not None and self.hanging:
            atexit.unregister(sounddevice._exit_handler)
