"""Watch a running AiTunes: its status every second, and what it tells its subscribers in between.

aitunes &
python examples/python/status.py --seconds 60
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import sys
import time

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import build_msg

SILENCE_DB = -120.0
NOISY = ("/aitunes/meter", "/aitunes/scope")  # 25 a second each


def ask(engine: socket.socket, address: str, *arguments: int) -> None:
    """Send one message; an engine that is gone is noticed by its silence."""
    with contextlib.suppress(ConnectionRefusedError):
        engine.send(build_msg(address, arguments).dgram)


def receive(engine: socket.socket, until: float) -> OscMessage | None:
    """Return the next message, or None when there was none until then."""
    while (left := until - time.monotonic()) > 0.0:
        engine.settimeout(left)
        try:
            return OscMessage(engine.recv(65_536))
        except ConnectionRefusedError:
            time.sleep(min(0.05, left))
        except TimeoutError:
            break
    return None


def line(status: list[float | str | bool], level: float) -> str:
    """Return a `/status.reply` as a person reads it."""
    underruns, late, malformed, subscribers, mean, peak = status[:6]
    latency = sum(status[8:12])
    sounding = "plays" if status[13] else "is silent"
    return (
        f"{status[12]} {sounding} at {level:6.1f} dB; load {mean:.0f} %, peak {peak:.0f} %; latency {latency:.1f} ms; "
        f"{underruns} underruns, {late} late, {malformed} malformed, {subscribers} listening"
    )


def watch(engine: socket.socket, seconds: float) -> bool:
    """Print what there is to know; whether the engine answered at all."""
    level, answered, end = SILENCE_DB, False, time.monotonic() + seconds
    while time.monotonic() < end:
        ask(engine, "/notify", 1)
        ask(engine, "/status")
        until = min(end, time.monotonic() + 1.0)
        while (message := receive(engine, until)) is not None:
            if message.address == "/status.reply":
                answered = True
                print(line(message.params, level), flush=True)
            elif message.address == "/done" and len(message.params) == 3:
                ask(engine, "/notify", 1, message.params[2])  # we are where we say, so the level may flow
            elif message.address == "/aitunes/meter":
                level = message.params[1]
            elif message.address not in (*NOISY, "/done"):
                print(" ", message.address, *message.params, flush=True)
    ask(engine, "/notify", 0)
    return answered


def main() -> int:
    """Read the command line and watch."""
    parser = argparse.ArgumentParser(description="Watch a running AiTunes.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7420)
    parser.add_argument("--seconds", type=float, default=3600.0)
    options = parser.parse_args()
    engine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    engine.connect((options.host, options.port))
    if not watch(engine, options.seconds):
        print(f"No AiTunes answers at {options.host}:{options.port}; start one with `aitunes`.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
