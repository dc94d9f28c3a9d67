"""The pad as a process beside the engine, which is its parent: Ctrl-C ends both, and a pad that dies stops no sound."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from aitunes.osc.address import format_host_port, reachable
from aitunes.release.processes import own_process
from instrument.cli.heartbeat import Heartbeat, Patience
from instrument.storage.library import DEFAULT_RELEASE

_PATIENCE_SECONDS = 1.0
_OPENING_SECONDS = 3.0
_PATIENCE = Patience(hanging=math.inf)
"""A window that hangs may hold what somebody still wants to see; ending it is theirs."""
QT_LIBRARIES = "libegl1 libxkbcommon-x11-0 libdbus-1-3 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1"


def has_display() -> bool:
    """Return whether there is a screen to open a window on."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def pad_is_installed() -> bool:
    """Return whether Qt is installed."""
    return importlib.util.find_spec("PySide6") is not None


class PadProcess:
    """A pad that was opened for one engine.

    Args:
        options: the words of the command line.
        host, port: where the engine listens.
        report: takes sentences for the person at the terminal.
        patience: how long it may answer nothing.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        host: str,
        port: int,
        report: Callable[[str], None],
        patience: Patience = _PATIENCE,
    ) -> None:
        self._patience = patience
        self._where = format_host_port(reachable(host), port)
        self._report = report
        self._closing = False
        self._end_by: float | None = None
        words = ["--connect", self._where, "--with-engine", "--http-port", str(options.http_port)]
        if options.releases is not None:
            words += ["--releases", str(options.releases)]
        if options.release == DEFAULT_RELEASE:
            words.append("--resume")
        command, environment = own_process("instrument", "pad", *words)
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        threading.Thread(target=self._watch, name="pad-watch", daemon=True).start()

    def ask_to_end(self) -> None:
        """Have the window close, and return at once."""
        self._closing = True
        self._end_by = self._end_by or time.monotonic() + _PATIENCE_SECONDS
        if self._process.poll() is None:
            self._process.terminate()

    def close(self) -> None:
        """Close the window, whose engine has ended."""
        self.ask_to_end()
        assert self._end_by is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, self._end_by - time.monotonic()))
        self.kill()

    def kill(self) -> None:
        """End the window by force, and return at once."""
        self._closing = True
        self._process.kill()

    def _watch(self) -> None:
        begin = time.monotonic()
        for is_silent in Heartbeat(self._process, self._patience).changes():
            self._report(
                "The pad does not answer; the sound goes on. If that lasts, end it and open it again: "
                f"aitunes pad --connect {self._where}."
                if is_silent
                else "The pad answers again."
            )
        status = self._process.wait()
        if status and not self._closing:
            never_opened = sys.platform == "linux" and time.monotonic() - begin < _OPENING_SECONDS
            hint = f" If it never opened: sudo apt-get install {QT_LIBRARIES}" if never_opened else ""
            self._report(
                f"The pad has ended (status {status}); the sound goes on. "
                f"Open it again: aitunes pad --connect {self._where}.{hint}"
            )
