"""Cuts a TCP connection's bytes into packets: SLIP frames (OSC 1.1), or packets after their length (OSC 1.0).

The first byte tells which: a length begins with 0, a SLIP frame with its mark or at once with a packet. Anything else,
such as the POST of a web page that tries to play, is no OSC, and the connection is ended before more of it is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Protocol

from pythonosc import slip

MAX_FRAME_BYTES = 65_536
_END = slip.END
_PACKET_STARTS = b"/#"
_LENGTH_BYTES = 4


class FramingError(Exception):
    """Says that a stream is no OSC."""


class Framing(Protocol):
    """Turns received bytes into packets, and a packet into bytes to send."""

    def feed(self, received: bytes) -> Iterator[bytes | None]:
        """Yield the packets that end within what was received, None for what is none.

        Raises:
            FramingError: this is no OSC, or its beginning has been lost.
        """

    def encode(self, packet: bytes) -> bytes:
        """Return the bytes that carry a packet."""


class Frames:
    """Cuts a stream into SLIP frames; what is no frame comes out as None, once.

    >>> frames = Frames()
    >>> list(frames.feed(b"\\xc0/a\\0\\0\\xc0/b")), list(frames.feed(b"\\0\\0\\xc0"))
    ([b'/a\\x00\\x00'], [b'/b\\x00\\x00'])
    """

    def __init__(self) -> None:
        self._begun = bytearray()
        self._spoilt = False

    def feed(self, received: bytes) -> Iterator[bytes | None]:
        """Yield the frames that end within what was received; empty ones, which SLIP allows, are left out."""
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

    def encode(self, packet: bytes) -> bytes:
        """Return the frame of a packet."""
        return bytes(slip.encode(packet))

    @property
    def waiting_bytes(self) -> int:
        """Return how many bytes are kept of a frame that has not ended."""
        return len(self._begun)

    def _begin(self, part: bytes) -> None:
        # Escaped, a frame may be twice as long. What is longer is thrown away up to its end.
        if self._spoilt or len(self._begun) + len(part) > 2 * MAX_FRAME_BYTES:
            self._spoilt = True
            self._begun.clear()
        else:
            self._begun += part


class Lengths:
    """Cuts a stream into packets that follow their length, four bytes of it.

    >>> list(Lengths().feed(b"\\0\\0\\0\\4/a\\0\\0\\0\\0"))
    [b'/a\\x00\\x00']
    """

    def __init__(self) -> None:
        self._begun = bytearray()

    def feed(self, received: bytes) -> Iterator[bytes | None]:
        """Yield the packets that end within what was received.

        Raises:
            FramingError: a length is none, or what follows is no packet: nobody knows where the next one begins.
        """
        self._begun += received
        while len(self._begun) >= _LENGTH_BYTES:
            (length,) = struct.unpack_from(">i", self._begun)
            if not 0 < length <= MAX_FRAME_BYTES or length % 4:
                raise FramingError
            if self._begun[_LENGTH_BYTES : _LENGTH_BYTES + 1].strip(_PACKET_STARTS):
                raise FramingError
            end = _LENGTH_BYTES + length
            if len(self._begun) < end:
                return
            yield bytes(self._begun[_LENGTH_BYTES:end])
            del self._begun[:end]

    def encode(self, packet: bytes) -> bytes:
        """Return a packet behind its length."""
        return struct.pack(">i", len(packet)) + packet


class Stream:
    """Finds a connection's framing by its first bytes, and ends it where they are none.

    `begun` is True once a whole packet has come.
    """

    def __init__(self) -> None:
        self.begun = False
        self._framing: Framing | None = None

    def feed(self, received: bytes) -> Iterator[bytes | None]:
        """Yield packets as the framing that was found does.

        Raises:
            FramingError: the connection does not begin with OSC.
        """
        if self._framing is None:
            received = received.lstrip(_END)  # marks alone begin nothing yet
            if not received:
                return
            if received[:1] not in (b"\0", b"/", b"#"):
                raise FramingError
            self._framing = Lengths() if received.startswith(b"\0") else Frames()
        for packet in self._framing.feed(received):
            if not self.begun and not _is_packet(packet):
                raise FramingError
            self.begun = True
            yield packet

    def encode(self, packet: bytes) -> bytes:
        """Return the bytes that carry a packet, in the framing of the other end; SLIP before it has said anything."""
        return (self._framing or Frames()).encode(packet)


def _is_packet(packet: bytes | None) -> bool:
    return packet is not None and packet.startswith((b"/", b"#bundle\0")) and len(packet) % 4 == 0


def _decoded(frame: bytes) -> bytes | None:
    try:
        datagram = slip.decode(frame)
    except slip.ProtocolError:
        return None
    return datagram if len(datagram) <= MAX_FRAME_BYTES else None
