"""Opens the OSC sockets: a thread receives from each, and one publishes what the engine has to say."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aitunes.errors import AiTunesError, reason
from aitunes.osc.address import DEFAULT_PORT, reachable
from aitunes.osc.packets import PacketError, build
from instrument.namespace import ROOT
from instrument.osc.access import Access
from instrument.osc.dispatcher import Dispatcher, Instrument
from instrument.osc.peers import Peer, TcpPeer, is_own
from instrument.osc.subscribers import LEASE_SECONDS, Subscribers
from instrument.osc.tcp import RETRY_SECONDS, TcpServer, listen

STREAMS = frozenset({f"{ROOT}/meter", f"{ROOT}/scope"})
"""What is sent all the time, and so only to subscribers that have proved their address."""
_UNPROVED = "this answer is long or comes too often for an address that is not proved; /notify 1 brings a token"
_MAX_DATAGRAM = 65_536
_RECEIVE_BUFFER = 1 << 21
_PUBLISH_SECONDS = 0.01
_PUBLISH_PAUSE_SECONDS = 0.001
"""Sets how long to collect at least, so that a flood of questions does not become one of wake-ups."""
_TOLD_SECONDS = 60.0
_TRIES = 10


class PortError(AiTunesError):
    """Says why a port cannot be opened."""


class OscServer:
    """Receives on one port and replies from it. `connections` counts those over TCP.

    Args:
        instrument: the engine.
        publish: called on the publishing thread every 10 ms, and at once after `wake`, to send notices with `send` and
            `send_to_others`.
        host, port: where to listen, in IPv4 or IPv6; port 0 takes any that is free.
        tcp: listen there for connections, too.
        say: takes a sentence when the network fails.
        clock: wall-clock seconds, for time tags and arrival times.
        login: the token that gives a TCP connection the rights of a program of this machine; empty for none.
        trusted: addresses and ports of controllers that the player has named: these machines need no token, and those
            with a port other than 0 are subscribed as long as the server runs.
        open_udp: opens the UDP socket.
        retry_seconds: how long to wait where nothing can be received.

    Raises:
        PortError: the port cannot be opened.
    """

    def __init__(
        self,
        instrument: Instrument,
        publish: Callable[[], None],
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        tcp: bool = False,
        say: Callable[[str], None] = lambda sentence: None,
        clock: Callable[[], float] = time.time,
        login: str = "",
        trusted: Sequence[tuple[str, int]] = (),
        open_udp: Callable[[str, int], socket.socket] | None = None,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._open_udp, self._retry_seconds = open_udp or udp_socket, retry_seconds
        self._say, self._clock, self._publish = say, clock, publish
        # An empty host would be everybody's.
        self._socket, self._tcp = self._open(host or "127.0.0.1", port, tcp)
        self.host, self.port = self._socket.getsockname()[:2]
        self.subscribers = Subscribers(time.monotonic)
        self._access = Access(time.monotonic, login, (host for host, _ in trusted))
        self.dispatcher = Dispatcher(instrument, self.subscribers, self.send, access=self._access)
        self._always = [self._own_form(host, port) for host, port in trusted if port]
        self._always_due = 0.0
        self._handling = threading.Lock()
        self._silent_until: dict[int | None, float] = {}
        self._closing = threading.Event()
        self._idle = threading.Lock()
        self._idle.acquire()
        self._threads = [
            threading.Thread(target=self._receive_all, name="osc-receive", daemon=True),
            threading.Thread(target=self._publish_all, name="osc-publish", daemon=True),
        ]

    def _open(self, host: str, port: int, tcp: bool) -> tuple[socket.socket, TcpServer | None]:
        # Where any port will do, one that TCP has taken already is not it.
        for tries_left in reversed(range(_TRIES if tcp and port == 0 else 1)):
            listening = self._open_udp(host, port)
            if not tcp:
                return listening, None
            number = listening.getsockname()[1]
            try:
                return listening, TcpServer(listen(host, number), self._handle, self._forget, self._say)
            except OSError as error:
                listening.close()
                if not tries_left:
                    raise _port_error(f"TCP port {number}", host, error) from error
        raise AssertionError("the last try returns or raises")

    def start(self) -> None:
        """Begin to listen."""
        for thread in self._threads:
            thread.start()
        if self._tcp is not None:
            self._tcp.start()

    def wake(self) -> None:
        """Have what has collected published now; from any thread, without waiting for one."""
        # Releasing a lock never blocks, as setting an event may; of two that wake at once, the later is refused.
        with contextlib.suppress(RuntimeError):
            self._idle.release()

    def close(self) -> None:
        """Stop listening and free the port."""
        self._closing.set()
        self.wake()
        if self._tcp is not None:
            self._tcp.close()
        # A datagram of our own wakes the receiver, which otherwise waits for the next of somebody else's.
        self._socket.sendto(b"", (reachable(self.host), self.port))
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout=1.0)
        self._socket.close()

    def send(self, peer: Peer, address: str, arguments: tuple[Any, ...]) -> None:
        """Send one message, or `/fail` where its values have no form in OSC.

        A peer that is gone is no error, its lease ends by itself.
        """
        datagram = _datagram(address, arguments)
        if not self._access.may_send(peer, len(datagram)):
            datagram = _datagram("/fail", (address, _UNPROVED))
            if not self._access.senders.may_refuse(peer) or not self._access.may_send(peer, len(datagram)):
                return
        self._send_datagram(peer, datagram)

    @property
    def connections(self) -> int:
        """Return how many connections over TCP there are."""
        return 0 if self._tcp is None else len(self._tcp)

    def send_to_others(self, author: Peer | None, address: str, arguments: tuple[Any, ...]) -> None:
        """Send one message to every subscriber but its author; streams to those whose address is proved."""
        subscribers = self.subscribers.current(proved=address in STREAMS)
        others = [peer for peer in subscribers if peer != author]
        if others:
            datagram = _datagram(address, arguments)
            for peer in others:
                if self._access.may_send(peer, len(datagram)):
                    self._send_datagram(peer, datagram)

    def _send_datagram(self, peer: Peer, datagram: bytes) -> None:
        if isinstance(peer, TcpPeer):
            if self._tcp is not None:
                self._tcp.send(peer, datagram)
            return
        try:
            self._socket.sendto(datagram, peer)
        except OSError as error:
            self._tell("answers cannot be sent", error)

    def _tell(self, what: str, error: OSError) -> None:
        # A network that is gone fails many times a second: once a minute is enough to know.
        now = time.monotonic()
        if now >= self._silent_until.get(error.errno, 0.0) and not self._closing.is_set():
            self._silent_until[error.errno] = now + _TOLD_SECONDS
            self._say(f"OSC port {self.port}: {what} ({reason(error)}). The sound plays on.")

    def _receive_all(self) -> None:
        while not self._closing.is_set():
            try:
                datagram, (host, port, *_) = self._socket.recvfrom(_MAX_DATAGRAM)
            except ConnectionError:
                # Windows reports a peer that closed its port here; only our own close ends the loop.
                continue
            except OSError as error:
                self._tell("nothing can be received", error)
                self._closing.wait(self._retry_seconds)
                continue
            # What seems to come from here was sent by somebody else: two ends of one socket would answer each other.
            if datagram and port and not (port == self.port and is_own(host)):
                self._handle(datagram, (host, port))

    def _handle(self, datagram: bytes | None, peer: Peer) -> None:
        # Two sockets, one dispatcher: what it keeps belongs to one thread at a time.
        with self._handling, _survived():
            if datagram is None:
                self.dispatcher.refuse_packet(peer, "no SLIP frame, or a longer one than a packet may be")
            else:
                self.dispatcher.receive(datagram, peer, self._clock())

    def _forget(self, peer: TcpPeer) -> None:
        self.subscribers.remove(peer)
        self._access.forget(peer)

    def _publish_all(self) -> None:
        while not self._closing.wait(_PUBLISH_PAUSE_SECONDS):
            self._idle.acquire(timeout=_PUBLISH_SECONDS - _PUBLISH_PAUSE_SECONDS)
            with _survived():
                self._subscribe_trusted()
                self._publish()

    def _subscribe_trusted(self) -> None:
        if self._always and (now := time.monotonic()) >= self._always_due:
            self._always_due = now + LEASE_SECONDS / 3.0
            for peer in self._always:
                self.subscribers.add(peer)

    def _own_form(self, host: str, port: int) -> Peer:
        """Write an address as the socket does that sends there."""
        is_mapped = self._socket.family == socket.AF_INET6 and ":" not in host
        return (f"::ffff:{host}" if is_mapped else host), port


def udp_socket(host: str, port: int) -> socket.socket:
    """Open a UDP port, in IPv4 or IPv6.

    Raises:
        PortError: it cannot be opened.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_DGRAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    try:
        if family == socket.AF_INET6:
            # "::" takes IPv4 as well.
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise _port_error(f"port {port}", host, error) from error
    return listening


def _port_error(port: str, host: str, error: OSError) -> PortError:
    if error.errno == errno.EADDRINUSE:
        advice = "is another AiTunes running? Choose another with --osc-port."
    else:
        advice = "--osc-host takes an address of this machine, --osc-port the port."
    return PortError(f"OSC {port} on {host} cannot be opened ({reason(error)}); {advice}")


def _datagram(address: str, arguments: tuple[Any, ...]) -> bytes:
    try:
        return build(address, *arguments)
    except PacketError as error:
        return build("/fail", address, str(error))


@contextlib.contextmanager
def _survived() -> Iterator[None]:
    """Print a defect at the terminal, where there is one, and go on."""
    try:
        yield
    except Exception:  # noqa: BLE001  a datagram, or a reply, must not end all the later ones
        with contextlib.suppress(OSError, ValueError):
            traceback.print_exc()
