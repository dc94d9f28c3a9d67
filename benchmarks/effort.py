"""An engine that is overloaded, and then is not: what it does with its refinements, and what the listener hears of it.

    python -m benchmarks.effort [--iterations 64] [--busy 3]

Without sound device and without real-time scheduling, on one core that it shares with busy processes of a lower
priority (`nice`) for some seconds, while a chord is held and the pad moves. Linux only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.live import Client, engine
from benchmarks.voices import STAND_IN, write_stand_in

_BUSY = "while True: sum(i * i for i in range(10_000))"
_NICE = 5
_CHORD = (48, 55, 60, 64)
_PHASES = (("alone", 5.0), ("busy", 10.0), ("alone", 20.0))


def watch(client: Client, seconds: float) -> list[list[object]]:
    """Two looks a second at `/status.reply`, while the pad moves."""
    seen = []
    for n in range(round(2 * seconds)):
        client.send("/aitunes/glide", 0.5)
        client.send("/aitunes/pad/xy", (0.2, 0.8)[n % 2], 0.5)
        time.sleep(0.5)
        seen.append(client.status())
    return seen


def confine(pid: int) -> None:
    """One core, no real-time scheduling."""
    process = psutil.Process(pid)
    for thread in process.threads():
        os.sched_setscheduler(thread.id, os.SCHED_OTHER, os.sched_param(0))
        os.sched_setaffinity(thread.id, {0})


def run(iterations: int, busy: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        write_stand_in(Path(folder))
        words = ["--output", "none", "--releases", folder, "--release", STAND_IN, "--iterations", str(iterations)]
        with engine(*words) as client:
            confine(client.pid)
            for note in _CHORD:
                client.send("/aitunes/note", note, 100)
            for phase, seconds in _PHASES:
                command = ["taskset", "-c", "0", "nice", "-n", str(_NICE), sys.executable, "-c", _BUSY]
                others = [subprocess.Popen(command) for _ in range(busy if phase == "busy" else 0)]
                before = client.status()
                try:
                    seen = watch(client, seconds)
                finally:
                    for other in others:
                        other.kill()
                steps = [status[14] for status in seen]
                print(f"{phase:6} {seconds:4.0f} s: iterations {steps}")
                print(f"       underruns {seen[-1][0] - before[0]}, load mean {seen[-1][4]:.0f} %")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--iterations", type=int, default=64)
    parser.add_argument("--busy", type=int, default=3, help="processes")
    arguments = parser.parse_args()
    run(arguments.iterations, arguments.busy)
