"""Trains over HTTP, from this machine alone: sounds in pieces, learning, its progress."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response, StreamingResponse

from instrument.web.services import Services
from instrument.web.visitors import Right, check

MAX_MINUTES = 240.0
_MAX_COUNT = 1 << 40
_MAX_PATH = 1_000

Count = Annotated[int, Query(ge=0, le=_MAX_COUNT)]
Text = Annotated[str, Query(max_length=_MAX_PATH)]


class Sounds(BaseModel):
    """Announces sounds."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200, description="of the instrument: that of the folder of sounds")
    files: int = Field(ge=1, le=_MAX_COUNT, description="how many")
    bytes: int = Field(ge=1, le=_MAX_COUNT, description="of all together")


class Start(BaseModel):
    """Says which sounds to learn, and for how long."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=64, description="of the sounds, as `POST training` has answered")
    minutes: float = Field(5.0, ge=0.2, le=MAX_MINUTES, description="that everything together may take")


def router(services: Services) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["training"])
    trainings = services.trainings

    @routes.get("/training")
    async def state(request: Request) -> Response:
        """Tell what has been brought, and how far learning is."""
        check(request, Right.TRAIN)
        return JSONResponse(trainings.describe())

    @routes.get("/training/events")
    async def events(request: Request) -> Response:
        """Tell it again and again, as server-sent events named `training`."""
        check(request, Right.TRAIN)
        return StreamingResponse(_events(services), media_type="text/event-stream")

    @routes.post("/training", status_code=201)
    async def begin(request: Request, sounds: Sounds) -> Response:
        """Announce sounds; those that were brought before are deleted."""
        check(request, Right.TRAIN)
        await trainings.begin(sounds.name, sounds.files, sounds.bytes)
        return JSONResponse(trainings.describe(), 201)

    @routes.put("/training/piece", status_code=204)
    async def piece(request: Request, id: Text, number: Count, name: Text, at: Count) -> Response:  # noqa: A002
        """Bring a piece of a sound, at most 1 MiB: its bytes from `at` on, one piece after the other."""
        check(request, Right.TRAIN)
        await trainings.write(id, number, name, at, await request.body())
        return Response(status_code=204)

    @routes.post("/training/start", status_code=202)
    async def start(request: Request, wanted: Start) -> Response:
        """Learn the sounds; the engine changes to each version by itself."""
        check(request, Right.TRAIN)
        await trainings.start(wanted.id, wanted.minutes)
        return JSONResponse(trainings.describe(), 202)

    @routes.post("/training/stop", status_code=202)
    async def stop(request: Request) -> Response:
        """Stop early; the best version so far is kept. The second time it ends at once."""
        check(request, Right.TRAIN)
        await trainings.stop()
        return JSONResponse(trainings.describe(), 202)

    @routes.delete("/training", status_code=204)
    async def forget(request: Request) -> Response:
        """Delete what was brought; releases that were made stay."""
        check(request, Right.TRAIN)
        await trainings.forget()
        return Response(status_code=204)

    return routes


async def _events(services: Services) -> AsyncIterator[str]:
    async for state in services.trainings.follow():
        yield f"event: training\ndata: {json.dumps(state)}\n\n"
