"""Ten thousand messages a second for a minute: what sounds in the end is the last of each, and nothing lags behind.

    python -m benchmarks.flood [--seconds 60] [--rate 10000] [--tcp]

JACK's dummy driver paces the engine; underruns, load, memory and lost datagrams are read from outside of it.
"""

from __future__ import annotations

import argparse
import random
import socket
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from pythonosc import slip

from aitunes.osc.packets import build
from benchmarks.live import Client, engine, jack_server

_BURST_SECONDS = 0.001
_ALLOWED_LAG_MS = 50.0
_ANSWER_SECONDS = 5.0


def main() -> None:
    """Measure and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=int, default=10_000, help="messages a second")
    parser.add_argument("--tcp", action="store_true", help="over one TCP connection")
    options = parser.parse_args()
    with jack_server(), engine(*(["--osc-tcp"] if options.tcp else [])) as client:
        send = over_tcp(client) if options.tcp else client.send_datagram
        process = psutil.Process(client.pid)
        flood(send, 3.0, options.rate)  # so that what is allocated once is there
        time.sleep(1.0)
        before, memory, lost = client.status(), process.memory_info().rss, dropped(client.port)
        count, last = flood(send, options.seconds, options.rate)
        lag, wrong = settle(client, last)
        after = client.status()
        grown = (process.memory_info().rss - memory) / 2**20
        lost = dropped(client.port) - lost
    print(f"sent                    {count} messages in {options.seconds:g} s, to {len(last)} addresses")
    print(f"lost by the system      {lost}")
    print(f"last values             {len(last) - len(wrong)} of {len(last)} are what sounds {wrong or ''}")
    print(f"lag after the end       {lag:.1f} ms until all of them are told (allowed: {_ALLOWED_LAG_MS:g})")
    print(f"interruptions           {after[0] - before[0]} (and {before[0]} before)")
    print(f"load of the synth       mean {after[4]:.1f} %, peak {after[5]:.1f} % of a hop")
    print(f"control, median         {after[8]:.1f} ms from a message's arrival to its hop")
    print(f"memory grown by         {grown:.1f} MiB")


def over_tcp(client: Client) -> Callable[[bytes], object]:
    """Return a way to send datagrams in SLIP frames over one connection."""
    connection = socket.create_connection(("127.0.0.1", client.port))
    return lambda datagram: connection.sendall(slip.encode(datagram))


def flood(send: Callable[[bytes], object], seconds: float, rate: int) -> tuple[int, dict[str, list[float]]]:
    """Send mixed settings at a steady rate; how many, and the last of each address."""
    spans = {f"/aitunes/latent/{n}": (-2.0, 2.0) for n in range(8)}
    spans |= {"/aitunes/gain": (-20.0, 0.0), "/aitunes/smoothing": (0.0, 0.2), "/aitunes/speed": (-1.0, 1.0)}
    spans |= {"/aitunes/position": (0.0, 1.0), "/aitunes/pad/axes": (0, 1)}
    paths, last = list(spans), {}
    begin, count = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - begin) < seconds:
        while count < elapsed * rate:
            path = paths[count % len(paths)]
            low, high = spans[path]
            last[path] = [0, 1] if path.endswith("axes") else [low + (high - low) * random.random()]
            send(build(path, *last[path]))
            count += 1
        time.sleep(_BURST_SECONDS)
    return count, last


def settle(client: Client, last: dict[str, list[float]]) -> tuple[float, list[str]]:
    """Ask for every value at once; how long the answers take, ms, and which are not what was sent last."""
    begin = time.perf_counter()
    for path in last:
        client.send(path)
    told: dict[str, list[float]] = {}
    for message in client.messages(_ANSWER_SECONDS):
        if message.address in last:
            told[message.address] = message.arguments
        if len(told) == len(last):
            break
    lag = 1e3 * (time.perf_counter() - begin)
    return lag, [path for path in last if any(abs(a - b) > 1e-5 for a, b in zip(told[path], last[path], strict=True))]


def dropped(port: int) -> int:
    """Datagrams that the system threw away because the engine did not take them."""
    for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rsplit(":", 1)[1], 16) == port:
            return int(fields[-1])
    return 0


if __name__ == "__main__":
    main()
