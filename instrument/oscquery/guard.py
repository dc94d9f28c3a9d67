"""Refuses requests that web pages of strangers make through the browser of whoever plays."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HOST = re.compile(r"(\[[^\[\]@/]+\]|[^\[\]@/:]+)(:[0-9]*)?")
_FORBIDDEN = 1008  # WebSocket's close code


class Guard:
    """Lets through what programs send, and pages that this machine serves; wraps an ASGI application.

    A page of a stranger may have a name of its own lead to this machine (DNS rebinding), so the host that is asked for
    must be an address or a name of this machine. A page elsewhere cannot hide its origin, which must be this machine.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403, or close the WebSocket, where the request is refused."""
        if scope["type"] not in ("http", "websocket") or (sentence := refusal(Headers(scope=scope))) is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).close(_FORBIDDEN)
        else:
            await PlainTextResponse(sentence + "\n", 403)(scope, receive, send)


def refusal(headers: Headers) -> str | None:
    """Return why a request is refused, None where it is not."""
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]) or not _is_this_machine(_hostname(f"//{hosts[0]}")):
        return "The host that is asked for is no address of this machine; use its IP address."
    origins = headers.getlist("origin")
    if origins and any(_hostname(origin) not in LOOPBACK for origin in origins):
        return "A web page may ask only if this machine serves it."
    mode = headers.get("sec-fetch-mode")
    if not origins and headers.get("sec-fetch-site") == "cross-site" and mode != "navigate":
        return "A web page may ask only if this machine serves it."
    return None


def is_local_program(connection: HTTPConnection) -> bool:
    """Tell whether a program of this machine is at the other end, and no web page."""
    local = connection.client is not None and connection.client.host in LOOPBACK
    return local and "origin" not in connection.headers


def _hostname(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_this_machine(host: str) -> bool:
    name = socket.gethostname().lower().removesuffix(".local")
    if host in ("localhost", name, f"{name}.local"):
        return True
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True  # no name that leads here today and elsewhere tomorrow
