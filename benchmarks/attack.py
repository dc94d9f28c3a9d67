"""Attack a running AiTunes on this machine in every way that is known, and print what came of it, a line each.

    python -m benchmarks.attack [--inputs 10000] [--seed 1] [--only NAME ...]

Everything is bounded and stays on the loopback device. Each line says "held" or "BROKEN"; the exit status is 1 where
something broke. `--inputs 1000000` reads a million damaged cards, maps, packets, scores, snapshots, sounds and models.
Forged senders need a raw socket, so run it as root for those; otherwise they are "not tried".
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from pythonosc import slip

from aitunes.osc.client import Client
from aitunes.osc.packets import build, bundle, messages
from benchmarks.attack_inputs import attack_all
from instrument.storage.paths import bundled_releases

ESCAPE = "\x1b"
_START_SECONDS = 240.0


class BrokenError(Exception):
    """Something that did not hold, and what happened."""


class NotTriedError(Exception):
    """An attack that this machine cannot make, and why."""


class Target:
    """An engine in a process of its own, without sound, with all its ports open on this machine.

    Args:
        home: its data folder.
        words: further words of its command line.
    """

    def __init__(self, home: Path, *words: str) -> None:
        self.home = home
        command = [
            sys.executable,
            "-m",
            "instrument",
            "play",
            "--output",
            "none",
            "--no-pad",
            "--no-midi",
            "--no-oscquery",
        ]
        self.process = subprocess.Popen(
            [*command, "--osc-tcp", "--osc-port", "0", *words],
            env={**os.environ, "AITUNES_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
        )
        self.lines: list[str] = []
        self._port = threading.Event()
        self.port = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._port.wait(_START_SECONDS):
            self.close()
            sys.exit(f"the engine did not start: {''.join(self.lines)}")

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if found := re.search(r"OSC at [^ ]+:(\d+)", line):
                self.port = int(found[1])
                self._port.set()

    @property
    def text(self) -> str:
        """Everything that it has printed."""
        return "".join(self.lines)

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        """Yield an honest client."""
        with Client("127.0.0.1", self.port) as client:
            yield client

    def udp(self) -> socket.socket:
        """Return a socket that sends to the engine."""
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.connect(("127.0.0.1", self.port))
        return sender

    def check_alive(self) -> None:
        """Ask for the status.

        Raises:
            BrokenError: the process has ended or does not answer.
        """
        if self.process.poll() is not None:
            raise BrokenError(f"the engine has ended with {self.process.returncode}")
        with self.client() as client:
            client.ask("/status", timeout_seconds=10.0)

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10.0)
        self.process.kill()
        self.process.wait()
        self._reader.join(10.0)


def require(holds: bool, otherwise: str) -> None:
    """Raise `BrokenError` where something does not hold."""
    if not holds:
        raise BrokenError(otherwise)


def web_page(target: Target) -> str:
    """Send a page's POST to the TCP port, whose body is OSC in SLIP frames and ends the engine."""
    body = b"".join(slip.encode(build(*message)) for message in (("/aitunes/gain", 5.0), ("/quit",)))
    head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body)
    page = socket.create_connection(("127.0.0.1", target.port), timeout=10.0)
    with page, contextlib.suppress(ConnectionError):
        page.sendall(head + body)
        require(page.recv(100) == b"", "the connection was kept")
    target.check_alive()
    with target.client() as client:
        (gain,) = client.ask("/aitunes/gain").arguments
    require(gain < 5.0, "the page has set the gain")
    return "closed at its first bytes, nothing was set"


def command_over_tcp(target: Target) -> str:
    """Open a proper connection that records and ends the engine, without and with the token of the data folder."""
    with socket.create_connection(("127.0.0.1", target.port), timeout=10.0) as connection:

        def ask(*message: object) -> str:
            connection.sendall(slip.encode(build(*message)))  # type: ignore[arg-type]
            return next(one.address for one in messages(slip.decode(connection.recv(4_096))))

        for path, *arguments in (("/quit",), ("/aitunes/record/start", "x.wav"), ("/aitunes/snapshot/save", "x")):
            require(ask(path, *arguments) == "/fail", f"{path} was obeyed")
        require(ask("/login", "0" * 32) == "/fail", "any token logs in")
        require(ask("/login", (target.home / "osc-token").read_text().strip()) == "/done", "the right token does not")
        require(((target.home / "osc-token").stat().st_mode & 0o077) == 0, "others may read the token")
    target.check_alive()
    return "refused without the token"


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
                _forge(("127.0.0.1", other.port), ("127.0.0.1", target.port), build(*message))
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
                _forge(("127.0.0.1", target.port), ("127.0.0.1", target.port), build(*message))
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


def escapes(target: Target) -> str:
    """Addresses and arguments that colour and clear the terminal, under `/dumpOSC`."""
    with target.client() as client:
        client.send("/dumpOSC", 3)
        for text in (ESCAPE + "[2J", "\x9b2J", "a\nforged line", "\u202e", "\x07"):
            client.send(f"/aitunes/{text}", text)
        client.send("/dumpOSC", 0)
        client.ask("/sync", 2)
    time.sleep(0.2)
    require(ESCAPE not in target.text and "\x9b" not in target.text, "an escape has reached the terminal")
    require("\nforged" not in target.text, "a line was forged")
    return "printed escaped"


def junk(target: Target) -> str:
    """Datagrams and frames of no meaning, a UDP port that is another engine's, and 200 connections that say nothing."""
    with target.udp() as sender, contextlib.ExitStack() as connections:
        for size in (0, 1, 3, 4, 100, 9_000, 65_000):
            sender.send(os.urandom(size))
        for _ in range(200):
            with contextlib.suppress(ConnectionError):
                connections.enter_context(socket.create_connection(("127.0.0.1", target.port), timeout=10.0))
        target.check_alive()
        with socket.create_connection(("127.0.0.1", target.port), timeout=10.0) as honest:
            honest.sendall(slip.encode(build("/version")))
            require(bool(honest.recv(10)), "a connection that speaks OSC has no place")
    target.check_alive()
    return "the engine answers, and a connection that speaks gets a place"


def cards(target: Target) -> str:
    """List a folder of cards that are endless, pipes, devices, sparse, or full of numbers."""
    sound = (bundled_releases() / "first-light" / "card.json").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="aitunes-attack-") as folder:
        contents = {
            "digits": re.sub(r'"latent_dim": \d+', '"latent_dim": ' + "9" * 400, sound),
            "nested": "[" * 1_000_000,
            "long": sound[:-2] + ', "x": "' + "x" * 50_000_000 + '"}',
            "rate": sound.replace('"sample_rate": 44100', '"sample_rate": 1000000000000000'),
            "window": sound.replace('"n_fft": 1024', '"n_fft": 16777216'),
            "escape": sound.replace('"First Light"', json.dumps(ESCAPE + "[2J")).replace(
                '"first-light"', '"escape"', 1
            ),
            "list": "[1, 2, 3]",
        }
        for name, content in contents.items():
            (Path(folder) / name).mkdir()
            (Path(folder) / name / "card.json").write_text(content, encoding="utf-8")
        for name in ("pipe", "device", "sparse"):
            (Path(folder) / name).mkdir()
        os.mkfifo(Path(folder) / "pipe" / "card.json")
        (Path(folder) / "device" / "card.json").symlink_to("/dev/zero")
        with (Path(folder) / "sparse" / "card.json").open("wb") as sparse:
            sparse.truncate(20_000_000_000)
        listed = subprocess.run(
            [sys.executable, "-m", "instrument", "models", "--releases", folder],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    require(listed.returncode == 0 and "first-light" in listed.stdout, f"the list fails: {listed.stderr[-300:]}")
    require(ESCAPE not in listed.stdout + listed.stderr, "an escape has reached the terminal")
    refused = len(listed.stderr.splitlines())
    expected = len(contents) - 1 + 3  # whose name is an escape is a release, and is listed with its name escaped
    require(refused == expected, f"{refused} sentences for {expected} folders")
    return f"{refused} folders refused in a sentence each, the others are listed"


def names(target: Target) -> str:
    """Names with paths for every command that takes one."""
    evil = ("../aitunes-outside", "/tmp/aitunes-outside", "..", "a/b.wav", "x\0y.wav", "", "nul:", ESCAPE, "a" * 5_000)
    paths = ("/aitunes/record/start", "/aitunes/snapshot/save", "/aitunes/gesture/record", "/aitunes/release/load")
    with target.client() as client:
        for path in paths:
            for name in evil:
                with contextlib.suppress(Exception):
                    client.send(path, name)
        client.ask("/sync", 3, timeout_seconds=60.0)
    outside = [path for path in (target.home.parent / "aitunes-outside", Path("/tmp/aitunes-outside")) if path.exists()]
    require(not outside, f"{outside} were written")
    target.check_alive()
    return "nothing is written outside of its folder"


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


def oscquery(target: Target) -> str:
    """Ask OSCQuery as a page elsewhere, by its origin and by a name that leads here."""
    command = [sys.executable, "-m", "instrument", "oscquery", "--no-discovery", "--http-port", "0"]
    server = subprocess.Popen(
        [*command, "--connect", f"127.0.0.1:{target.port}"], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    try:
        assert server.stderr is not None
        line = server.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if found is None:
            raise NotTriedError(line.strip())
        url = f"http://127.0.0.1:{found[1]}/aitunes/gain"
        evil = ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"})
        statuses = [_status(url, headers) for headers in ({}, *evil)]
    finally:
        server.terminate()
        server.wait(20.0)
    require(statuses == [200, 403, 403, 403], f"it answers {statuses}")
    return "403 for other hosts and origins"


ATTACKS: dict[str, Callable[[Target], str]] = {
    attack.__name__: attack
    for attack in (
        web_page,
        command_over_tcp,
        silent_subscriber,
        forged_subscribers,
        echoing_client,
        two_engines,
        itself,
        patterns,
        refusals,
        escapes,
        junk,
        cards,
        names,
        queue,
        oscquery,
    )
}


def _received_bytes(receiver: socket.socket, seconds: float) -> int:
    count, end = 0, time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0.0:
        receiver.settimeout(left)
        with contextlib.suppress(TimeoutError):
            count += len(receiver.recv(65_536))
    return count


def _forge(source: tuple[str, int], target: tuple[str, int], datagram: bytes) -> None:
    """Send a datagram with somebody else's address as its sender."""
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    except PermissionError as error:
        raise NotTriedError("a forged sender needs the rights of root") from error
    udp = struct.pack(">HHHH", source[1], target[1], 8 + len(datagram), 0) + datagram
    ip = struct.pack(
        ">BBHHHBBH4s4s",
        0x45,
        0,
        20 + len(udp),
        0,
        0,
        64,
        socket.IPPROTO_UDP,
        0,
        *map(socket.inet_aton, (source[0], target[0])),
    )
    with raw:
        raw.sendto(ip + udp, (target[0], 0))


def _status(url: str, headers: dict[str, str]) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30.0) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def main() -> int:
    """Run the list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=10_000, help="damaged inputs, of all readers together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=[*ATTACKS, "inputs"], help="these attacks alone")
    options = parser.parse_args()
    chosen = options.only or [*ATTACKS, "inputs"]
    broken = 0
    with tempfile.TemporaryDirectory(prefix="aitunes-attack-") as folder:
        target = Target(Path(folder))
        try:
            for name in [name for name in chosen if name in ATTACKS]:
                try:
                    line = "held        " + ATTACKS[name](target)
                except NotTriedError as error:
                    line = f"not tried   {error}"
                except Exception as error:  # noqa: BLE001  the next attack is tried as well
                    broken += 1
                    line = f"BROKEN      {error!r}"
                print(f"{name:20} {line}", flush=True)
        finally:
            target.close()
    if "inputs" in chosen:
        for name, refused in attack_all(max(1, options.inputs // 7), options.seed):
            print(f"{name:20} held        {options.inputs // 7:,} damaged inputs, {refused:,} refused", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
