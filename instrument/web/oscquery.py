"""OSCQuery: questions about the namespace over HTTP, and OSC both ways over a WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from aitunes.osc.address import is_loopback
from aitunes.osc.packets import build, messages
from instrument.namespace import canonical
from instrument.web import nodes
from instrument.web.engine_client import EngineClient, EngineGoneError
from instrument.web.guard import FORBIDDEN, is_local_program
from instrument.web.listeners import MAX_LISTENERS, Listener, Listeners
from instrument.web.refusals import REASONS, REFUSED_OSCQUERY, count, first_refused
from instrument.web.seats import Allowance, Seats
from instrument.web.visitors import Role, visitor_of

NAME = "AiTunes"
_COMMANDS = ("LISTEN", "PATH_CHANGED", "PATH_ADDED", "PATH_REMOVED")
_TRY_AGAIN = 1013  # WebSocket's close code for a server, or a client, that cannot keep up
_CLOSING_SECONDS = 1.0
MAX_ELSEWHERE = 32
"""WebSockets of other machines, and of pages that have no session here."""
MAX_OF_ONE = 16
"""WebSockets of one of those."""


class OscQuery:
    """Answers questions about the namespace.

    Args:
        engine: whose namespace it serves.
    """

    def __init__(self, engine: EngineClient) -> None:
        self._engine = engine
        self._listeners = Listeners(engine)
        self._seats = Seats(MAX_LISTENERS, MAX_ELSEWHERE, MAX_OF_ONE)

    async def describe(self, request: Request) -> Response:
        """Return a node, or the attributes of it that are asked for."""
        if visitor_of(request).came_by_phone_door:
            return _sentence(403, "This address is for paired phones; open the page.")
        path = canonical("/" + request.path_params["path"].strip("/"))
        wanted = [name for name, _ in parse_qsl(request.url.query, keep_blank_values=True)]
        if "HOST_INFO" in wanted:
            return _json(_host_info(self._engine, request))
        if unknown := [name for name in wanted if name not in nodes.ATTRIBUTES | nodes.UNSUPPORTED]:
            return _sentence(400, f"OSCQuery has no attribute {unknown[0]}.")
        try:
            node = await self._node(path, with_values=not wanted or bool({"VALUE", "CONTENTS"} & set(wanted)))
        except EngineGoneError as error:
            return _sentence(503, str(error))
        if node is None:
            return _sentence(404, f"There is no {path}.")
        unreadable = "VALUE" in wanted and not node["ACCESS"] & nodes.READABLE
        if unreadable or nodes.UNSUPPORTED & set(wanted):
            return Response(status_code=204)
        return _json({name: node[name] for name in wanted if name in node} if wanted else node)

    async def _node(self, path: str, with_values: bool) -> nodes.Node | None:
        view = await self._engine.view(lambda facts: nodes.readable(facts, path) if with_values else ())
        return nodes.find(nodes.tree(view.facts, view.values), path)

    async def converse(self, websocket: WebSocket) -> None:
        """Commands as text and OSC as bytes, both ways, until one side leaves."""
        if visitor_of(websocket).came_by_phone_door:
            await websocket.close(FORBIDDEN)
            return
        await websocket.accept()
        with self._seats.hold(visitor_of(websocket)) as allowance:
            if allowance is None:
                await websocket.close(_TRY_AGAIN, f"there are {MAX_LISTENERS} connections already")
                return
            listener = Listener()
            self._listeners.join(listener)
            try:
                await self._exchange(websocket, listener, allowance)
            finally:
                self._listeners.leave(listener)
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            await asyncio.wait_for(websocket.close(_TRY_AGAIN), _CLOSING_SECONDS)

    async def _exchange(self, websocket: WebSocket, listener: Listener, allowance: Allowance) -> None:
        tasks = {
            asyncio.create_task(self._receive(websocket, listener, allowance)),
            asyncio.create_task(_send(websocket, listener)),
            asyncio.create_task(listener.lags.wait()),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _receive(self, websocket: WebSocket, listener: Listener, allowance: Allowance) -> None:
        role = Role.PROGRAM if is_local_program(websocket) else visitor_of(websocket).role
        # A socket of its own: the engine answers each client apart, and tells its changes to the others.
        async with self._engine.peer(listener.send) as peer:
            while (message := await websocket.receive())["type"] == "websocket.receive":
                packet = message.get("bytes")
                if packet is None:
                    # To listen costs the engine a question, as a message does.
                    if allowance.affords(1):
                        await self._listeners.handle(listener, message["text"])
                    continue
                found = messages(packet)
                if not allowance.affords(max(1, count(found))):
                    continue
                if path := first_refused(found, REFUSED_OSCQUERY[role]):
                    listener.send(build("/fail", path, REASONS[Role.STRANGER]))
                else:
                    peer.send(packet)


async def _send(websocket: WebSocket, listener: Listener) -> None:
    while True:
        frame = await listener.next_frame()
        await (websocket.send_text(frame) if isinstance(frame, str) else websocket.send_bytes(frame))


def _host_info(engine: EngineClient, request: Request) -> dict[str, Any]:
    here = request.scope["server"]
    optional = sorted(nodes.ATTRIBUTES - nodes.REQUIRED) + list(_COMMANDS)
    return {
        "NAME": NAME,
        "OSC_IP": here[0] if is_loopback(engine.host) else engine.host,
        "OSC_PORT": engine.port,
        "OSC_TRANSPORT": "UDP",
        "WS_IP": here[0],
        "WS_PORT": here[1],
        "EXTENSIONS": dict.fromkeys(optional, True),
    }


def _json(value: Any) -> Response:
    return Response(json.dumps(value, indent=1, ensure_ascii=False), media_type="application/json")


def _sentence(status: int, text: str) -> Response:
    return PlainTextResponse(text + "\n", status)
