"""The HTTP API, version 1: assembles its routes, and turns what goes wrong into problems with a sentence."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from aitunes import __version__
from instrument.web import documentation, midi_api, phones_api, releases_api, renders_api, training_api
from instrument.web.problems import ProblemError, problem, problem_of, tell_http
from instrument.web.services import Services
from instrument.web.visitors import Right, Role, Visitor, check, set_cookie, visitor_of

ROOT = "/api/v1"
_DESCRIPTION = (
    "Releases, renders and demos of AiTunes, and the engine that plays. Programs of this machine ask without more; "
    "the page begins a session, phones are paired. Errors are `application/problem+json` with a sentence in `detail`."
)


class Session(BaseModel):
    """Tells a page who it is."""

    role: str = Field(description="local, phone, program or guest")
    can: list[Right]
    serve_only: bool
    version: str


def api(services: Services) -> FastAPI:
    """Return the application below `/api/v1`."""
    app = FastAPI(
        title="AiTunes",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        swagger_ui_oauth2_redirect_url=None,
        responses={401: {"description": "No session, or a device that is not paired"}},
    )
    app.add_exception_handler(ProblemError, _tell_problem)
    app.add_exception_handler(RequestValidationError, _tell_validation)
    app.add_exception_handler(HTTPException, tell_http)
    _add_session(app, services)
    _add_status(app, services)
    app.include_router(releases_api.router(services))
    app.include_router(renders_api.router(services))
    app.include_router(phones_api.router(services))
    app.include_router(training_api.router(services))
    app.include_router(midi_api.router(services))
    app.include_router(documentation.router(app))

    @app.websocket("/osc")
    async def play(websocket: WebSocket) -> None:
        await services.osc.converse(websocket)

    @app.websocket("/listen")
    async def listen(websocket: WebSocket) -> None:
        await services.listen.converse(websocket)

    return app


def session_of(request: Request, services: Services) -> dict[str, Any]:
    """Return what a page hears of itself."""
    return _session(visitor_of(request), services)


def _session(visitor: Visitor, services: Services) -> dict[str, Any]:
    said = visitor.describe()
    if not services.trainings.is_offered:
        said["can"] = [right for right in said["can"] if right != Right.TRAIN]
    return {**said, "serve_only": services.serve_only, "version": __version__}


def _add_session(app: FastAPI, services: Services) -> None:
    @app.post("/session", tags=["session"], response_model=Session)
    async def begin(request: Request) -> Response:
        """Begin the session of a page on this machine, or tell a paired phone who it is."""
        visitor = visitor_of(request)
        if visitor.role is Role.STRANGER and not visitor.remote:
            token = services.visitors.open()
            response = JSONResponse(_session(Visitor(Role.LOCAL), services))
            set_cookie(response, request, token)
            return response
        check(request, Right.PLAY)
        return JSONResponse(session_of(request, services))


def _add_status(app: FastAPI, services: Services) -> None:
    @app.get("/status", tags=["status"])
    async def status(request: Request) -> Response:
        """Tell how the engine and the server fare."""
        check(request, Right.PLAY)
        found, round_trip = await services.feed.ask()
        engine = None
        if found is not None:
            engine = {
                "address": f"{services.engine.host}:{services.engine.port}",
                "round_trip_ms": round_trip,
                **vars(found),
            }
        return JSONResponse(
            {
                **session_of(request, services),
                "engine": engine,
                "renders": services.renders.counts,
                "listeners": services.listen.count,
            }
        )


async def _tell_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return problem_of(error)


async def _tell_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [f"{'.'.join(str(part) for part in fault['loc'][1:])}: {fault['msg']}" for fault in error.errors()[:5]]
    return problem(422, "; ".join(faults)[:1_000] + ".")
