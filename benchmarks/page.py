"""Measures the page in headless Chromium: weight, first paint, hand → OSC packet, frames, and what the engine notices.

    python -m benchmarks.page [--seconds 10]

An engine without a sound device plays First Light, and says what its hops cost (`benchmarks.watched_engine`); between
it and the web server stands a relay that notes when packets of the pad pass, by the system's stamp of their arrival.
The time of a hand's event is the browser's own. By turns the same hand moves on a blank page with a WebSocket and
nothing else (`benchmarks.bare_socket`): what is above that is ours.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import math
import operator
import os
import re
import selectors
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

import instrument
from aitunes.osc.packets import messages
from benchmarks.live import Client
from benchmarks.watched_engine import MAX_SECONDS, Watched, WatchedEngine, watched_engine

STATIC = Path(instrument.__file__).parent / "web" / "static"
CHROMIUM = "/usr/bin/chromium"
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
RATE_HZ = 60.0
OPENINGS = 5
TURNS = 4
SETTLING_SECONDS = 3.0  # a subscription that was given up ends by then
_SO_TIMESTAMPNS = 35  # of Linux


class Relay:
    """Passes datagrams between a web server and an engine, and notes when positions of the pad pass.

    Args:
        engine: port of the engine on this machine.
    """

    def __init__(self, engine: int) -> None:
        self._engine = engine
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._front.bind(("127.0.0.1", 0))
        self.port = self._front.getsockname()[1]
        self.passed: list[tuple[float, float]] = []
        self._backs: dict[tuple[str, int], socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._front, selectors.EVENT_READ)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._front:
                    self._forward()
                else:
                    self._front.sendto(key.fileobj.recv(65_536), key.data)  # type: ignore[union-attr]

    def _forward(self) -> None:
        # A thread may have to wait for the interpreter; the system's stamp does not.
        datagram, stamps, _, sender = self._front.recvmsg(65_536, 64)
        seconds, nanoseconds = struct.unpack("qq", stamps[0][2])
        now = seconds + 1e-9 * nanoseconds
        if sender not in self._backs:
            back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            back.connect(("127.0.0.1", self._engine))
            self._backs[sender] = back
            self._selector.register(back, selectors.EVENT_READ, sender)
        self._backs[sender].send(datagram)
        for message in messages(datagram):
            if message.address == "/aitunes/pad/xy" and message.arguments:
                self.passed.append((message.arguments[0], now))


@contextlib.contextmanager
def web_server(port: int) -> Iterator[str]:
    """Run `aitunes web` for the engine at a port; yields the page's address."""
    words = ["web", "--http-port", "0", "--no-discovery", "--connect", f"127.0.0.1:{port}"]
    process = subprocess.Popen([sys.executable, "-m", "instrument", *words], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        found = next(filter(None, (re.search(r"page is at (http://\S+)", line) for line in process.stderr)))
        yield found[1]
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextlib.contextmanager
def bare_page(port: int) -> Iterator[str]:
    """Serve the blank page that sends to a port; yields its address."""
    command = [sys.executable, "-m", "benchmarks.bare_socket", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
    finally:
        process.terminate()
        process.wait(timeout=10)


def open_bare(browser: Browser, url: str, touch: bool) -> Page:
    """Open the blank page as a desktop or a phone shows it."""
    size = PHONE if touch else DESKTOP
    page = browser.new_context(viewport=size, has_touch=touch, is_mobile=touch).new_page()
    page.goto(url)
    while page.title() != "open":
        page.wait_for_timeout(20)
    return page


def open_page(browser: Browser, url: str, touch: bool = False) -> Page:
    """Open the page as a desktop or a phone shows it, and wait for the map."""
    size = PHONE if touch else DESKTOP
    page = browser.new_context(viewport=size, color_scheme="dark", has_touch=touch, is_mobile=touch).new_page()
    page.goto(url)
    page.locator(".legend li").first.wait_for()
    return page


def weight() -> int:
    """Return the bytes of all that the page loads."""
    return sum(path.stat().st_size for path in STATIC.rglob("*") if path.is_file())


def first_paint(browser: Browser, url: str) -> float:
    """Return the median milliseconds from asking for the page to its first content, each time without a cache."""
    found = []
    for _ in range(OPENINGS):
        page = open_page(browser, url)
        found.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        page.context.close()
    return float(np.median(found))


RECORD = """kind => {
  window.events = [];
  document.addEventListener(kind, (event) => {
    const stamps = [event.timeStamp, performance.now()].map((time) => performance.timeOrigin + time);
    window.events.push([event.clientX, ...stamps]);
  }, true);
}"""


def hand_to_packet(page: Page, relay: Relay, seconds: float, touch: bool, pad: str = "#stage .pad") -> np.ndarray:
    """Return the milliseconds from each move of a hand to the page's handler, and to its packet, [moves, 2]."""
    page.evaluate(RECORD, "pointerrawupdate")
    box = page.locator(pad).bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    y = box["y"] + box["height"] / 2
    relay.passed.clear()

    def send(kind: str, x: float) -> None:
        if touch:
            session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": [{"x": x, "y": y}]})
            return
        name = {"Start": "mousePressed", "Move": "mouseMoved", "End": "mouseReleased"}[kind]
        event = {"type": name, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
        session.send("Input.dispatchMouseEvent", event)

    count = round(seconds * RATE_HZ)
    xs = box["x"] + box["width"] * (0.1 + 0.8 * np.arange(1, count + 1) / count)
    send("Start", box["x"] + 5)
    begin = time.monotonic()
    for n, x in enumerate(xs):
        time.sleep(max(0.0, begin + n / RATE_HZ - time.monotonic()))
        send("Move", float(x))
    page.wait_for_timeout(200)
    send("End", float(xs[-1]))
    sent = np.array(relay.passed)
    delays = []
    for pixel, moment, handled in page.evaluate("window.events"):
        x = (pixel - box["x"]) / box["width"]
        match = sent[np.abs(sent[:, 0] - x) < 1e-6]
        if len(match):
            delays.append((handled - moment, 1e3 * match[0, 1] - moment))
    return np.array(delays)


def compare(browser: Browser, url: str, bare_url: str, relay: Relay, seconds: float, touch: bool) -> None:
    """Print what a hand's moves take in the page and in the blank one, by turns."""
    found: dict[str, list[np.ndarray]] = {"page": [], "bare": []}
    for _ in range(TURNS):
        for kind in found:
            page = open_page(browser, url, touch) if kind == "page" else open_bare(browser, bare_url, touch)
            page.bring_to_front()
            page.wait_for_timeout(500)
            pad = "#stage .pad" if kind == "page" else "#pad"
            found[kind].append(hand_to_packet(page, relay, seconds / TURNS, touch, pad))
            page.context.close()
    late = {}
    for kind, turns in found.items():
        delays = np.concatenate(turns)
        for what, column in (("its handler", delays[:, 0]), ("OSC packet", delays[:, 1])):
            middle, most, late[kind] = np.percentile(column, [50, 90, 99])
            name = "finger" if touch else "mouse"
            figures = f"{middle:.1f}, {most:.1f}, {late[kind]:.1f} ms"
            print(f"{name} → {what}, {kind}: median, 90th, 99th percentile {figures}, {len(column)} moves")
    print(f"page ÷ bare at the 99th percentile {late['page'] / late['bare']:.2f}")


def frames(page: Page, seconds: float) -> tuple[float, float]:
    """Return frames a second while the point wanders, and the share of frames that took over 25 ms, %."""
    page.evaluate("aitunes.play.latent.toggleWander()")
    # The worker that paints counts; the page hears of it every 30 frames.
    script = """before => new Promise((done) => {
      const look = () => {
        const {frames, slow} = aitunes.pictures;
        if (frames === before) requestAnimationFrame(look);
        else done([frames, slow, performance.now()]);
      };
      look();
    })"""
    first = page.evaluate(script, page.evaluate("aitunes.pictures.frames"))
    page.wait_for_timeout(1e3 * seconds)
    last = page.evaluate(script, page.evaluate("aitunes.pictures.frames"))
    page.evaluate("aitunes.play.latent.toggleWander()")
    count, slow, milliseconds = (float(after - before) for before, after in zip(first, last, strict=True))
    return 1e3 * count / milliseconds, 100.0 * slow / count


def move_pad(client: Client, seconds: float) -> None:
    """Send the engine as many moves as a page that wanders does."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0.0:
        client.send("/aitunes/pad/xy", 0.5 + 0.3 * float(np.sin(left)), 0.5)
        time.sleep(1.0 / RATE_HZ)


def watch_engine(engine: WatchedEngine, browser: Browser, url: str, seconds: float) -> None:
    """Print what the engine's hops cost and why its sound was interrupted, without a page and with one, by turns."""
    found: dict[str, list[Watched]] = {}
    engine.client.send("/aitunes/drone", True)
    for _ in range(math.ceil(seconds / MAX_SECONDS)):
        page = open_page(browser, url)
        length = min(seconds, MAX_SECONDS)
        steps: list[tuple[str, Callable[[], object], Callable[[float], None]]] = [
            ("a page that shows", lambda: None, time.sleep),
            ("a page that wanders", functools.partial(page.evaluate, "aitunes.play.latent.toggleWander()"), time.sleep),
            ("no page", page.context.close, time.sleep),
            ("no page, moves", lambda: None, functools.partial(move_pad, engine.client)),
        ]
        for name, prepare, work in steps:
            prepare()
            time.sleep(SETTLING_SECONDS)
            found.setdefault(name, []).append(engine.watch(length, work))
    for name, parts in found.items():
        for line in functools.reduce(operator.add, parts).lines():
            print(f"{name:<22} {line}")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    seconds = parser.parse_args().seconds
    with watched_engine() as engine, sync_playwright() as driver:
        relay = Relay(engine.client.port)
        print(f"load average           {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        print(f"page weight            {weight() / 1e3:.0f} kB")
        with web_server(relay.port) as url:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            print(f"first paint            {first_paint(browser, url):.0f} ms, median of {OPENINGS}")
            with bare_page(relay.port) as bare_url:
                for touch in (False, True):
                    compare(browser, url, bare_url, relay, seconds, touch)
            page = open_page(browser, url)
            rate, late = frames(page, seconds)
            print(f"frames                 {rate:.1f} a second, {late:.1f} % took over 25 ms")
            page.context.close()
            watch_engine(engine, browser, url, seconds)
            browser.close()
        print(f"load average           {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
