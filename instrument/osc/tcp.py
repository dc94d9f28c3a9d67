"""Receives OSC over TCP: many connections, and nobody who reads slowly holds up another."""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import threading
from collections.abc import Callable

from aitunes.osc.address import is_loopback
from aitunes.osc.packets import build
from instrument.osc.framing import Frames, FramingError, Stream
from instrument.osc.peers import TcpPeer, written

MAX_CONNECTIONS = 64
MAX_OF_ONE_HOST = 16
"""Connections of one other machine."""
MAX_UNREAD_BYTES = 1 << 20
RETRY_SECONDS = 0.1
_CHUNK_BYTES = 16_384
_FULL = f"there are {MAX_CONNECTIONS} connections already"
_FULL_OF_YOURS = f"there are {MAX_OF_ONE_HOST} connections of your machine already"


class _Connection:
    """Holds a socket, what has been received of a packet, and what waits to be sent."""

    def __init__(self, connected: socket.socket, peer: TcpPeer) -> None:
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.socket = connected
        self.peer = peer
        self.stream = Stream()
        self.unsent = bytearray()
        self.lock = threading.Lock()

    def send(self, packet: bytes) -> None:
        """Send what the other end takes at once, and keep the rest.

        Raises:
            OSError: the connection is gone, or too much is unsent.
        """
        with self.lock:
            self.unsent += self.stream.encode(packet)
            self._flush()
            if len(self.unsent) > MAX_UNREAD_BYTES:
                raise OSError(errno.ENOBUFS, "it reads too slowly")

    def flush(self) -> None:
        """Send more of what is kept; raises as `send` does."""
        with self.lock:
            self._flush()

    def _flush(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self.unsent:
                del self.unsent[: self.socket.send(self.unsent)]


def listen(host: str, port: int) -> socket.socket:
    """Open a port for connections; `::` takes IPv4 as well.

    Raises:
        OSError: it cannot be opened.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    dual = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((host, port), family=family, backlog=MAX_CONNECTIONS, dualstack_ipv6=dual)


class TcpServer:
    """Serves the connections of one port; one thread of its own receives from everybody.

    Args:
        listening: an open port; closed with the server.
        receive: takes a packet and who sent it, or None for what was no packet.
        left: takes the peer of a connection that has ended.
        say: takes a sentence about a connection that was ended from here.
        retry_seconds: how long to wait where a connection cannot be taken.
    """

    def __init__(
        self,
        listening: socket.socket,
        receive: Callable[[bytes | None, TcpPeer], None],
        left: Callable[[TcpPeer], None],
        say: Callable[[str], None],
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._receive, self._left, self._say = receive, left, say
        self._retry_seconds = retry_seconds
        self._listening = listening
        self._listening.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ)
        # A byte through this pair wakes the thread, to close or to wait for room to send.
        self._waker, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._connections: dict[TcpPeer, _Connection] = {}
        self._number = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="osc-tcp", daemon=True)

    def __len__(self) -> int:
        return len(self._connections)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """End all connections and free the port."""
        self._closing.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(timeout=1.0)
        for connection in list(self._connections.values()):
            self._end(connection)
        for end in (self._listening, self._waker, self._woken):
            end.close()
        self._selector.close()

    def send(self, peer: TcpPeer, packet: bytes) -> None:
        """Send a packet, from any thread, without ever waiting; who has left or does not read gets nothing."""
        connection = self._connections.get(peer)
        if connection is None:
            return
        try:
            connection.send(packet)
        except OSError as error:
            if error.errno == errno.ENOBUFS:
                self._say(f"OSC over TCP: {written(peer)} was disconnected, because it reads too slowly.")
            self._hang_up(connection)
        else:
            if connection.unsent:
                self._wake()

    def _hang_up(self, connection: _Connection) -> None:
        # Its own thread ends the connection, which looks to it as if the other end had.
        with contextlib.suppress(OSError):
            connection.socket.shutdown(socket.SHUT_RDWR)

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._waker.send(b"\0")

    def _run(self) -> None:
        while not self._closing.is_set():
            for key, events in self._selector.select():
                if key.fileobj is self._listening:
                    self._accept()
                elif key.fileobj is self._woken:
                    self._await_room()
                elif key.data.peer in self._connections:  # it may have given way to a new one meanwhile
                    self._serve(key.data, events)

    def _accept(self) -> None:
        try:
            connected, (host, port, *_) = self._listening.accept()
        except OSError:
            self._closing.wait(self._retry_seconds)  # gone again, or this process has too many files open
            return
        refusal = self._refusal(host)
        if refusal:
            with contextlib.suppress(OSError):
                connected.sendall(Frames().encode(build("/fail", "/tcp", refusal)))
            connected.close()
            return
        self._number += 1
        try:
            connection = _Connection(connected, TcpPeer(host, port, self._number))
        except OSError:  # macOS refuses options of a connection that was reset meanwhile
            connected.close()
            return
        self._connections[connection.peer] = connection
        self._selector.register(connected, selectors.EVENT_READ, connection)

    def _refusal(self, host: str) -> str:
        """Say why one more connection of a host is not taken; the oldest one that has said nothing gives way."""
        of_host = [peer for peer in self._connections if peer.host == host]
        if len(of_host) >= MAX_OF_ONE_HOST and not is_loopback(host):
            return _FULL_OF_YOURS
        if len(self._connections) >= MAX_CONNECTIONS:
            silent = next((one for one in self._connections.values() if not one.stream.begun), None)
            if silent is None:
                return _FULL
            self._end(silent)
        return ""

    def _await_room(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)
        for connection in self._connections.values():
            if connection.unsent:
                self._selector.modify(connection.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, connection)

    def _serve(self, connection: _Connection, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                connection.flush()
                if not connection.unsent:
                    self._selector.modify(connection.socket, selectors.EVENT_READ, connection)
            if events & selectors.EVENT_READ:
                received = connection.socket.recv(_CHUNK_BYTES)
                if not received:
                    raise ConnectionResetError
                for packet in connection.stream.feed(received):
                    self._receive(packet, connection.peer)
        except BlockingIOError:
            return
        except (OSError, FramingError):
            self._end(connection)

    def _end(self, connection: _Connection) -> None:
        self._connections.pop(connection.peer, None)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)
        connection.socket.close()
        self._left(connection.peer)
