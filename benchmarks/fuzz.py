"""Throw a million damaged packets at the path that every datagram takes: none may raise, all must be accounted for.

    python -m benchmarks.fuzz [--packets 1000000] [--seed 1]

The packets go through the real parser, dispatcher, timeline and performance; only the socket and the sound are left
out. Every thousandth packet is a sound one, and what it sets must be set.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import math
import random
import resource
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aitunes.osc.packets import build
from instrument.namespace import expand
from instrument.osc.access import Access
from instrument.osc.dispatcher import Dispatcher
from instrument.osc.subscribers import Subscribers
from instrument.status import Status
from instrument.synthesis.timeline import Timeline

PEER = ("127.0.0.1", 9)
NOT_TRIED = ("/quit", "/dumpOSC")
PATHS = [path for path in expand(8) if path not in NOT_TRIED]
PATHS += ["/aitunes/*", "/*/pad/[xy]", "/{aitunes,x}/gain", "/nothing", "/aitunes/latent/99999"]
STRANGE = [
    math.nan,
    math.inf,
    -math.inf,
    ("d", 1e300),
    -0.0,
    2**31 - 1,
    -(2**31),
    "",
    "x" * 999,
    True,
    None,
    b"\xff" * 64,
]


@dataclass
class Instrument:
    """A namespace and a timeline, and no sound."""

    timeline: Timeline = field(default_factory=Timeline)
    rows: dict[str, Any] = field(default_factory=lambda: expand(8))
    ended: int = 0

    def status(self) -> Status:
        """Return a status, as an engine would."""
        return Status(playing=True)

    def quit(self) -> None:
        """Only counted."""
        self.ended += 1


def main() -> None:
    """Measure and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    instrument, replies = Instrument(), collections.Counter[str]()

    def send(_peer: object, address: str, arguments: tuple[Any, ...]) -> None:
        build(address, *arguments)  # every answer has a form in OSC
        replies[address] += 1

    dispatcher = Dispatcher(
        instrument, Subscribers(time.monotonic), send, log=lambda line: None, access=Access(patient_clock())
    )
    begin, slowest, applied, memory = time.perf_counter(), 0.0, 0, 0
    for number, packet in enumerate(packets(random.Random(options.seed), options.packets)):
        before = time.thread_time()
        dispatcher.receive(packet, PEER, 0.0)
        slowest = max(slowest, time.thread_time() - before)
        if number % 50 == 0:
            applied += hop(instrument)
        if number % 1000 == 0:
            check(dispatcher, instrument, number)
        if number == options.packets // 10:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    print(f"packets                 {options.packets} with seed {options.seed}, in {time.perf_counter() - begin:.0f} s")
    print("exceptions              0")
    print(f"counted as malformed    {dispatcher.malformed_packets}")
    print(f"refused with /fail      {replies['/fail']}")
    print(f"events applied          {applied}")
    print(f"slowest packet          {1e3 * slowest:.1f} ms of processor time")
    print(f"memory grown by         {grown:.1f} MiB after the first tenth")


def patient_clock() -> Callable[[], float]:
    """Make a clock that goes on by a second whenever it is read, so that no sender causes too much work in a second."""
    seconds = itertools.count()
    return lambda: float(next(seconds))


def check(dispatcher: Dispatcher, instrument: Instrument, number: int) -> None:
    """Check that a valid packet is handled, whatever came before it.

    Raises:
        SystemExit: it was not.
    """
    while hop(instrument):
        pass
    dispatcher.receive(build("/aitunes/gain", -number % 60 - 60.0), PEER, 0.0)
    events = instrument.timeline.due(0.0, 0.003)
    if [(event.path, event.values) for event in events] != [("/aitunes/gain", (-number % 60 - 60.0,))]:
        raise SystemExit(f"after packet {number} a sound one was not obeyed: {events}")


def hop(instrument: Instrument) -> int:
    """Return the number of events that a hop takes."""
    return len(instrument.timeline.due(0.0, 0.003))


def packets(rng: random.Random, count: int) -> Iterator[bytes]:
    """Packets of all kinds, damaged in all ways; the same for the same seed."""
    kinds: list[Callable[[random.Random], bytes]] = [noise, message, damaged, bundle, nested, tags, sizes, text, blob]
    for _ in range(count):
        yield rng.choice(kinds)(rng)


def noise(rng: random.Random) -> bytes:
    """Bytes of no meaning."""
    return rng.randbytes(rng.randrange(200))


def message(rng: random.Random) -> bytes:
    """Return a message that is OSC, with arguments that no address wants."""
    path = rng.choice(PATHS)
    arguments = rng.choices([*STRANGE, 0.5, 3, "name"], k=rng.randrange(5))
    return build(path, *arguments)


def damaged(rng: random.Random) -> bytes:
    """Return a packet that was OSC: cut, lengthened, or with some bytes changed."""
    packet = bytearray(rng.choice((message, bundle))(rng))
    for _ in range(rng.randrange(4)):
        packet[rng.randrange(len(packet))] = rng.randrange(256)
    return bytes(packet[: rng.randrange(len(packet) + 1)]) + rng.randbytes(rng.choice((0, 0, 1, 4, 40)))


def bundle(rng: random.Random, depth: int = 0) -> bytes:
    """Return a bundle of messages and bundles, for any time."""
    tag = rng.choice([b"\0" * 7 + b"\1", b"\0" * 8, b"\xff" * 8, rng.randbytes(8)])
    elements = [
        bundle(rng, depth + 1) if rng.random() < 0.3 and depth < 12 else message(rng) for _ in range(rng.randrange(4))
    ]
    return b"#bundle\0" + tag + b"".join(struct.pack(">i", len(element)) + element for element in elements)


def nested(rng: random.Random) -> bytes:
    """Bundles inside bundles, or one that says that it contains itself."""
    if rng.random() < 0.3:
        header = b"#bundle\0" + b"\0" * 7 + b"\1"
        return (header + struct.pack(">i", rng.choice((16, 20, 0, -20)))) * rng.randrange(1, 40)
    packet = message(rng)
    for _ in range(rng.randrange(40)):
        packet = b"#bundle\0" + b"\0" * 7 + b"\1" + struct.pack(">i", len(packet)) + packet
    return packet


def tags(rng: random.Random) -> bytes:
    """Return a message with any type tags and any bytes behind them."""
    letters = "".join(rng.choices("ifsbhtdTFNIrcmS[]{},xyz\0", k=rng.choice((1, 2, 5, 300))))
    return (
        padded(rng.choice(PATHS[:-1]).encode()) + padded(f",{letters}".encode()) + rng.randbytes(4 * rng.randrange(9))
    )


def sizes(rng: random.Random) -> bytes:
    """Return a bundle whose elements' sizes lie."""
    sizes = [rng.choice((0, 1, 3, 4, 8, -1, -4, 2**31 - 1, -(2**31))) for _ in range(rng.randrange(1, 5))]
    return b"#bundle\0" + rng.randbytes(8) + b"".join(struct.pack(">i", size) + rng.randbytes(8) for size in sizes)


def text(rng: random.Random) -> bytes:
    """Return an address or a name that is no UTF-8, or a pattern that tries the matcher."""
    name = rng.choice((b"/aitunes/", b"/")) + rng.choice((rng.randbytes(rng.randrange(40)), hostile(rng)))
    return padded(name.replace(b"\0", b"?")) + padded(b",s") + padded(rng.randbytes(9).replace(b"\0", b"x"))


def hostile(rng: random.Random) -> bytes:
    """Return a pattern that would take long where matching goes back and forth."""
    return rng.choice((b"*a", b"[a-z]", b"{a,b}", b"?", b"*", b"[!", b"{", b"[]-")) * rng.randrange(1, 400)


def blob(rng: random.Random) -> bytes:
    """Return a blob that says that it is longer than its packet, or is as long as a packet may be."""
    size = rng.choice((0, 3, 2**31 - 1, -1, 65_000 if rng.random() < 0.01 else 400))
    return padded(b"/aitunes/gain") + padded(b",b") + struct.pack(">i", size) + bytes(min(max(size, 0), 65_000))


def padded(word: bytes) -> bytes:
    """Text as OSC ends it: to a multiple of four bytes, one of them zero at least."""
    return word + b"\0" * (4 - len(word) % 4)


if __name__ == "__main__":
    main()
