"""Wander over the pad of a running AiTunes: a slow random walk, and what the engine tells its subscribers.

    aitunes &
    python examples/python/wander.py --seconds 20

Needs python-osc only, so it also runs on another machine (start the engine with --osc-host 0.0.0.0).
"""

from __future__ import annotations

import argparse
import random
import socket
import sys
import time

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import build_msg

STEP_SECONDS = 0.5


class Engine:
    """The engine's side of the conversation, over one UDP socket, because replies come back to the sender."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((host, port))

    def send(self, address: str, *arguments: float | int | str) -> None:
        """Send one message."""
        self._socket.send(build_msg(address, arguments).dgram)

    def receive(self, seconds: float) -> OscMessage | None:
        """Return the next message, or None when there was none for so long."""
        self._socket.settimeout(seconds)
        try:
            return OscMessage(self._socket.recv(65_536))
        except (TimeoutError, ConnectionRefusedError):
            return None


def wander(engine: Engine, seconds: float, rng: random.Random) -> None:
    """Walk, print errors and the level as they come, and leave the pad in the middle."""
    x, y = 0.5, 0.5
    engine.send("/aitunes/smoothing", STEP_SECONDS)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        x = min(1.0, max(0.0, x + rng.gauss(0.0, 0.15)))
        y = min(1.0, max(0.0, y + rng.gauss(0.0, 0.15)))
        engine.send("/aitunes/pad/xy", x, y)
        level = listen(engine, min(end, time.monotonic() + STEP_SECONDS))
        print(f"x {x:.2f}  y {y:.2f}  {level:6.1f} dB")
    engine.send("/aitunes/pad/xy", 0.5, 0.5)


def listen(engine: Engine, until: float) -> float:
    """Print what goes wrong until then; the last level heard of, dB."""
    level = -120.0
    while (left := until - time.monotonic()) > 0.0:
        message = engine.receive(left)
        if message is None:
            time.sleep(max(0.0, min(0.05, until - time.monotonic())))
        elif message.address == "/done" and len(message.params) == 3:
            engine.send("/notify", 1, message.params[2])  # asked again whether we are where we say
        elif message.address == "/aitunes/meter":
            level = message.params[1]
        elif message.address in ("/fail", "/error"):
            print(*message.params, file=sys.stderr)
    return level


def main() -> int:
    """Read the command line and wander."""
    parser = argparse.ArgumentParser(description="Wander over the pad of a running AiTunes.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7420)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seed", type=int, help="the same walk again")
    options = parser.parse_args()
    engine = Engine(options.host, options.port)
    engine.send("/notify", 1)
    answer = engine.receive(3.0)
    if answer is None:
        print(f"No AiTunes answers at {options.host}:{options.port}; start one with `aitunes`.", file=sys.stderr)
        return 1
    engine.send("/notify", 1, answer.params[-1])  # the number that it sent to us: we are where we say
    wander(engine, options.seconds, random.Random(options.seed))
    engine.send("/notify", 0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
