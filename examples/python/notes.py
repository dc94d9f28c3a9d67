"""Play a melody on a running AiTunes: notes in time-tagged bundles, while the timbre wanders with them.

    aitunes &
    python examples/python/notes.py --bars 4

Every bundle carries the moment it is meant for, a little ahead, so that neither this program's rhythm nor the
network's is heard: the engine puts it at its place in the sound.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time

from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import build_msg

MELODY = (57, 60, 64, 69, 67, 64, 60, 62)  # MIDI notes, an eighth each
VELOCITY = 96
AHEAD_SECONDS = 0.1


class Engine:
    """The engine's side of the conversation."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((host, port))
        self._socket.settimeout(3.0)

    def answers(self) -> bool:
        """Return whether there is one."""
        self._socket.send(build_msg("/version").dgram)
        try:
            return OscMessage(self._socket.recv(65_536)).address == "/version.reply"
        except (TimeoutError, ConnectionRefusedError):
            return False

    def at(self, seconds: float, *messages: tuple[str, list[float | int]]) -> None:
        """Send messages that apply together, at a time of `time.time`."""
        bundle = OscBundleBuilder(seconds)  # type: ignore[arg-type]  it takes a float, whatever it declares
        for address, arguments in messages:
            bundle.add_content(build_msg(address, arguments))
        self._socket.send(bundle.build().dgram)


def play(engine: Engine, bars: int, eighth_seconds: float) -> None:
    """Play the melody, each note with its place on the pad; returns when the last one has ended."""
    moment = time.time() + AHEAD_SECONDS
    for step in range(bars * len(MELODY)):
        note, phase = MELODY[step % len(MELODY)], step / (bars * len(MELODY))
        x = 0.5 - 0.4 * abs(2.0 * phase - 1.0)
        engine.at(moment, ("/aitunes/note", [note, VELOCITY]), ("/aitunes/pad/xy", [x, 1.0 - x]))
        engine.at(moment + 0.9 * eighth_seconds, ("/aitunes/note", [note, 0]))
        moment += eighth_seconds
        time.sleep(max(0.0, moment - AHEAD_SECONDS - time.time()))
    time.sleep(AHEAD_SECONDS)


def main() -> int:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(description="Play a melody on a running AiTunes.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7420)
    parser.add_argument("--bars", type=int, default=2)
    parser.add_argument("--tempo", type=float, default=110.0, help="beats a minute")
    options = parser.parse_args()
    engine = Engine(options.host, options.port)
    if not engine.answers():
        print(f"No AiTunes answers at {options.host}:{options.port}; start one with `aitunes`.", file=sys.stderr)
        return 1
    play(engine, options.bars, 30.0 / options.tempo)
    return 0


if __name__ == "__main__":
    sys.exit(main())
