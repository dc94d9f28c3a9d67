"""Measures what pages, phones and renders cost the engine beside which they run.

    python -m benchmarks.web --seconds 10

JACK's dummy driver paces the engine (48 kHz, periods of 128). Each phase follows a quiet one in the same run, so that
what else the machine does shows in both; processor time is that of the engine's process and of the web server's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
from websockets.asyncio.client import connect

from aitunes.osc.packets import build
from benchmarks.live import Client, engine, jack_server

HTTP_PORT = 17_421
PLACE = f"127.0.0.1:{HTTP_PORT}"
PHONES, MESSAGES = 10, 60
REQUESTS = 50

Work = Callable[[float], Coroutine[Any, Any, str]]


def main() -> None:
    """Run the phases; print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each phase")
    parser.add_argument("--renders", type=int, default=3, help="rounds of the comparison of renders")
    options = parser.parse_args()
    with jack_server(), engine("--web", "--http-port", str(HTTP_PORT)) as client:
        wait_for_server()
        for name, work in (
            ("quiet", rest),
            (f"{REQUESTS} × GET releases a second", ask),
            ("quiet", rest),
            (f"{PHONES} pages, {MESSAGES} messages a second each", play),
            ("quiet", rest),
            ("three pages listen", listen),
        ):
            phase(client, name, work, options.seconds)
        compare_renders(options.renders)


def phase(client: Client, name: str, work: Work, seconds: float) -> None:
    """Do one thing for so long, and print what it cost."""
    processes = {"engine": psutil.Process(client.pid), "server": server_of(client.pid)}
    before = {which: sum(process.cpu_times()[:2]) for which, process in processes.items()}
    underruns, begin = int(client.status()[0]), time.perf_counter()
    told = asyncio.run(work(seconds))
    length = time.perf_counter() - begin
    shares = {
        which: 100.0 * (sum(process.cpu_times()[:2]) - before[which]) / length for which, process in processes.items()
    }
    after = client.status()
    print(
        f"{name}: underruns {int(after[0]) - underruns}, engine {shares['engine']:.1f} % of a core, "
        f"server {shares['server']:.1f} %, synth's load {after[4]:.1f} % (peak {after[5]:.1f} %){told}",
        flush=True,
    )


async def rest(seconds: float) -> str:
    """Do nothing."""
    await asyncio.sleep(seconds)
    return ""


async def ask(seconds: float) -> str:
    """Ask for the releases at a steady pace."""
    times: list[float] = []
    async with httpx.AsyncClient(base_url=f"http://{PLACE}") as http:

        async def once() -> None:
            begin = time.perf_counter()
            (await http.get("/api/v1/releases")).raise_for_status()
            times.append(time.perf_counter() - begin)

        await paced(seconds, REQUESTS, once)
    return (
        f"; {len(times)} answers, median {1e3 * np.median(times):.1f} ms, p99 {1e3 * np.percentile(times, 99):.1f} ms"
    )


async def play(seconds: float) -> str:
    """Move the pad from many pages at once."""
    trips: list[float] = []

    async def phone(number: int) -> None:
        async with connect(f"ws://{PLACE}/api/v1/osc") as websocket:
            hearing = asyncio.create_task(hear(websocket, trips))
            step = 0

            async def once() -> None:
                nonlocal step
                step += 1
                x = 0.5 + 0.4 * np.sin(0.1 * step + number)
                await websocket.send(build("/aitunes/pad/xy", float(x), number / PHONES))
                if step % MESSAGES == 0:
                    await websocket.send(json.dumps({"ping": time.perf_counter()}))

            await paced(seconds, MESSAGES, once)
            hearing.cancel()

    await asyncio.gather(*(phone(number) for number in range(PHONES)))
    return f"; round trip page → server → page, median {1e3 * np.median(trips):.1f} ms"


async def hear(websocket, trips: list[float]) -> None:  # type: ignore[no-untyped-def]
    """Take what comes, and the time of what comes back."""
    async for frame in websocket:
        if isinstance(frame, str) and "pong" in (words := json.loads(frame)):
            trips.append(time.perf_counter() - words["pong"])


async def listen(seconds: float) -> str:
    """Listen from three pages, and count what is missing."""

    async def one() -> tuple[int, int]:
        numbers, end = [], time.perf_counter() + seconds
        async with connect(f"ws://{PLACE}/api/v1/listen") as websocket:
            while time.perf_counter() < end:
                frame = await websocket.recv()
                if isinstance(frame, bytes):
                    numbers.append(int.from_bytes(frame[:4], "little"))
        return len(numbers), numbers[-1] - numbers[0] + 1 - len(numbers)

    found = await asyncio.gather(*(one() for _ in range(3)))
    return f"; packets {[count for count, _ in found]}, missing {[missing for _, missing in found]}"


async def paced(seconds: float, rate: float, once: Callable[[], Awaitable[None]]) -> None:
    """Call at a steady rate."""
    begin = time.perf_counter()
    for number in range(round(seconds * rate)):
        await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
        await once()


def compare_renders(rounds: int) -> None:
    """Render 30 s by the command and by the API in turns; print both and the difference of the fastest rounds."""
    score = "0 /aitunes/pad/xy 0.2 0.8\n10 /aitunes/pad/xy 0.7 0.3\n"
    commands, jobs = [], []
    with tempfile.TemporaryDirectory() as folder, httpx.Client(base_url=f"http://{PLACE}", timeout=600.0) as http:
        path = Path(folder) / "score.txt"
        path.write_text(score)
        words = [sys.executable, "-m", "instrument", "render", str(path), "--seconds", "30", "-o", f"{folder}/x.wav"]
        for _ in range(rounds):
            begin = time.perf_counter()
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
            commands.append(time.perf_counter() - begin)
            begin = time.perf_counter()
            job = http.post("/api/v1/renders", json={"score": score, "seconds": 30}).raise_for_status().json()
            with http.stream("GET", job["links"]["events"]) as events:
                last = [line for line in events.iter_lines() if line.startswith("data: ")][-1]
            assert json.loads(last.removeprefix("data: "))["state"] == "done", last
            jobs.append(time.perf_counter() - begin)
    print(f"30 s by `aitunes render`: {rows(commands)}; by the API: {rows(jobs)}", flush=True)
    print(f"fastest against fastest: {min(jobs) - min(commands):+.2f} s")


def rows(times: list[float]) -> str:
    """Write times in a row."""
    return ", ".join(f"{one:.2f}" for one in times) + " s"


def wait_for_server() -> None:
    """Return when the server answers."""
    for _ in range(400):
        try:
            httpx.get(f"http://{PLACE}/api/v1/status", timeout=10.0)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the web server did not start")


def server_of(pid: int) -> psutil.Process:
    """Return the web server beside an engine."""
    children = psutil.Process(pid).children()
    return next(child for child in children if "instrument.web" in child.cmdline())


if __name__ == "__main__":
    main()
