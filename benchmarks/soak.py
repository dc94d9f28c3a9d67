"""Play for long under fire: messages keep arriving, another process is busy; count what the listener would hear.

    python -m benchmarks.soak [--minutes 10] [--rate 1000]

JACK's dummy driver paces the engine; underruns, load and memory are read from the engine itself.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time

import psutil

from benchmarks.live import Client, engine, jack_server

_BUSY = "while True: sum(i * i for i in range(10_000))"
_BURST_SECONDS = 0.01


def main() -> None:
    """Measure and print a row for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=1000, help="messages a second")
    options = parser.parse_args()
    with jack_server(), engine() as client:
        busy = subprocess.Popen([sys.executable, "-c", _BUSY])
        try:
            process = psutil.Process(client.pid)
            time.sleep(2.0)
            client.status()
            memory = process.memory_info().rss
            before = client.status()
            sent = send_for(client, options.minutes * 60.0, options.rate)
            status = client.status()
        finally:
            busy.kill()
        grown = (process.memory_info().rss - memory) / 2**20
    print(f"played                  {options.minutes:g} min, {sent} messages, a second process busy")
    print(f"underruns               {status[0] - before[0]} (and {before[0]} before)")
    print(f"load of the synth       mean {status[4]:.1f} %, peak {status[5]:.1f} % of a hop")
    print(f"memory grown by         {grown:.1f} MiB")


def send_for(client: Client, seconds: float, rate: int) -> int:
    """Send mixed settings at a steady rate, in bursts of 10 ms."""
    addresses = ("/aitunes/pad/xy", "/aitunes/latent/2", "/aitunes/gain", "/aitunes/smoothing")
    begin, sent = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - begin) < seconds:
        while sent < elapsed * rate:
            address = addresses[sent % 4]
            values = [random.random() for _ in range(2 if address.endswith("xy") else 1)]
            if address.endswith("smoothing"):
                values = [values[0] * 0.2]
            client.send(address, *values)
            sent += 1
        time.sleep(_BURST_SECONDS)
    return sent


if __name__ == "__main__":
    main()
