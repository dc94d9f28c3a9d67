"""One message at a time: find its row of the table, check it, put it on the timeline or answer it."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from aitunes import __version__
from aitunes.osc.packets import Message, Packet, PacketError, parse
from instrument.measures import Status
from instrument.namespace import Address, Kind, MessageError, Value, canonical, check_arguments, former
from instrument.osc.aliases import FormerNames, Sender, peer_of
from instrument.osc.patterns import is_pattern, matching
from instrument.osc.subscribers import Peer, Subscribers
from instrument.synthesis.timeline import Event, Timeline, coalesced

Send = Callable[[Peer, str, tuple[Any, ...]], None]

MAX_EVENTS = 512
"""Of one packet, after coalescing; the synth's hop must carry them."""
_MAX_EXPANDED = 4_096
"""Of one packet, before; this thread and the synth's share the interpreter."""
_MAX_NAME = 120
_UNKNOWN = "there is no such address; docs/osc.md lists them"
_QUIT = "/quit"
_LOOPBACK = ("127.", "::1")


class Instrument(Protocol):
    """What the dispatcher needs of the engine."""

    timeline: Timeline

    @property
    def rows(self) -> dict[str, Address]:
        """The namespace by concrete path, for the playing release."""

    def status(self) -> Status:
        """The engine's measures."""

    def quit(self) -> None:
        """Fade out and end."""

    def soon(self, call: Callable[[], None]) -> None:
        """Run something beside the sound, after all that was asked for before."""


class Dispatcher:
    """Turns datagrams into events and replies; whatever arrives, no exception leaves `receive`.

    Args:
        instrument: the engine.
        subscribers: renewed by any message.
        send: sends one message to a peer.
        log: takes a line when `/dumpOSC` asks for it.
    """

    def __init__(
        self,
        instrument: Instrument,
        subscribers: Subscribers,
        send: Send,
        log: Callable[[str], None] = lambda line: print(line, file=sys.stderr),
    ) -> None:
        self._instrument = instrument
        self._subscribers = subscribers
        self._send = send
        self._log = log
        self._dump_mode = 0
        self.malformed_packets = 0
        self._server: dict[str, Callable[[Peer, tuple[Value, ...]], None]] = {
            "/status": self._status,
            "/notify": self._notify,
            "/version": self._version,
            "/dumpOSC": self._dump,
            "/clearSched": self._clear,
            _QUIT: self._quit,
        }

    def receive(self, datagram: bytes, peer: Peer, arrived: float) -> None:
        """Obey a packet that came from `peer` at `arrived`, seconds of the engine's clock; one thread at a time."""
        if self._dump_mode & 2:
            self._note(peer, datagram.hex(" ", 4))
        try:
            packets = parse(datagram)
        except PacketError as error:
            self.refuse_packet(peer, str(error))
            return
        self._subscribers.renew(peer)
        for packet in packets:
            self._obey(packet, peer, arrived)

    def refuse_packet(self, peer: Peer, why: str) -> None:
        """Count what is no OSC."""
        self.malformed_packets += 1
        if self._dump_mode:
            self._note(peer, f"malformed: {why}")

    def _obey(self, packet: Packet, peer: Peer, arrived: float) -> None:
        events: list[Event] = []
        for message in packet.messages:
            if self._dump_mode & 1:
                self._note(peer, f"{message.address} {message.arguments}")
            try:
                for event in self._events(message, peer, arrived):
                    if event.call is None:
                        events.append(event)
                    elif packet.time is None:
                        event.call()
                    else:
                        events.append(replace(event, call=partial(self._later, event.path, event.call, peer)))
            except MessageError as error:
                self._refuse(peer, message, str(error))
            if len(events) > _MAX_EXPANDED:
                break
        if len(events) <= _MAX_EXPANDED:
            events = coalesced(events)
        if len(events) > MAX_EVENTS:
            self._refuse(peer, packet.messages[0], f"one packet may change {MAX_EVENTS} values; send it in parts")
        elif events and not self._instrument.timeline.post(events, packet.time):
            flood = "more events wait than the sound can carry; send fewer"
            held = "too many events are held for later; /clearSched"
            self._refuse(peer, packet.messages[0], flood if packet.time is None else held)

    def _later(self, path: str, call: Callable[[], None], peer: Peer) -> None:
        """Do what is about the connection beside the sound, now that its hop has come."""

        def answer() -> None:
            try:
                call()
            except MessageError as error:
                self._send(peer, "/fail", (path, str(error)))

        self._instrument.soon(answer)

    def _refuse(self, peer: Peer, message: Message, reason: str) -> None:
        self._send(peer, "/fail", (message.address[:_MAX_NAME], reason))

    def _note(self, peer: Peer, line: str) -> None:
        # A terminal that has been closed is no reason to stop listening.
        with contextlib.suppress(OSError, ValueError):
            self._log(f"{peer[0]}:{peer[1]} {line}")

    def _events(self, message: Message, peer: Peer, arrived: float) -> list[Event]:
        rows = self._instrument.rows
        if is_pattern(message.address):
            return self._events_of_pattern(message, peer, arrived)
        path = canonical(message.address)
        row = rows.get(path)
        if row is None:
            raise MessageError(_UNKNOWN)
        sender = peer if path == message.address else FormerNames(peer)
        if not _is_button(row, message.arguments):
            return [self._event(path, row, message.arguments, sender, arrived)]
        # Letting the button go sends a zero.
        return [self._event(path, row, [], sender, arrived)] if message.arguments[0] else []

    def _events_of_pattern(self, message: Message, peer: Peer, arrived: float) -> list[Event]:
        """Events of all the addresses that the arguments fit; without arguments, questions where there is a value."""
        rows = self._instrument.rows
        sender: Sender = peer
        paths = matching(message.address, rows)
        if not paths:
            paths = [canonical(path) for path in matching(message.address, map(former, rows))]
            sender = FormerNames(peer)
        asks = not message.arguments and any(rows[path].has_value for path in paths)
        refusal, events = MessageError(_UNKNOWN), []
        for path in paths:
            if asks and not rows[path].has_value:
                continue
            if path == _QUIT:
                refusal = MessageError("no pattern ends the engine; /quit does")
                continue
            try:
                events.append(self._event(path, rows[path], message.arguments, sender, arrived))
            except MessageError as error:
                refusal = error
        if not events:
            raise refusal
        return events

    def _event(self, path: str, row: Address, arguments: list[Any], sender: Sender, arrived: float) -> Event:
        """What one address is asked to do; it has a `call` where that is about the connection, not the sound."""
        if row.has_value and not arguments:
            return Event(path, row.kind, None, sender, arrived)
        if row.kind is Kind.NOTICE:
            raise MessageError("this is told to subscribers, by the engine alone; /notify 1 subscribes")
        values = check_arguments(row, arguments)
        handler = self._server.get(path)
        call = None if handler is None else partial(handler, peer_of(sender), values)
        return Event(path, row.kind, values, sender, arrived, call)

    def _status(self, peer: Peer, values: tuple[Value, ...]) -> None:
        self._send(peer, "/status.reply", status_arguments(self._instrument.status()))

    def _notify(self, peer: Peer, values: tuple[Value, ...]) -> None:
        number = self._subscribers.add(peer) if values[0] else self._subscribers.remove(peer)
        self._send(peer, "/done", ("/notify", number))

    def _version(self, peer: Peer, values: tuple[Value, ...]) -> None:
        self._send(peer, "/version.reply", ("AiTunes", *(int(part) for part in __version__.split("."))))

    def _dump(self, peer: Peer, values: tuple[Value, ...]) -> None:
        self._dump_mode = int(values[0])

    def _clear(self, peer: Peer, values: tuple[Value, ...]) -> None:
        self._instrument.timeline.clear()

    def _quit(self, peer: Peer, values: tuple[Value, ...]) -> None:
        if not peer[0].startswith(_LOOPBACK):
            raise MessageError("only a program on the engine's own machine may end it")
        self._send(peer, "/done", (_QUIT,))
        self._instrument.quit()


def _is_button(row: Address, arguments: list[Any]) -> bool:
    """Whether this is a button that was pressed or let go, on an address that needs to know nothing more.

    Most controllers cannot send a message without a number.
    """
    if row.arguments or row.kind not in (Kind.ACTION, Kind.COMMAND) or len(arguments) != 1:
        return False
    return isinstance(arguments[0], int | float) and math.isfinite(arguments[0])


def status_arguments(status: Status) -> tuple[Any, ...]:
    """The arguments of `/status.reply`, in the order and with the types of the protocol."""
    return (
        status.underruns,
        status.late_events,
        status.malformed_packets,
        status.subscribers,
        status.mean_load,
        status.peak_load,
        ("d", status.nominal_sample_rate),
        ("d", status.measured_sample_rate),
        status.control_ms,
        status.synthesis_ms,
        status.buffer_ms,
        status.device_ms,
        status.release,
        status.playing,
        status.iterations,
    )
