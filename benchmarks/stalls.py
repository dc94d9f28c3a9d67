"""Shows how long the machine lets programs wait: a process that only sleeps notes when it wakes up late.

`benchmarks.note_latency` starts it. It ends with its input, and prints each wake-up that was late by half a
millisecond or more.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

_NAP_SECONDS = 0.001
_LATE_SECONDS = 0.0005


class Stall(NamedTuple):
    """Says when a sleeper woke up, seconds of `time.monotonic`, and how much too late, seconds."""

    woke: float
    late: float


def main() -> None:
    """Sleep until the input ends, and print the stalls as JSON in one line."""
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    print(json.dumps(late_wakes(ended.is_set, time.monotonic, time.sleep)), flush=True)


def late_wakes(is_ended: Callable[[], bool], clock: Callable[[], float], sleep: Callable[[float], None]) -> list[Stall]:
    """Sleep again and again until the end; return the times when that took too long."""
    stalls = []
    while not is_ended():
        before = clock()
        sleep(_NAP_SECONDS)
        woke = clock()
        if (late := woke - before - _NAP_SECONDS) >= _LATE_SECONDS:
            stalls.append(Stall(woke, late))
    return stalls


@contextlib.contextmanager
def witness() -> Iterator[Callable[[], list[Stall]]]:
    """Run one, as urgent as this program; yields what ends it and returns what it saw."""
    command = [sys.executable, "-m", "benchmarks.stalls"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield lambda: [Stall(*stall) for stall in json.loads(process.communicate(timeout=10)[0])]


def describe_stalls(stalls: Sequence[Stall], begin: float, end: float) -> str:
    """Describe what was seen between two moments.

    >>> describe_stalls([Stall(0.5, 0.004), Stall(2.0, 0.0015), Stall(3.0, 0.0008)], 1.0, 61.0)
    'a sleeper woke up at most 1.5 ms late; by over 1 ms 1 times a minute, over 4 ms 0 times'
    """
    late_ms = np.array([1e3 * stall.late for stall in stalls if begin <= stall.woke <= end])
    minutes = (end - begin) / 60.0
    often, long = ((late_ms > most).sum() / minutes for most in (1.0, 4.0))
    return (
        f"a sleeper woke up at most {late_ms.max(initial=0.0):.1f} ms late; "
        f"by over 1 ms {often:.0f} times a minute, over 4 ms {long:.0f} times"
    )


if __name__ == "__main__":
    main()
