"""Tells who is at the other end of a connection, and what they may do."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import Response

from aitunes.osc.address import is_loopback
from instrument.web.phones import Phones
from instrument.web.problems import ProblemError

_MAX_SESSIONS = 256
_TOKEN_BYTES = 16
_BROWSER = "Mozilla/"  # with which every browser begins to say what it is


class Right(StrEnum):
    """Names what a visitor may do; the page shows what goes with these words."""

    PLAY = "play"
    LOAD = "load"
    RECORD = "record"
    SNAPSHOTS = "snapshots"
    GESTURES = "gestures"
    MIDI = "midi"
    RENDER = "render"
    LISTEN = "listen"
    PHONES = "phones"
    TRAIN = "train"
    INSTALL = "install"
    DEVICES = "devices"


class Role(Enum):
    """Says who a visitor is, and what they may do."""

    PROGRAM = ("program", tuple(Right))
    """A program of this machine."""
    LOCAL = ("local", tuple(Right))
    """The page of this server, on this machine."""
    GUEST = ("guest", (Right.PLAY, Right.LOAD, Right.RENDER, Right.LISTEN))
    """A page of an origin that the person has named with --cors."""
    PHONE = ("phone", (Right.PLAY, Right.LOAD))
    """A paired phone."""
    STRANGER = ("stranger", ())
    """Anybody else."""

    def __init__(self, word: str, rights: tuple[Right, ...]) -> None:
        self.word = word
        self.rights = frozenset(rights)


@dataclass(frozen=True)
class Visitor:
    """Describes one visitor.

    Args:
        role: who it is.
        token: of the session; empty where there is none.
        remote: on another machine.
        came_by_phone_door: at the address that is open for phones alone.
        host: from which the connection comes.
    """

    role: Role
    token: str = ""
    remote: bool = False
    came_by_phone_door: bool = False
    host: str = ""

    @property
    def key(self) -> str:
        """Return what tells this visitor from others, which is nothing that it can choose."""
        return self.token if self.role is Role.PHONE else self.host

    def may(self, right: Right) -> bool:
        """Tell whether the visitor may do something."""
        return right in self.role.rights

    def describe(self) -> dict[str, Any]:
        """Return what the page hears of itself."""
        return {"role": self.role.word, "can": [right.value for right in Right if self.may(right)]}


class Visitors:
    """Knows the sessions of this machine's pages and of phones; in memory alone.

    Args:
        phones: those that are paired.
        origins: of pages elsewhere that may ask.
    """

    def __init__(self, phones: Phones, origins: Collection[str] = ()) -> None:
        self.phones = phones
        self.origins = frozenset(origins)
        self._sessions: OrderedDict[str, None] = OrderedDict()

    def open(self) -> str:
        """Begin a session of a page on this machine; returns its token."""
        token = secrets.token_hex(_TOKEN_BYTES)
        self._sessions[token] = None
        if len(self._sessions) > _MAX_SESSIONS:
            self._sessions.popitem(last=False)
        return token

    def identify(self, connection: HTTPConnection) -> Visitor:
        """Return who is at the other end of a connection that the guard has let through."""
        host = connection.client.host if connection.client else ""
        server = connection.scope.get("server") or ("", 0)
        door = self.phones.is_door((server[0], server[1]))
        headers = connection.headers
        token, origin = connection.cookies.get(cookie_of(connection), ""), headers.get("origin")
        if not is_loopback(host) or door:
            role = Role.PHONE if self.phones.knows(token) else Role.STRANGER
            return Visitor(role, token, remote=True, came_by_phone_door=door, host=host)
        # Only a browser of this machine cannot say what it likes about the origin of its pages.
        if origin is not None and origin in self.origins:
            return Visitor(Role.GUEST, host=host)
        if token in self._sessions:
            return Visitor(Role.LOCAL, token, host=host)
        # Browsers name the origin of a request, or where it came from; some of them only to some addresses.
        browser = (
            origin is not None or "sec-fetch-site" in headers or headers.get("user-agent", "").startswith(_BROWSER)
        )
        return Visitor(Role.STRANGER if browser else Role.PROGRAM, host=host)


def cookie_of(connection: HTTPConnection) -> str:
    """Return the name of the cookie with a session; cookies know no ports, and each may have a server of its own."""
    return f"aitunes-{(connection.scope.get('server') or ('', 0))[1]}"


def set_cookie(response: Response, request: HTTPConnection, token: str) -> None:
    """Give a session to a browser, whose scripts cannot read it and which sends it to this server's pages alone."""
    response.set_cookie(cookie_of(request), token, httponly=True, samesite="strict", path="/")


def visitor_of(connection: HTTPConnection) -> Visitor:
    """Return who the guard has found at the other end."""
    visitor: Visitor = connection.scope["state"]["visitor"]
    return visitor


def check(connection: HTTPConnection, right: Right) -> Visitor:
    """Return the visitor, who may do this.

    Raises:
        ProblemError: 401 for one without a session, 403 for one that may not.
    """
    visitor = visitor_of(connection)
    if visitor.role is Role.STRANGER:
        raise ProblemError(
            401,
            "This device is not paired: run `aitunes phone` on the instrument's machine and scan the code."
            if visitor.remote
            else "This page has no session yet; reload it.",
        )
    if not visitor.may(right):
        raise ProblemError(403, f"A {visitor.role.word} may not do this; use the page on the instrument's own machine.")
    return visitor
