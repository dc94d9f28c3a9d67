"""Finds each message's row of the table, checks it, and puts it on the timeline or answers it."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from aitunes.osc.address import is_loopback
from aitunes.osc.packets import Message, Packet, PacketError, parse
from aitunes.printable import printable
from instrument.namespace import (
    ANSWERS,
    LOCAL_ONLY,
    Address,
    Kind,
    MessageError,
    Value,
    canonical,
    check_arguments,
    former,
)
from instrument.osc.access import Access
from instrument.osc.aliases import FormerNames, Sender
from instrument.osc.patterns import is_pattern, matching
from instrument.osc.peers import Peer, written
from instrument.osc.server_commands import Send, ServerCommands
from instrument.osc.subscribers import Subscribers
from instrument.status import Status
from instrument.synthesis.timeline import MAX_AHEAD_SECONDS, Call, Event, Item, Timeline, coalesced

MAX_EVENTS = 512
"""Of one packet, after coalescing; the synth's hop must carry them."""
_MAX_EXPANDED = 4_096
"""Of one packet, before; this thread and the synth's share the interpreter."""
_MAX_NAME = 120
_MAX_LINE = 2_000
_UNKNOWN = "there is no such address; docs/osc.md lists them"
_TOO_MUCH = "this is more work than one sender may cause in a second; the rest of the packet is left out"
_QUIT = "/quit"


class Instrument(Protocol):
    """Names what the dispatcher needs of the engine."""

    timeline: Timeline

    @property
    def rows(self) -> dict[str, Address]:
        """Return the namespace by concrete path, for the playing release."""

    def status(self) -> Status:
        """Return the engine's measures."""

    def answer(self, events: Sequence[Item]) -> bool:
        """Answer events that all ask now, if no change waits for its hop; return whether it did so."""

    def quit(self) -> None:
        """Fade out and end."""

    def listen(self, peer: Peer, seconds: float) -> None:
        """Send a peer what is played, for so many seconds."""

    def in_background(self, function: Callable[[], None]) -> None:
        """Run a function beside the sound, after all earlier commands."""


@dataclass(frozen=True, slots=True)
class _ServerMessage:
    """Holds a checked message about the connection, not the sound, and what handles it."""

    path: str
    handle: Callable[[], None]


class Dispatcher:
    """Turns datagrams into events and replies; whatever arrives, no exception leaves `receive`.

    Answers of engines (`/done`, `/fail`, `*.reply`, notices) that arrive here are left without an answer, or two
    engines would answer each other for ever.

    Args:
        instrument: the engine.
        subscribers: renewed by any message.
        send: sends one message to a peer.
        log: takes a line when `/dumpOSC` asks for it.
        access: limits of senders, and who may do what.
    """

    def __init__(
        self,
        instrument: Instrument,
        subscribers: Subscribers,
        send: Send,
        log: Callable[[str], None] = lambda line: print(line, file=sys.stderr),
        access: Access | None = None,
    ) -> None:
        self._instrument = instrument
        self._subscribers = subscribers
        self._send = send
        self._log = log
        self._access = Access(time.monotonic) if access is None else access
        self._server = ServerCommands(instrument, subscribers, self._access, send)
        self.malformed_packets = 0

    def receive(self, datagram: bytes, peer: Peer, arrived: float) -> None:
        """Handle a packet that came from `peer` at `arrived`, seconds of the engine's clock; one thread at a time."""
        if not self._access.senders.admit(peer, len(datagram)):
            return
        if self._server.dump_mode & 2:
            self._note(peer, datagram.hex(" ", 4))
        try:
            packets = parse(datagram)
        except PacketError as error:
            self.refuse_packet(peer, str(error))
            return
        self._server.renew(peer)
        for packet in packets:
            self._handle(packet, peer, arrived)

    def refuse_packet(self, peer: Peer, why: str) -> None:
        """Count what is no OSC."""
        self.malformed_packets += 1
        if self._server.dump_mode:
            self._note(peer, f"malformed: {why}")

    def _handle(self, packet: Packet, peer: Peer, arrived: float) -> None:
        events: list[Item] = []
        for number, message in enumerate(packet.messages):
            if self._server.dump_mode & 1:
                self._note(peer, f"{message.address} {message.arguments}")
            work = self._work(message) if number else self._work(message) - 1  # the first came with the datagram
            if work and not self._access.senders.spend(peer, work):
                self._refuse(peer, message, _TOO_MUCH)
                break
            try:
                for event in self._events(message, peer, arrived):
                    if isinstance(event, Event):
                        events.append(event)
                    elif packet.time is None:
                        event.handle()
                    else:
                        events.append(Call(partial(self._later, event, peer), arrived))
            except MessageError as error:
                self._refuse(peer, message, str(error))
            if len(events) > _MAX_EXPANDED:
                break
        self._post(events, packet, peer)

    def _post(self, events: list[Item], packet: Packet, peer: Peer) -> None:
        if len(events) <= _MAX_EXPANDED:
            events = coalesced(events)
        if len(events) > MAX_EVENTS:
            self._refuse(peer, packet.messages[0], f"one packet may change {MAX_EVENTS} values; send it in parts")
        elif events and packet.time is not None and packet.time - events[0].arrived > MAX_AHEAD_SECONDS:
            ahead = f"its time is {packet.time - events[0].arrived:.0f} s ahead of this machine's clock"
            self._refuse(peer, packet.messages[0], f"{ahead}; {MAX_AHEAD_SECONDS:.0f} s at most: set the clocks alike")
        elif events and packet.time is None and self._instrument.answer(events):
            return
        elif events and not self._instrument.timeline.post(events, packet.time, _share(peer)):
            flood = "more events wait than the sound can carry; send fewer"
            held = "too many events are held for later; /clearSched"
            self._refuse(peer, packet.messages[0], flood if packet.time is None else held)

    def _work(self, message: Message) -> int:
        return len(self._instrument.rows) if is_pattern(message.address) else 1

    def _later(self, message: _ServerMessage, peer: Peer) -> None:
        """Handle a server message of a bundle beside the sound, once its time has come."""

        def answer() -> None:
            try:
                message.handle()
            except MessageError as error:
                self._send(self._subscribers.target(peer), "/fail", (message.path, str(error)))

        self._instrument.in_background(answer)

    def _refuse(self, peer: Peer, message: Message, reason: str) -> None:
        if self._access.senders.may_refuse(peer):
            self._send(self._subscribers.target(peer), "/fail", (message.address[:_MAX_NAME], reason))

    def _note(self, peer: Peer, line: str) -> None:
        # A terminal that has been closed is no reason to stop listening.
        with contextlib.suppress(OSError, ValueError):
            self._log(printable(f"{written(peer)} {line[:_MAX_LINE]}"))

    def _events(self, message: Message, peer: Peer, arrived: float) -> list[Event | _ServerMessage]:
        rows = self._instrument.rows
        path = canonical(message.address)
        row = rows.get(path)
        if path in ANSWERS or path.endswith(".reply") or (row and row.kind is Kind.NOTICE):
            return []
        if message.fault:
            raise MessageError(message.fault)
        if is_pattern(message.address):
            return self._events_of_pattern(message, peer, arrived)
        if row is None:
            raise MessageError(_UNKNOWN)
        is_former = path != message.address
        if not _is_button(row, message.arguments):
            return [self._event(path, row, message.arguments, peer, arrived, is_former)]
        # Letting the button go sends a zero.
        return [self._event(path, row, [], peer, arrived, is_former)] if message.arguments[0] else []

    def _events_of_pattern(self, message: Message, peer: Peer, arrived: float) -> list[Event | _ServerMessage]:
        """Return events of all addresses that the arguments fit; without any, questions where there is a value."""
        rows = self._instrument.rows
        found = matching(message.address, rows)
        is_former = not found
        if is_former:
            found = [canonical(path) for path in matching(message.address, map(former, rows))]
        paths = [path for path in found if rows[path].kind is not Kind.NOTICE]
        asks = not message.arguments and any(rows[path].has_value for path in paths)
        refusal = MessageError(_UNKNOWN)
        events: list[Event | _ServerMessage] = []
        for path in paths:
            if asks and not rows[path].has_value:
                continue
            if path == _QUIT:
                refusal = MessageError("no pattern ends the engine; /quit does")
                continue
            try:
                events.append(self._event(path, rows[path], message.arguments, peer, arrived, is_former))
            except MessageError as error:
                refusal = error
        if not events:
            raise refusal
        return events

    def _event(
        self, path: str, row: Address, arguments: list[Any], peer: Peer, arrived: float, is_former: bool
    ) -> Event | _ServerMessage:
        """Check a message to one address, which the peer may have called by its former name."""
        target = self._subscribers.target(peer)
        origin: Sender = FormerNames(target) if is_former else target
        if row.has_value and not arguments:
            return Event(path, row.kind, None, origin, arrived)
        values = check_arguments(row, arguments)
        if path in LOCAL_ONLY:
            self._access.check_local(peer)
        handler = self._server.handlers.get(path)
        if handler is not None:
            return _ServerMessage(path, partial(handler, peer, values))
        return Event(path, row.kind, values, origin, arrived, _differ(arguments, values))


def _is_button(row: Address, arguments: list[Any]) -> bool:
    """Tell whether this is a button that was pressed or let go, on an address that needs to know nothing more.

    Most controllers cannot send a message without a number.
    """
    if row.arguments or row.kind not in (Kind.ACTION, Kind.COMMAND) or len(arguments) != 1:
        return False
    return isinstance(arguments[0], int | float) and math.isfinite(arguments[0])


def _share(peer: Peer) -> Hashable:
    """Return whose share of the held events a sender takes: all other machines have one together."""
    return peer if is_loopback(peer[0]) else "other machines"


def _differ(arguments: list[Any], values: tuple[Value, ...]) -> bool:
    """Return whether numbers have been clipped or rounded, which their sender does not know."""
    pairs = zip(arguments, values, strict=False)
    return any(not isinstance(value, bool | str) and value != argument for argument, value in pairs)
