"""Plays an hour as on a stage, and names the cause of every interruption.

    python -m benchmarks.hour [--minutes 60] [--rate 1000] [--no-pad]

A thousand messages a second and notes beside them, a pad, OSCQuery reads, and another release every ten seconds, on
JACK's dummy driver (48 kHz, periods of 128). Four times a second the engine is asked how often the sound was
interrupted, and why. The issue's goal: none that is the engine's own, which are the kinds *interpreter* and *hop*.
`--minutes 5` is a quick look; `--no-pad` does without Xvfb.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import psutil

from benchmarks.live import Client, engine, jack_server
from benchmarks.oscquery import HTTP_PORT, PLACE, wait_for
from benchmarks.pad import Hand, circle, display, pad
from benchmarks.soak import send_for
from instrument.status import Status

RELEASES = ("first-light", "chamber", "carousel", "grooves", "weather", "arcade", "overture", "vespers", "stargazing")
RELEASE_SECONDS, LOOK_SECONDS, READ_SECONDS, NOTE_SECONDS = 10.0, 0.25, 0.1, 0.5
KINDS = {"interpreter": "held the interpreter", "hop": "of its time, most of it", "device": "out of turn"}
OWN = ("interpreter", "hop")


class Interruptions:
    """Counts interruptions by their kind, and keeps each sentence once.

    Args:
        status: at the beginning; what was before does not count.
    """

    def __init__(self, status: Status) -> None:
        self.counts: Counter[str] = Counter()
        self.sentences: Counter[str] = Counter()
        self._last = status

    def note(self, status: Status, moment: str) -> None:
        """Take a status, and print what has happened since the one before it."""
        more = status.underruns - self._last.underruns
        if more > 0:
            # JACK's driver reports interruptions of its own, for which the engine's buffer did not run empty.
            told = status.interruption != self._last.interruption
            sentence = status.interruption if told else "the device reports it, and the buffer did not run empty"
            kind = kind_of(sentence) if told else "device"
            self.counts[kind] += more
            self.sentences[f"{kind}: {sentence}"] += more
            print(f"{moment}  {more} × {kind}: {sentence} ({status.release})", flush=True)
        self._last = status


def kind_of(sentence: str) -> str:
    """Return the kind of cause that a sentence of the engine names."""
    return next((kind for kind, words in KINDS.items() if words in sentence), "machine")


def main() -> None:
    """Play, and print each interruption and a summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=int, default=1000, help="messages a second")
    parser.add_argument("--no-pad", action="store_true", help="play without a pad")
    options = parser.parse_args()
    words = ["--oscquery", "--http-port", str(HTTP_PORT)]
    with jack_server(), engine(*words) as client, contextlib.ExitStack() as stack:
        with httpx.Client() as http:
            wait_for(http)
        ended = threading.Event()
        work = [read_pages, play_notes]
        if not options.no_pad:
            hand = stack.enter_context(open_pad(client.port))
            work.append(lambda ended, _: move_hand(ended, hand))
        threads = [threading.Thread(target=one, args=(ended, client.port)) for one in work]
        memory = psutil.Process(client.pid).memory_info().rss
        first = Status(*client.status())
        seen = Interruptions(first)
        threads.append(threading.Thread(target=watch, args=(ended, client, seen)))
        for thread in threads:
            thread.start()
        sender = Client(client.port, client.pid)
        sent = send_for(sender, 60.0 * options.minutes, options.rate)
        ended.set()
        for thread in threads:
            thread.join()
        status = Status(*client.status())
        grown = (psutil.Process(client.pid).memory_info().rss - memory) / 2**20
    print_summary(options.minutes, sent, first, status, seen, grown)


def print_summary(minutes: float, sent: int, first: Status, status: Status, seen: Interruptions, grown: float) -> None:
    """Print what came of it."""
    print(f"played                  {minutes:g} min, {sent} messages, a release every {RELEASE_SECONDS:g} s")
    print(f"interruptions           {status.underruns - first.underruns} (and {first.underruns} before)")
    for sentence, count in seen.sentences.most_common():
        print(f"  {count} × {sentence}")
    own = sum(seen.counts[kind] for kind in OWN)
    print(f"of them the engine's own {own}; goal 0")
    print(f"load of the synth       mean {status.mean_load:.1f} %, peak {status.peak_load:.1f} % of a hop, lately")
    print(f"memory grown by         {grown:.1f} MiB")


@contextlib.contextmanager
def open_pad(port: int) -> Iterator[Hand]:
    """Run a pad on a screen in memory; yields what moves its mouse."""
    with display() as name:
        hand = Hand(name)
        with pad(name, port, hand):
            yield hand


def move_hand(ended: threading.Event, hand: Hand) -> None:
    """Drag over the pad, 30 moves a second."""
    hand.move(*circle(0))
    hand.press(True)
    for n in itertools.count():
        if ended.wait(1.0 / 30.0):
            break
        hand.move(*circle(n))
    hand.press(False)


def read_pages(ended: threading.Event, _: int) -> None:
    """Ask OSCQuery for the whole namespace and for a value."""
    with httpx.Client() as http:
        for path in itertools.cycle(("/", "/aitunes/pad/xy?VALUE", "/aitunes/gain")):
            if ended.wait(READ_SECONDS):
                return
            with contextlib.suppress(httpx.HTTPError):
                http.get(PLACE + path)


def play_notes(ended: threading.Event, port: int) -> None:
    """Play chords, and change the release every ten seconds."""
    client = Client(port, 0)
    releases = itertools.cycle(RELEASES[1:] + RELEASES[:1])
    due = time.monotonic() + RELEASE_SECONDS
    while not ended.wait(NOTE_SECONDS):
        if time.monotonic() >= due:
            due += RELEASE_SECONDS
            client.send("/aitunes/release/load", next(releases))
        chord = random.sample(range(48, 84), random.randint(1, 4))
        for key in chord:
            client.send("/aitunes/note", key, random.randint(30, 127))
        if ended.wait(NOTE_SECONDS):
            break
        for key in chord:
            client.send("/aitunes/note", key, 0)


def watch(ended: threading.Event, client: Client, seen: Interruptions) -> None:
    """Ask the engine how it is, and print what it says of interruptions."""
    while not ended.wait(LOOK_SECONDS):
        seen.note(Status(*client.status()), time.strftime("%H:%M:%S"))


if __name__ == "__main__":
    main()
