"""Attacks by who sends: floods, forged senders, echoes, and clients that only take."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import time
from pathlib import Path

from aitunes.osc.packets import build, bundle
from benchmarks.attacks.target import Target, forge, require


def silent_subscriber(target: Target) -> str:
    """Send one `/notify 1` of 16 bytes, and nothing more: how much comes back in 5 s."""
    with target.udp() as victim:
        victim.send(build("/notify", 1))
        count = _received_bytes(victim, 5.0)
    require(count < 2_000, f"{count:,} bytes came back")
    return f"{count} bytes came back in 5 s"


def forged_subscribers(target: Target) -> str:
    """Sixty-four subscriptions without a proof and as many with one; then an honest client wants the meter."""
    with contextlib.ExitStack() as sockets:
        for _ in range(64):
            sockets.enter_context(target.udp()).send(build("/notify", 1))
        for _ in range(64):
            sockets.enter_context(target.client()).ask("/notify", 1)
        with target.client() as client:
            client.subscribe()
            heard = {message.address for message in client.messages(3.0)}
    require("/aitunes/meter" in heard, f"it hears {sorted(heard)} alone")
    return "an honest client is subscribed and hears the meter"


def echoing_client(target: Target) -> str:
    """Be a client that sends back whatever it gets."""
    with target.udp() as echo:
        echo.settimeout(0.1)
        for message in (("/notify", 1), ("/aitunes/nothing",), ("/status",), ("/aitunes/*",)):
            echo.send(build(*message))
        count, end = 0, time.monotonic() + 3.0
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                echo.send(echo.recv(65_536))
                count += 1
    require(count < 500, f"{count} datagrams in 3 s")
    return f"{count} datagrams in 3 s, then silence"


def two_engines(target: Target) -> str:
    """Datagrams with another engine's address as their sender."""
    with tempfile.TemporaryDirectory(prefix="aitunes-attack-") as folder:
        other = Target(Path(folder))
        try:
            with other.client() as client:
                client.send("/dumpOSC", 1)
                client.ask("/sync", 1)
            before = len(other.lines)
            for message in (
                ("/aitunes/nothing",),
                ("/notify", 1),
                ("/status",),
                ("/fail", "x", "y"),
                ("/aitunes/gain",),
            ):
                forge(("127.0.0.1", other.port), ("127.0.0.1", target.port), build(*message))
            time.sleep(3.0)
            count = len(other.lines) - before
        finally:
            other.close()
    require(0 < count < 100, f"{count} messages in 3 s")
    return f"{count} messages in 3 s, then silence"


def itself(target: Target) -> str:
    """Datagrams with the engine's own address as their sender."""
    with target.client() as client:
        before = client.ask("/status").arguments[3]
        for _ in range(20):
            for message in (("/aitunes/nothing",), ("/notify", 1), ("/status",)):
                forge(("127.0.0.1", target.port), ("127.0.0.1", target.port), build(*message))
        after = client.ask("/status").arguments[3]
    require(after <= before, "it subscribes to itself")
    return "not heard"


def patterns(target: Target) -> str:
    """Five bundles a second of 2,000 patterns that match nothing; how long `/status` takes meanwhile."""
    longest = 0.0
    with target.udp() as sender, target.client() as client:
        for turn in range(15):
            sender.send(bundle(build(f"/zz{turn}{n}*", 1) for n in range(2_000)))
            for _ in range(4):
                begin = time.monotonic()
                client.ask("/status", timeout_seconds=20.0)
                longest = max(longest, time.monotonic() - begin)
                time.sleep(0.03)
    require(longest < 2.0, f"/status took {longest:.1f} s")
    return f"/status took {longest:.2f} s at most"


def refusals(target: Target) -> str:
    """Five thousand wrong messages: how many refusals come back."""
    with target.udp() as sender:
        for _ in range(5_000):
            sender.send(build("/aitunes/nothing"))
        sender.settimeout(1.0)
        count = 0
        with contextlib.suppress(TimeoutError):
            while sender.recv(65_536):
                count += 1
    require(count < 200, f"{count} refusals")
    return f"{count} refusals"


def queue(target: Target) -> str:
    """Two thousand snapshots and two hundred loads at once; how long it takes until another client's is done."""
    with target.udp() as sender, target.client() as client:
        for n in range(2_000):
            sender.send(build("/aitunes/snapshot/save", f"flood {n % 50}"))
            if n % 10 == 0:
                sender.send(build("/aitunes/release/load", ("first-light", "chamber")[n // 10 % 2]))
            if n % 100 == 0:
                time.sleep(0.02)
        begin = time.monotonic()
        client.ask("/aitunes/snapshot/save", "honest", timeout_seconds=60.0)
        took = time.monotonic() - begin
    require(took < 20.0, f"another client waits {took:.1f} s")
    return f"another client waits {took:.1f} s"


def _received_bytes(receiver: socket.socket, seconds: float) -> int:
    count, end = 0, time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0.0:
        receiver.settimeout(left)
        with contextlib.suppress(TimeoutError):
            count += len(receiver.recv(65_536))
    return count
