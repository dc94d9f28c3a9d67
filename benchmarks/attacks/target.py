"""Runs an engine to be attacked, and has what every attack needs."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from aitunes.osc.client import Client

ESCAPE = "\x1b"
_START_SECONDS = 240.0


class BrokenError(Exception):
    """Something that did not hold, and what happened."""


class NotTriedError(Exception):
    """An attack that this machine cannot make, and why."""


class Target:
    """An engine in a process of its own, without sound, with all its ports open on this machine.

    Args:
        home: its data folder.
        words: further words of its command line.
    """

    def __init__(self, home: Path, *words: str) -> None:
        self.home = home
        command = [
            sys.executable,
            "-m",
            "instrument",
            "play",
            "--output",
            "none",
            "--no-pad",
            "--no-midi",
            "--no-oscquery",
        ]
        self.process = subprocess.Popen(
            [*command, "--osc-tcp", "--osc-port", "0", *words],
            env={**os.environ, "AITUNES_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
        )
        self.lines: list[str] = []
        self._port = threading.Event()
        self.port = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._port.wait(_START_SECONDS):
            self.close()
            sys.exit(f"the engine did not start: {''.join(self.lines)}")

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if found := re.search(r"OSC at [^ ]+:(\d+)", line):
                self.port = int(found[1])
                self._port.set()

    @property
    def text(self) -> str:
        """Everything that it has printed."""
        return "".join(self.lines)

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        """Yield an honest client."""
        with Client("127.0.0.1", self.port) as client:
            yield client

    def udp(self) -> socket.socket:
        """Return a socket that sends to the engine."""
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.connect(("127.0.0.1", self.port))
        return sender

    def check_alive(self) -> None:
        """Ask for the status.

        Raises:
            BrokenError: the process has ended or does not answer.
        """
        if self.process.poll() is not None:
            raise BrokenError(f"the engine has ended with {self.process.returncode}")
        with self.client() as client:
            client.ask("/status", timeout_seconds=10.0)

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10.0)
        self.process.kill()
        self.process.wait()
        self._reader.join(10.0)


def require(holds: bool, otherwise: str) -> None:
    """Raise `BrokenError` where something does not hold."""
    if not holds:
        raise BrokenError(otherwise)


def forge(source: tuple[str, int], target: tuple[str, int], datagram: bytes) -> None:
    """Send a datagram with somebody else's address as its sender."""
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    except PermissionError as error:
        raise NotTriedError("a forged sender needs the rights of root") from error
    udp = struct.pack(">HHHH", source[1], target[1], 8 + len(datagram), 0) + datagram
    ip = struct.pack(
        ">BBHHHBBH4s4s",
        0x45,
        0,
        20 + len(udp),
        0,
        0,
        64,
        socket.IPPROTO_UDP,
        0,
        *map(socket.inet_aton, (source[0], target[0])),
    )
    with raw:
        raw.sendto(ip + udp, (target[0], 0))
