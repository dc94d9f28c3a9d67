"""An engine that is asked for more than the machine carries: what it does with its refinements, and what is heard.

    python -m benchmarks.effort [--busy 3]

Without sound device, paced by a clock. A chord is held and the pad moves; first with the default quality, alone and
beside busy processes of a lower priority (`nice`), then with all that `/aitunes/quality` can ask for, then back.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aitunes.audio_processing.defaults import DEFAULT_ITERATIONS
from benchmarks.live import Client, engine
from benchmarks.voices import STAND_IN, write_stand_in
from instrument.namespace import MAX_ITERATIONS, MAX_LOOKAHEAD

_BUSY = "while True: sum(i * i for i in range(10_000))"
_NICE = 5
_CHORD = (48, 55, 60, 64)
# What goes on, seconds, iterations, look-ahead.
_PHASES = (
    ("alone", 5.0, DEFAULT_ITERATIONS, 0),
    ("beside others", 10.0, DEFAULT_ITERATIONS, 0),
    ("asked for the most", 10.0, MAX_ITERATIONS, MAX_LOOKAHEAD),
    ("asked for less", 15.0, DEFAULT_ITERATIONS, 0),
)


def watch(client: Client, seconds: float) -> list[list[object]]:
    """Read `/status.reply` twice a second while the pad moves."""
    seen = []
    for n in range(round(2 * seconds)):
        client.send("/aitunes/smoothing", 0.5)
        client.send("/aitunes/pad/xy", (0.2, 0.8)[n % 2], 0.5)
        time.sleep(0.5)
        seen.append(client.status())
    return seen


def run(busy: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        write_stand_in(Path(folder))
        with engine("--output", "none", "--releases", folder, "--release", STAND_IN) as client:
            for note in _CHORD:
                client.send("/aitunes/note", note, 100)
            for phase, seconds, iterations, lookahead in _PHASES:
                before = client.status()
                client.send("/aitunes/quality", iterations, lookahead)
                command = ["nice", "-n", str(_NICE), sys.executable, "-c", _BUSY]
                others = [subprocess.Popen(command) for _ in range(busy if "others" in phase else 0)]
                try:
                    seen = watch(client, seconds)
                finally:
                    for other in others:
                        other.kill()
                print(f"{phase}, {seconds:.0f} s: iterations in use, twice a second {[status[14] for status in seen]}")
                print(
                    f"    underruns {seen[-1][0] - before[0]}, load mean {seen[-1][4]:.0f} %, peak {seen[-1][5]:.0f} %"
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--busy", type=int, default=3, help="processes")
    run(parser.parse_args().busy)
