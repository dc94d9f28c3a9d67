"""Refuses requests that web pages of strangers make through the browser of whoever plays."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from aitunes.osc.address import is_loopback
from instrument.web.problems import problem
from instrument.web.visitors import Visitor, Visitors

FORBIDDEN = 1008
"""WebSocket's close code for what is not allowed."""

_HOST = re.compile(r"(\[[^\[\]@/]+\]|[^\[\]@/:]+)(:[0-9]*)?")
_ELSEWHERE = "A web page may ask only if this server has served it, or its origin is named with --cors."
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PORTS = {"http": 80, "https": 443}


class Guard:
    """Lets through what programs send, and pages that this server serves; wraps an ASGI application.

    A page of a stranger may have a name of its own lead to this machine (DNS rebinding), so the host that is asked for
    must be an address or a name of this machine. A page elsewhere cannot hide its origin, which must be the host and
    port that are asked for. Whoever comes through is identified, in the scope's state as `visitor`.
    """

    def __init__(self, app: ASGIApp, visitors: Visitors) -> None:
        self._app = app
        self._visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403, or close the WebSocket, where the request is refused."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif (sentence := self._refusal(scope)) is None:
            visitor = self._visitors.identify(HTTPConnection(scope))
            scope.setdefault("state", {})["visitor"] = visitor
            await self._app(scope, receive, _with_headers(send, visitor))
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).close(FORBIDDEN)
        else:
            await problem(403, sentence)(scope, receive, _with_headers(send, None))

    def _refusal(self, scope: Scope) -> str | None:
        server = scope.get("server") or ("", 0)
        return refusal(Headers(scope=scope), scope["path"], self._visitors.origins, server[0])


def refusal(headers: Headers, path: str = "/", origins: Collection[str] = (), server: str = "") -> str | None:
    """Return why a request is refused, None where it is not.

    Args:
        headers: of the request.
        path: what it asks for.
        origins: of pages elsewhere that may ask.
        server: address at which it arrived.
    """
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]) or not _is_this_machine(_hostname(f"//{hosts[0]}"), server):
        return "The host that is asked for is no address of this machine; use its IP address."
    asked = headers.getlist("origin")
    if any(origin not in origins and not _is_origin_of(origin, hosts[0]) for origin in asked):
        return _ELSEWHERE
    if not asked and headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        # A link leads to a page or a value, never to what works for the one who follows it.
        is_link = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") in (None, "document")
        if not is_link or path.startswith("/api/"):
            return _ELSEWHERE
    return None


def is_local_program(connection: HTTPConnection) -> bool:
    """Tell whether a program of this machine is at the other end, and no web page."""
    local = connection.client is not None and is_loopback(connection.client.host)
    return local and "origin" not in connection.headers


def _with_headers(send: Send, visitor: Visitor | None) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if visitor is not None and "Cache-Control" not in headers:
                headers["Cache-Control"] = "no-store"
        await send(message)

    return send_with_headers


def _is_origin_of(origin: str, host: str) -> bool:
    """Tell whether a page of that origin was served by the host and port that are asked for."""
    try:
        page, here = urlsplit(origin), urlsplit(f"//{host}")
        default = _PORTS[page.scheme]
        return (
            bool(page.hostname)
            and not page.path + page.query + page.fragment
            and page.username is None
            and _plain(page.hostname) == _plain(here.hostname)
            and (page.port or default) == (here.port or default)
        )
    except (ValueError, KeyError):
        return False


def _plain(hostname: str | None) -> str:
    return (hostname or "").rstrip(".")


def _hostname(url: str) -> str:
    try:
        return _plain(urlsplit(url).hostname)
    except ValueError:
        return ""


def _is_this_machine(host: str, server: str) -> bool:
    name = socket.gethostname().lower().removesuffix(".local")
    if host in ("localhost", name, f"{name}.local"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    # An address is no name that leads here today and elsewhere tomorrow. But browsers do not say where a request comes
    # from to 0.0.0.0, which leads here, nor to others that they do not take for this machine's own.
    return not address.is_unspecified and (is_loopback(str(address)) or not is_loopback(server))
