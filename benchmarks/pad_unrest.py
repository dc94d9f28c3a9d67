"""Counts the interruptions that a pad causes in minutes of resizing, changing releases and dragging anchors.

`python -m benchmarks.pad_unrest --minutes 5`; needs `xvfb`, `xdotool` and `libxtst6`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.live import Client, engine
from benchmarks.pad import Hand, circle, display, pad, underruns
from instrument.storage.library import Library

TWIN = "twin"
EVERY_SECONDS = 2.0
SIZES = ((1280, 800), (1000, 700), (900, 600), (1100, 780))


def second_release(folder: Path) -> None:
    """Copy the bundled release under another name."""
    source = Library().find("first-light")
    assert source is not None
    shutil.copytree(source, folder / TWIN)
    card = json.loads((folder / TWIN / "card.json").read_text())
    (folder / TWIN / "card.json").write_text(json.dumps({**card, "name": TWIN, "public_name": "Twin"}))


def anchors(home: Path) -> None:
    """Three anchors for each release, which the hand will take hold of."""
    (home / "anchors").mkdir()
    places = [{"name": f"anchor {n}", "x": 0.3 * n + 0.1, "y": 0.5, "coordinates": [n - 1.0] * 8} for n in range(3)]
    for release in ("first-light", TWIN):
        (home / "anchors" / f"{release}.json").write_text(json.dumps(places))


def xdotool(name: str, *words: object) -> str:
    """Run it on that screen."""
    environment = {**os.environ, "DISPLAY": name}
    command = ["xdotool", *map(str, words)]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False).stdout


def drag(hand: Hand, ending: threading.Event) -> None:
    """Drag for a second, let go for a moment, and so on."""
    n = 0
    while not ending.is_set():
        hand.press(n % 120 < 100)
        n += 1
        hand.move(*circle(n))
        time.sleep(0.01)
    hand.press(False)


def unrest(name: str, client: Client, minutes: float) -> int:
    """Resize, drag, blend and change releases with a pad; how many releases."""
    hand, ending = Hand(name), threading.Event()
    with pad(name, client.port, hand):
        time.sleep(3.0)
        window = xdotool(name, "search", "--onlyvisible", "--name", "AiTunes").split()[0]
        mover = threading.Thread(target=drag, args=(hand, ending))
        mover.start()

        def disturb(turn: int) -> None:
            xdotool(name, "windowsize", window, *SIZES[turn % len(SIZES)], "key", "b")

        turns = change_releases(client, minutes, disturb)
        ending.set()
        mover.join()
    return turns


def change_releases(client: Client, minutes: float, disturb: Callable[[int], None]) -> int:
    """Another release every two seconds, and something else besides; how many."""
    end, turn = time.monotonic() + 60.0 * minutes, 0
    while time.monotonic() < end:
        turn += 1
        client.send("/aitunes/release/load", TWIN if turn % 2 else "first-light")
        disturb(turn)
        time.sleep(EVERY_SECONDS)
    return turn


def main() -> None:
    """Print rows for `benchmarks/RESULTS.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder, display() as name:
        os.environ["AITUNES_HOME"] = folder
        (Path(folder) / "releases").mkdir()
        second_release(Path(folder) / "releases")
        anchors(Path(folder))
        with engine("--output", "none") as client:
            before = underruns(client)
            turns = change_releases(client, minutes, lambda _turn: None)
            alone = underruns(client) - before
            print(
                f"| {minutes:g} min without a pad, {turns} changes of release: underruns of the engine | {alone} | – |"
            )
            before = underruns(client)
            turns = unrest(name, client, minutes)
            beside = underruns(client) - before
            print(f"| {minutes:g} min of resizing, dragged anchors, {turns} changes: underruns | {beside} | 0 |")


if __name__ == "__main__":
    main()
