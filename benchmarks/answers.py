"""Measures the time from a question to the engine's answer, beside a bare UDP echo in a process of its own.

python -m benchmarks.answers [--count 500] [-- arguments of aitunes play]
"""

from __future__ import annotations

import argparse
import contextlib
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.live import engine

QUESTIONS = ("/sync", "/status", "/aitunes/gain", "/aitunes/release/load")
ECHO = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True:
    data, peer = s.recvfrom(65536)
    s.sendto(data, peer)
"""


def main() -> int:
    """Measure and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("arguments", nargs="*", default=["--output", "none"])
    options = parser.parse_args()
    print("ms from question to answer           median      p99      max")
    with echo() as ask:
        print_row("a bare UDP echo", ask, options.count)
    with engine(*options.arguments) as client:
        for address in QUESTIONS:
            arguments = (1,) if address == "/sync" else ()
            print_row(
                address, lambda address=address, arguments=arguments: client.ask(address, *arguments), options.count
            )
    return 0


def print_row(name: str, ask: Callable[[], object], count: int) -> None:
    """Ask so many times at random moments and print the times."""
    seconds = []
    for _ in range(count):
        time.sleep(random.uniform(0.005, 0.02))
        begin = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - begin)
    median, late = np.percentile(seconds, [50, 99])
    print(f"{name:34}{1e3 * median:9.2f}{1e3 * late:9.2f}{1e3 * max(seconds):9.2f}")


@contextlib.contextmanager
def echo() -> Iterator[Callable[[], bytes]]:
    """Run a UDP echo in a process of its own; return a function that asks it."""
    with subprocess.Popen([sys.executable, "-c", ECHO], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            link.connect(("127.0.0.1", int(process.stdout.readline())))
            link.settimeout(5.0)

            def ask() -> bytes:
                link.send(b"/sync\0\0\0,i\0\0\0\0\0\1")
                return link.recv(64)

            try:
                yield ask
            finally:
                process.kill()


if __name__ == "__main__":
    raise SystemExit(main())
