"""Puts the page, the API and OSCQuery together behind one guard."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import Scope

from instrument.web import originals
from instrument.web.api import ROOT, api
from instrument.web.bounds import Bodies
from instrument.web.guard import Guard
from instrument.web.problems import tell_http
from instrument.web.services import Services
from instrument.web.sound_uploads import MAX_PIECE_BYTES
from instrument.web.visitors import Right, visitor_of

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]
MAX_RENDER_BYTES = 2 << 20


def application(services: Services, lifespan: Lifespan | None = None) -> Starlette:
    """Return the web application.

    Args:
        services: what its routes need.
        lifespan: runs around it.
    """

    async def find(request: Request) -> Response:
        # A browser that opens the address wants the page; a program asks OSCQuery's root.
        if request.url.path == "/" and not request.url.query and "text/html" in request.headers.get("accept", ""):
            return services.pages.page(request)
        return await services.oscquery.describe(request)

    path = "/{path:path}"
    routes = [
        Mount(ROOT, api(services)),
        *originals.routes(services),
        Route("/page/{path:path}", services.pages.answer),
        Route(path, find),
        WebSocketRoute(path, services.oscquery.converse),
    ]
    pieces = (f"{ROOT}/training/piece", f"{ROOT}/releases/piece")
    larger = {f"{ROOT}/renders": MAX_RENDER_BYTES, **dict.fromkeys(pieces, MAX_PIECE_BYTES)}
    middleware = [Middleware(Guard, services.visitors), Middleware(Bodies, larger, trusts=_may_render)]
    if services.visitors.origins:
        origins = sorted(services.visitors.origins)
        methods, names = ["GET", "POST", "DELETE"], ["Content-Type", "Range"]
        middleware.insert(0, Middleware(CORSMiddleware, origins, methods, names))
    handlers = {HTTPException: tell_http}
    return Starlette(routes=routes, lifespan=lifespan, middleware=middleware, exception_handlers=handlers)


def _may_render(scope: Scope) -> bool:
    return visitor_of(HTTPConnection(scope)).may(Right.RENDER)
