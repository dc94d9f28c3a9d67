"""Measures the cost of a message between the socket and the timeline, beside python-osc's own dispatcher.

    python -m benchmarks.dispatch [--messages 20000]

Parsing is measured by itself and subtracted: it is python-osc's on both sides.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from pythonosc.dispatcher import Dispatcher as PythonOscDispatcher
from pythonosc.osc_packet import OscPacket

from aitunes.osc.packets import build, parse
from benchmarks.fuzz import patient_clock
from instrument.namespace import Address, expand
from instrument.osc.access import Access
from instrument.osc.dispatcher import Dispatcher
from instrument.osc.subscribers import Subscribers
from instrument.status import Status
from instrument.synthesis.timeline import Timeline

PEER = ("127.0.0.1", 9)
ROUNDS = 7


class Instrument:
    """A namespace and a timeline, and no sound.

    Args:
        latent_dim: coordinates, each with an address.
    """

    def __init__(self, latent_dim: int) -> None:
        self.timeline = Timeline()
        self.rows: dict[str, Address] = expand(latent_dim)

    def status(self) -> Status:
        """Nobody asks here."""
        raise NotImplementedError

    def quit(self) -> None:
        """Nobody asks here."""
        raise NotImplementedError


def main() -> None:
    """Measure and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    count = parser.parse_args().messages
    one = [build("/aitunes/gain", -n / count) for n in range(count)]
    print(f"µs of processor time a message, median of {ROUNDS} rounds; parsing subtracted")
    print(f"parsing, ours                        {cost(one, parse):6.1f}")
    for latent_dim in (1, 8, 500):
        found = ours(one, latent_dim)
        print(f"ours, {len(expand(latent_dim)):3d} addresses, gain            {found:6.1f}")
    many = [build(f"/aitunes/latent/{n % 500}", n / count) for n in range(count)]
    print(f"ours, {len(expand(500)):3d} addresses, all coordinates {ours(many, 500):6.1f}")
    pad = [build("/aitunes/pad/xy", n / count, 0.5) for n in range(count)]
    print(f"ours, {len(expand(8)):3d} addresses, pad               {ours(pad, 8):6.1f}")
    for addresses in (1, 500):
        print(f"python-osc, {addresses:3d} addresses             {theirs(addresses, count):6.1f}")


def ours(datagrams: list[bytes], latent_dim: int) -> float:
    """Our dispatcher's own cost, µs a message."""
    instrument = Instrument(latent_dim)
    dispatcher = Dispatcher(instrument, Subscribers(time.monotonic), lambda *_: None, access=Access(patient_clock()))

    def receive(datagram: bytes) -> None:
        dispatcher.receive(datagram, PEER, 0.0)
        instrument.timeline._arrivals.clear()  # as a hop would, without its cost

    return cost(datagrams, receive) - cost(datagrams, parse)


def theirs(addresses: int, count: int) -> float:
    """Measure python-osc's own dispatcher, µs a message."""
    dispatcher = PythonOscDispatcher()
    for n in range(addresses):
        dispatcher.map(f"/aitunes/latent/{n}", lambda *_: None)
    datagrams = [build(f"/aitunes/latent/{n % addresses}", n / count) for n in range(min(count, 2_000))]
    return cost(datagrams, lambda one: dispatcher.call_handlers_for_packet(one, PEER)) - cost(datagrams, OscPacket)


def cost(datagrams: list[bytes], receive: Callable[[bytes], object]) -> float:
    """Processor time a datagram, µs; what other programs do meanwhile does not count."""
    rounds = []
    for _ in range(ROUNDS):
        begin = time.thread_time()
        for datagram in datagrams:
            receive(datagram)
        rounds.append((time.thread_time() - begin) / len(datagrams))
    return 1e6 * float(np.median(rounds))


if __name__ == "__main__":
    main()
