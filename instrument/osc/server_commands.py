"""Answers what is about the connection and the engine, not the sound: `/status`, `/notify`, `/quit` and their like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from aitunes import __version__
from aitunes.osc.address import is_loopback
from instrument.namespace import LISTEN, MessageError, Value
from instrument.osc.access import Access
from instrument.osc.peers import Peer, TcpPeer
from instrument.osc.proofs import MIN_TOKEN
from instrument.osc.subscribers import Subscribers
from instrument.status import Status
from instrument.synthesis.timeline import Timeline

Send = Callable[[Peer, str, tuple[Any, ...]], None]
Handler = Callable[[Peer, tuple[Value, ...]], None]


class Server(Protocol):
    """Names what these commands need of the engine."""

    timeline: Timeline

    def status(self) -> Status:
        """Return the engine's measures."""

    def quit(self) -> None:
        """Fade out and end."""

    def listen(self, peer: Peer, seconds: float) -> None:
        """Send a peer what is played, for so many seconds."""


class ServerCommands:
    """Handles the rows of the namespace whose kind is SERVER.

    Args:
        server: the engine.
        subscribers, access: who hears of changes, and who may do what.
        send: sends one message to a peer.
    """

    def __init__(self, server: Server, subscribers: Subscribers, access: Access, send: Send) -> None:
        self._server, self._subscribers, self._access, self._send = server, subscribers, access, send
        self.dump_mode = 0
        self.handlers: dict[str, Handler] = {
            "/status": self._status,
            "/notify": self._notify,
            "/version": self._version,
            "/login": self._log_in,
            "/dumpOSC": self._dump,
            "/clearSched": self._clear,
            "/quit": self._quit,
            LISTEN: self._listen,
        }

    def renew(self, peer: Peer) -> None:
        """Renew a subscription, and ask for a proof once more when the last one has become old."""
        target = self._subscribers.target(peer)
        if target not in self._subscribers:
            return
        self._subscribers.renew(target, self._access.proofs.holds(target))
        if self._access.proofs.wanes(target):
            self._send(target, "/done", ("/notify", 0, self._access.proofs.token(target)))

    def _status(self, peer: Peer, values: tuple[Value, ...]) -> None:
        self._send(self._subscribers.target(peer), "/status.reply", self._server.status().to_arguments())

    def _notify(self, peer: Peer, values: tuple[Value, ...]) -> None:
        target, token = _target_and_token(peer, values[1:])
        if not values[0]:
            self._send(target, "/done", ("/notify", self._subscribers.remove(target)))
            return
        proofs = self._access.proofs
        if token and not proofs.take(target, token):
            raise MessageError("this is not the token that was sent to you last; /notify 1 asks for another")
        proved = proofs.holds(target)
        number = 0
        if proved or is_loopback(target[0]):
            number = self._subscribers.add(target, proved)
            if target != peer:
                self._subscribers.route(peer, target)
        fresh = proved and not proofs.wanes(target)
        self._send(target, "/done", ("/notify", number) if fresh else ("/notify", number, proofs.token(target)))

    def _version(self, peer: Peer, values: tuple[Value, ...]) -> None:
        numbers = (int(part) for part in __version__.split("."))
        self._send(self._subscribers.target(peer), "/version.reply", ("AiTunes", *numbers))

    def _log_in(self, peer: Peer, values: tuple[Value, ...]) -> None:
        self._access.log_in(peer, str(values[0]))
        self._send(peer, "/done", ("/login",))

    def _dump(self, peer: Peer, values: tuple[Value, ...]) -> None:
        self.dump_mode = int(values[0])

    def _clear(self, peer: Peer, values: tuple[Value, ...]) -> None:
        self._server.timeline.clear()

    def _listen(self, peer: Peer, values: tuple[Value, ...]) -> None:
        target = self._subscribers.target(peer)
        if not self._access.proofs.holds(target):
            raise MessageError("the sound goes to proved subscribers alone; /notify 1 brings a token")
        self._server.listen(target, float(values[0]))
        self._send(target, "/done", (LISTEN, values[0]))

    def _quit(self, peer: Peer, values: tuple[Value, ...]) -> None:
        self._send(self._subscribers.target(peer), "/done", ("/quit",))
        self._server.quit()


def _target_and_token(peer: Peer, values: tuple[Value, ...]) -> tuple[Peer, int]:
    """Return where a subscription goes, and the token that came with it, 0 for none.

    Both may be left out: a number below 65,536 is a port, another one a token.
    """
    numbers = [int(value) for value in values]
    token = next((number for number in numbers if number >= MIN_TOKEN), 0)
    port = next((number for number in numbers if 0 < number < MIN_TOKEN), 0)
    if port and not isinstance(peer, TcpPeer):
        return (peer[0], port), token
    return peer, token
