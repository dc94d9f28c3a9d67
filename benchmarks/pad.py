"""The pad under Xvfb's software renderer: first paint, frames, its share of a core, from the mouse to the packet.

`python -m benchmarks.pad`; needs `xvfb` and `libxtst6`. The pad runs as a person starts it, in a process of its own,
against a real engine without a sound device; a relay between the two notes when packets pass.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator

import numpy as np
import psutil

from benchmarks.live import Client, engine

WIDTH, HEIGHT = 1280, 800
PAD_LEFT, PAD_TOP, PAD_WIDTH, PAD_HEIGHT = 100, 120, 700, 400
MOVES_A_SECOND = 120
DEADLINE_SECONDS = 20.0
SETTLING_SECONDS = 3.0
CORNER = (30, 60)  # which the window covers wherever it opens


@contextlib.contextmanager
def display() -> Iterator[str]:
    """Yields a screen in memory; its name."""
    if shutil.which("Xvfb") is None:
        sys.exit("Xvfb is missing: sudo apt-get install xvfb")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            yield f":{answer.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)


class Hand:
    """A mouse, through X's test extension."""

    def __init__(self, name: str) -> None:
        self._x, self._test = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._x.XGetImage.restype = ctypes.c_void_p
        self._x.XDefaultRootWindow.restype = ctypes.c_ulong
        self._x.XGetPixel.restype = ctypes.c_ulong
        self._display = ctypes.c_void_p(self._x.XOpenDisplay(name.encode()))

    def move(self, x: int, y: int) -> None:
        """Move there."""
        self._test.XTestFakeMotionEvent(self._display, -1, x, y, ctypes.c_ulong(0))
        self._x.XFlush(self._display)

    def press(self, down: bool) -> None:
        """Press or release the left button."""
        self._test.XTestFakeButtonEvent(self._display, 1, int(down), ctypes.c_ulong(0))
        self._x.XFlush(self._display)

    def colour(self, x: int, y: int) -> int:
        """Return a pixel of the screen."""
        root = ctypes.c_ulong(self._x.XDefaultRootWindow(self._display))
        image = ctypes.c_void_p(self._x.XGetImage(self._display, root, x, y, 1, 1, ctypes.c_ulong(0xFFFFFFFF), 2))
        pixel = int(self._x.XGetPixel(image, 0, 0))
        self._x.XDestroyImage(image)
        return pixel & 0xFFFFFF


class Relay(threading.Thread):
    """Passes packets between pad and engine, and notes when positions came by."""

    def __init__(self, engine_port: int) -> None:
        super().__init__(daemon=True)
        self._pad = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._pad.bind(("127.0.0.1", 0))
        self._engine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._engine.connect(("127.0.0.1", engine_port))
        self.port = self._pad.getsockname()[1]
        self.passed = threading.Event()
        self.moment = 0.0

    def run(self) -> None:
        peer = None
        while True:
            ready, _, _ = select.select([self._pad, self._engine], [], [])
            for one in ready:
                if one is self._engine and peer is not None:
                    self._pad.sendto(self._engine.recv(65_536), peer)
                elif one is self._pad:
                    datagram, peer = self._pad.recvfrom(65_536)
                    moment = time.perf_counter()
                    if datagram.startswith(b"/aitunes/pad/xy"):
                        self.moment = moment
                        self.passed.set()
                    self._engine.send(datagram)


@contextlib.contextmanager
def pad(name: str, port: int, hand: Hand) -> Iterator[tuple[psutil.Process, float]]:
    """Yields the pad's process, and the seconds until something was painted."""
    blank = hand.colour(*CORNER)
    begin = time.perf_counter()
    command = [sys.executable, "-m", "instrument", "pad", "--connect", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, env={**os.environ, "DISPLAY": name}, stdin=subprocess.DEVNULL)
    try:
        wait_for_paint(hand, blank)
        yield psutil.Process(process.pid), time.perf_counter() - begin
    finally:
        process.terminate()
        process.wait(10)


def wait_for_paint(hand: Hand, blank: int) -> None:
    """Return when the corner has another colour than before."""
    deadline = time.perf_counter() + DEADLINE_SECONDS
    while hand.colour(*CORNER) == blank:
        if time.perf_counter() > deadline:
            sys.exit("the pad painted nothing")
        time.sleep(0.002)


def circle(n: int) -> tuple[int, int]:
    """Return the n-th place of the hand's way over the pad; no two in turn are the same."""
    angle = 0.021 * n
    x = PAD_LEFT + PAD_WIDTH * (0.5 + 0.45 * np.cos(angle))
    return round(x), round(PAD_TOP + PAD_HEIGHT * (0.5 + 0.45 * np.sin(1.3 * angle)))


def latencies(hand: Hand, relay: Relay, count: int) -> np.ndarray:
    """Milliseconds from a movement of the mouse to its packet, [count]."""
    found = []
    hand.move(*circle(0))
    hand.press(True)
    time.sleep(0.5)
    for n in range(1, count + 1):
        relay.passed.clear()
        begin = time.perf_counter()
        hand.move(*circle(n))
        if relay.passed.wait(1.0):
            found.append(1e3 * (relay.moment - begin))
        time.sleep(max(0.0, 1.0 / MOVES_A_SECOND - (time.perf_counter() - begin)))
    hand.press(False)
    if len(found) < 0.99 * count:
        sys.exit(f"only {len(found)} of {count} movements became packets")
    return np.array(found)


def frames(name: str, port: int, seconds: float) -> dict[str, float]:
    """Frames and processor time of a pad that is moved meanwhile, measured within its process."""
    command = [sys.executable, "-m", "benchmarks.pad_frames", str(port), str(seconds)]
    done = subprocess.run(command, env={**os.environ, "DISPLAY": name}, stdout=subprocess.PIPE, text=True, check=True)
    return {key: float(value) for key, value in (line.split("=") for line in done.stdout.split())}


def main() -> None:
    """Print a table for `benchmarks/RESULTS.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--moves", type=int, default=2_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, display() as name, engine("--output", "none") as client:
        os.environ["AITUNES_HOME"] = home  # a window that was never moved
        hand, relay = Hand(name), Relay(client.port)
        relay.start()
        starts = []
        for _ in range(5):
            with pad(name, relay.port, hand) as (_process, seconds):
                starts.append(seconds)
                time.sleep(1.0)
            time.sleep(0.5)
        print(f"| start → first paint, median of 5 (most: {max(starts):.2f} s) | {np.median(starts):.2f} s | 1.5 s |")
        with pad(name, relay.port, hand):
            time.sleep(SETTLING_SECONDS)
            before = underruns(client)
            found = latencies(hand, relay, options.moves)
            print(
                f"| mouse → packet, {len(found)} movements, {MOVES_A_SECOND} a second: median (p99) "
                f"| {np.median(found):.2f} ({np.percentile(found, 99):.2f}) ms | 4 ms |"
            )
            print(f"| underruns of the engine meanwhile | {underruns(client) - before} | 0 |")
        mover = threading.Thread(target=keep_moving, args=(hand, options.seconds + 4.0), daemon=True)
        mover.start()
        measured = frames(name, client.port, options.seconds)
        mover.join()
        print(f"| frames a second of the pad while the point moves | {measured['surface']:.1f} | 60 |")
        print(f"| frames a second of the spectrogram | {measured['spectrogram']:.1f} | – |")
        print(f"| longest time between two frames of the pad, p99 | {measured['p99_ms']:.1f} ms | – |")
        print(f"| share of one core | {measured['cpu']:.0f} % | 60 % |")


def underruns(client: Client) -> int:
    """Return the engine's count."""
    return int(str(client.status()[0]))


def keep_moving(hand: Hand, seconds: float) -> None:
    """Draw on the pad, as soon as the window is there; a press before that would hold nothing."""
    wait_for_paint(hand, hand.colour(*CORNER))
    time.sleep(1.0)
    hand.press(True)
    end = time.perf_counter() + seconds
    n = 0
    while time.perf_counter() < end:
        n += 1
        hand.move(*circle(n))
        time.sleep(1.0 / MOVES_A_SECOND)
    hand.press(False)


if __name__ == "__main__":
    main()
