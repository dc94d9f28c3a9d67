"""Encodes and decodes OSC packets; a datagram becomes messages, or a `PacketError`, whatever arrives."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message import ParseError as OscParseError
from pythonosc.osc_message_builder import BuildError, OscMessageBuilder
from pythonosc.parsing import ntp

from aitunes.errors import AiTunesError

BUNDLE = b"#bundle\0"
MAX_DEPTH = 8
_HEADER_BYTES = len(BUNDLE) + 8
_MIN_BYTES = {**dict.fromkeys("ifsSbrm", 4), **dict.fromkeys("hdt", 8), **dict.fromkeys("TFNI[]", 0)}
_OSC_1_1 = bytes.maketrans(b"SI", b"sT")
"""A symbol is text and an impulse is a press, which python-osc does not know."""


class PacketError(AiTunesError):
    """A datagram that is not OSC."""


@dataclass(frozen=True, slots=True)
class Message:
    """One OSC message.

    Args:
        fault: why its arguments cannot be read, in a message that the rest of its bundle does not depend on.
    """

    address: str
    arguments: list[Any]
    fault: str = ""


@dataclass(slots=True)
class Packet:
    """Messages that apply together.

    Args:
        time: when, in seconds of `time.time`; None is at once.
        messages: in the order of the datagram.
    """

    time: float | None
    messages: list[Message] = field(default_factory=list)


def parse(datagram: bytes) -> list[Packet]:
    """Return the packets of a datagram: one for a message, one for each bundle that holds messages.

    Raises:
        PacketError: the datagram is malformed or nests bundles more than `MAX_DEPTH` deep.
    """
    if datagram.startswith(b"/"):
        return [Packet(None, [_message(datagram)])]
    packets: list[Packet] = []
    _collect(memoryview(datagram), 1, packets)
    return packets


def messages(datagram: bytes) -> list[Message]:
    """Return all messages of a datagram, whatever their times; none where it is not OSC."""
    try:
        return [message for packet in parse(datagram) for message in packet.messages if not message.fault]
    except PacketError:
        return []


def _collect(bundle: memoryview, depth: int, packets: list[Packet]) -> None:
    if depth > MAX_DEPTH:
        raise PacketError(f"bundles nest more than {MAX_DEPTH} deep")
    if len(bundle) < _HEADER_BYTES or bundle[: len(BUNDLE)] != BUNDLE:
        raise PacketError("neither a message nor a bundle")
    packet = Packet(_time(bytes(bundle[len(BUNDLE) : _HEADER_BYTES])))
    packets.append(packet)
    rest = bundle[_HEADER_BYTES:]
    while rest:
        if len(rest) < 4:
            raise PacketError("a bundle ends inside an element's size")
        (size,) = struct.unpack(">i", rest[:4])
        element = rest[4 : 4 + size]
        if size <= 0 or size % 4 or len(element) < size:
            raise PacketError(f"a bundle element of {size} bytes does not fit")
        if element[0] == ord("/"):
            packet.messages.append(_message_or_fault(bytes(element)))
        else:
            _collect(element, depth + 1, packets)
        rest = rest[4 + size :]


def _time(tag: bytes) -> float | None:
    return None if tag == ntp.IMMEDIATELY else ntp.ntp_to_system_time(tag)


def _message_or_fault(element: bytes) -> Message:
    try:
        return _message(element)
    except PacketError as error:
        return Message(element.split(b"\0", 1)[0].decode("utf-8", "replace"), [], str(error))


def _message(datagram: bytes) -> Message:
    if len(datagram) % 4:
        raise PacketError("a message's length is no multiple of 4")
    try:
        message = OscMessage(_checked_type_tags(datagram))
    except (OscParseError, ValueError, OverflowError, RecursionError) as error:
        raise PacketError(f"not an OSC message: {error}") from error
    return Message(message.address, _flat(message.params))


def _flat(arguments: list[Any]) -> list[Any]:
    """Return arguments in which an array of OSC's stands as its values."""
    if not any(isinstance(argument, list) for argument in arguments):
        return arguments
    flat: list[Any] = []
    waiting = arguments[::-1]
    while waiting:
        argument = waiting.pop()
        if isinstance(argument, list):
            waiting.extend(reversed(argument))
        else:
            flat.append(argument)
    return flat


def _checked_type_tags(datagram: bytes) -> bytes:
    """Return a message whose types python-osc knows and whose arguments are there."""
    # python-osc skips tags it does not know, which would shift every later argument, and makes up zeros for
    # floats that are missing at the end.
    start = _padded(datagram.find(b"\0"))
    end = datagram.find(b"\0", start)
    if datagram[start : start + 1] != b"," or end < 0:
        return datagram
    tags = datagram[start + 1 : end].decode("latin-1")
    unknown = set(tags) - _MIN_BYTES.keys()
    if unknown:
        raise PacketError(f"unknown OSC types {''.join(sorted(unknown))!r}")
    if sum(_MIN_BYTES[tag] for tag in tags) > len(datagram) - _padded(end):
        raise PacketError("arguments are missing")
    if "S" in tags or "I" in tags:
        return datagram[:start] + datagram[start:end].translate(_OSC_1_1) + datagram[end:]
    return datagram


def _padded(end: int) -> int:
    """Return the index after text that ends before `end`: the next multiple of 4."""
    return (end // 4 + 1) * 4


def build(address: str, *arguments: Any) -> bytes:
    """Encode a message; Python types choose the OSC types (`int` i, `float` f, `str` s, `bool` T/F).

    A pair such as `("d", 48_000.0)` asks for a type by name.

    Raises:
        PacketError: a value has no form in OSC.
    """
    builder = OscMessageBuilder(address)
    try:
        for argument in arguments:
            if isinstance(argument, tuple):
                type_tag, value = argument
                builder.add_arg(value, type_tag)
            else:
                builder.add_arg(argument)
        return builder.build().dgram
    except (BuildError, ValueError, OverflowError, UnicodeError, struct.error) as error:
        raise PacketError(f"the answer cannot be sent: {error}") from error


def bundle(elements: Iterable[bytes], time: float | None = None) -> bytes:
    """Encode a bundle of encoded messages.

    Args:
        time: when they apply, in seconds of `time.time`; None is at once.
    """
    tag = ntp.IMMEDIATELY if time is None else ntp.system_time_to_ntp(time)
    return BUNDLE + tag + b"".join(struct.pack(">i", len(element)) + element for element in elements)
