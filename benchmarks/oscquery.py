"""Measures the cost of OSCQuery beside the engine, and its answers.

    python -m benchmarks.oscquery --seconds 10

JACK's dummy driver paces the engine (48 kHz, periods of 128). Underruns are all that the
engine counts, those that JACK's driver reports included; its last words tell them apart.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from collections.abc import Callable

import httpx
import numpy as np
from websockets.sync.client import connect

from benchmarks.live import Client, engine, jack_server

HTTP_PORT = 17_421
PLACE = f"http://127.0.0.1:{HTTP_PORT}"


def main() -> None:
    """Start, ask, listen and hammer; print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to hammer")
    parser.add_argument("--starts", type=int, default=5)
    options = parser.parse_args()
    with jack_server():
        for words in (["--no-oscquery"], ["--oscquery", "--http-port", str(HTTP_PORT)]):
            starts(words, options.starts)
        with engine("--oscquery", "--http-port", str(HTTP_PORT)) as client, httpx.Client() as http:
            wait_for(http)
            for path in ("/", "/aitunes/pad/xy?VALUE"):
                tell(f"GET {path}", [seconds(lambda path=path: http.get(PLACE + path)) for _ in range(200)])
            tell("OSC to the engine → WebSocket frame", [*echoes(client, 200)])
            hammer(client, options.seconds)


def starts(words: list[str], count: int) -> None:
    """Time from the start to the first answer, and underruns of the three seconds after it, when the server starts."""
    times, underruns = [], 0
    for _ in range(count):
        begin = time.perf_counter()
        with engine(*words) as client:
            times.append(time.perf_counter() - begin)
            time.sleep(3.0)
            underruns += int(status(client)[0])
    median = statistics.median(times)
    print(f"start → plays, {words[0]:16} median {median:.2f} s, underruns of {count} starts: {underruns}")


def wait_for(http: httpx.Client) -> None:
    """Return when the server answers."""
    for _ in range(200):
        try:
            http.get(PLACE)
        except httpx.ConnectError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("OSCQuery did not start")


def seconds(call: Callable[[], object]) -> float:
    """Measure the time of a call."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def echoes(client: Client, count: int) -> list[float]:
    """Measure the time from a message to the engine to its frame at a listener, seconds."""
    times = []
    with connect(f"ws://127.0.0.1:{HTTP_PORT}/") as websocket:
        websocket.send(json.dumps({"COMMAND": "LISTEN", "DATA": "/aitunes/gain"}))
        time.sleep(1.0)
        for n in range(count):
            begin = time.perf_counter()
            client.send("/aitunes/gain", -float(n % 40))
            websocket.recv(timeout=5.0)
            times.append(time.perf_counter() - begin)
            time.sleep(0.01)
    return times


def hammer(client: Client, length: float) -> None:
    """Let two clients ask for everything, again and again, while the pad moves 50 times a second."""
    before, end, asked = int(status(client)[0]), time.perf_counter() + length, [0, 0]

    def ask(which: int) -> None:
        with httpx.Client() as http:
            while time.perf_counter() < end:
                http.get(PLACE)
                asked[which] += 1

    threads = [threading.Thread(target=ask, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    while time.perf_counter() < end:
        client.send("/aitunes/pad/xy", 0.5 + 0.4 * np.sin(time.perf_counter()), 0.5)
        time.sleep(0.02)
    for thread in threads:
        thread.join()
    after = status(client)
    print(f"{length:g} s, {sum(asked)} × GET / by two clients: underruns {int(after[0]) - before}, ", end="")
    print(f"load of the synth's thread, mean (peak) {after[4]:.1f} % ({after[5]:.1f} %) of a hop")


def status(client: Client) -> list[float]:
    """Arguments of `/status.reply`."""
    return client.ask("/status.reply", "/status").arguments


def tell(name: str, times: list[float]) -> None:
    """Print median and 99th percentile."""
    median, p99 = 1e3 * np.percentile(times, [50, 99])
    print(f"{name}: median {median:.1f} ms, p99 {p99:.1f} ms")


if __name__ == "__main__":
    main()
