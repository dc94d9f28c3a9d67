"""OSC over TCP: packets in SLIP frames (OSC 1.1), many connections, and nobody who reads slowly holds up another."""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pythonosc import slip

from aitunes.osc.packets import build

MAX_CONNECTIONS = 64
MAX_FRAME_BYTES = 65_536
MAX_UNREAD_BYTES = 1 << 20
_CHUNK_BYTES = 16_384
_RETRY_SECONDS = 0.1
_END = slip.END
_FULL = f"there are {MAX_CONNECTIONS} connections already"


class TcpPeer(NamedTuple):
    """One connection, by the other end's address; never equal to a peer over UDP, nor to a later connection."""

    host: str
    port: int
    connection: int


class Frames:
    """Cuts a stream of bytes into SLIP frames; what is no frame comes out as None, once.

    >>> frames = Frames()
    >>> list(frames.feed(b"\\xc0/a\\0\\0\\xc0/b")), list(frames.feed(b"\\0\\0\\xc0"))
    ([b'/a\\x00\\x00'], [b'/b\\x00\\x00'])
    """

    def __init__(self) -> None:
        self._begun = bytearray()
        self._spoilt = False

    def feed(self, received: bytes) -> Iterator[bytes | None]:
        """The frames that end within what was received; empty ones, which SLIP allows, are left out."""
        *ended, rest = received.split(_END)
        for part in ended:
            self._begin(part)
            if self._begun and not self._spoilt:
                yield _decoded(bytes(self._begun))
            elif self._spoilt:
                yield None
            self._begun.clear()
            self._spoilt = False
        self._begin(rest)

    def _begin(self, part: bytes) -> None:
        # Escaped, a frame may be twice as long. What is longer is thrown away up to its end.
        if self._spoilt or len(self._begun) + len(part) > 2 * MAX_FRAME_BYTES:
            self._spoilt = True
            self._begun.clear()
        else:
            self._begun += part


def _decoded(frame: bytes) -> bytes | None:
    try:
        datagram = slip.decode(frame)
    except slip.ProtocolError:
        return None
    return datagram if len(datagram) <= MAX_FRAME_BYTES else None


class _Connection:
    """A socket, what has been received of a frame, and what waits to be sent."""

    def __init__(self, connected: socket.socket, peer: TcpPeer) -> None:
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.socket = connected
        self.peer = peer
        self.frames = Frames()
        self.unsent = bytearray()
        self.lock = threading.Lock()

    def send(self, frame: bytes) -> None:
        """Send what the other end takes at once, and keep the rest.

        Raises:
            OSError: the connection is gone, or too much is unsent.
        """
        with self.lock:
            self.unsent += frame
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


class TcpServer:
    """Listens on one port; one thread of its own receives from everybody.

    Args:
        host, port: where to listen.
        receive: takes a packet and who sent it, or None for what was no frame.
        left: told of a connection that has ended.
        say: takes a sentence about a connection that was ended from here.

    Raises:
        OSError: the port cannot be opened.
    """

    def __init__(
        self,
        host: str,
        port: int,
        receive: Callable[[bytes | None, TcpPeer], None],
        left: Callable[[TcpPeer], None],
        say: Callable[[str], None],
    ) -> None:
        self._receive, self._left, self._say = receive, left, say
        self._listening = socket.create_server((host, port), backlog=MAX_CONNECTIONS)
        self._listening.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ)
        # A byte through this pair wakes the thread, to close or to wait for room to send.
        self._waker, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._connections: dict[TcpPeer, _Connection] = {}
        self._number = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="osc-tcp", daemon=True)

    def __len__(self) -> int:
        return len(self._connections)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """End all connections and free the port."""
        self._closing = True
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(timeout=1.0)
        for connection in list(self._connections.values()):
            self._end(connection)
        for one in (self._listening, self._waker, self._woken):
            one.close()
        self._selector.close()

    def send(self, peer: TcpPeer, datagram: bytes) -> None:
        """Send a packet, from any thread, without ever waiting; who has left or does not read gets nothing."""
        connection = self._connections.get(peer)
        if connection is None:
            return
        try:
            connection.send(slip.encode(datagram))
        except OSError as error:
            if error.errno == errno.ENOBUFS:
                self._say(f"OSC over TCP: {peer.host}:{peer.port} was disconnected, because it reads too slowly.")
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
        while not self._closing:
            for key, events in self._selector.select():
                if key.fileobj is self._listening:
                    self._accept()
                elif key.fileobj is self._woken:
                    self._await_room()
                else:
                    self._serve(key.data, events)

    def _accept(self) -> None:
        try:
            connected, (host, port, *_) = self._listening.accept()
        except OSError:
            time.sleep(_RETRY_SECONDS)  # gone again, or this process has too many files open
            return
        if len(self._connections) >= MAX_CONNECTIONS:
            with contextlib.suppress(OSError):
                connected.sendall(slip.encode(build("/fail", "/tcp", _FULL)))
            connected.close()
            return
        self._number += 1
        connection = _Connection(connected, TcpPeer(host, port, self._number))
        self._connections[connection.peer] = connection
        self._selector.register(connected, selectors.EVENT_READ, connection)

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
                for frame in connection.frames.feed(received):
                    self._receive(frame, connection.peer)
        except BlockingIOError:
            return
        except OSError:
            self._end(connection)

    def _end(self, connection: _Connection) -> None:
        self._connections.pop(connection.peer, None)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)
        connection.socket.close()
        self._left(connection.peer)
