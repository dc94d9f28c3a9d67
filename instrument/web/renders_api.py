"""Renders over HTTP: a job, its progress, its sound."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from instrument.web.problems import ProblemError
from instrument.web.render_jobs import DONE, Job
from instrument.web.render_request import RenderRequest
from instrument.web.services import Services
from instrument.web.visitors import Right, check

MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg"}
_ROOT = "/api/v1"


def router(services: Services) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["renders"])
    jobs = services.renders

    @routes.post("/renders", status_code=202)
    async def render(request: Request, wanted: RenderRequest) -> Response:
        """Queue a render: points, a score, a gesture, a MIDI file, or a walk that the seed draws."""
        check(request, Right.RENDER)
        job = await queue(services, wanted)
        body = jobs.describe(job, _ROOT)
        return JSONResponse(body, 202, {"Location": body["links"]["self"]})

    @routes.get("/renders/{job}")
    async def state(request: Request, job: str) -> Response:
        """Tell how far a render is."""
        check(request, Right.RENDER)
        return JSONResponse(jobs.describe(jobs.find(job), _ROOT))

    @routes.get("/renders/{job}/events")
    async def events(request: Request, job: str) -> Response:
        """Tell how far a render is, again and again, as server-sent events: `progress`, and `end` as the last."""
        check(request, Right.RENDER)
        return StreamingResponse(_events(services, jobs.find(job)), media_type="text/event-stream")

    @routes.get("/renders/{job}/audio")
    async def audio(request: Request, job: str) -> Response:
        """Return the sound of a render that is done; players may ask for parts of it."""
        check(request, Right.RENDER)
        return sound(jobs.find(job), request)

    @routes.delete("/renders/{job}", status_code=204)
    async def remove(request: Request, job: str) -> Response:
        """Stop a render, and delete its result."""
        check(request, Right.RENDER)
        await jobs.remove(job)
        return Response(status_code=204)

    return routes


async def queue(services: Services, wanted: RenderRequest) -> Job:
    """Queue a render after a look whether there is such a release.

    Raises:
        ProblemError: there is none, or too many renders wait.
    """
    catalogue = services.catalogue
    name = wanted.release or await asyncio.to_thread(catalogue.default)
    card = await asyncio.to_thread(catalogue.card, name)
    if wanted.axes is not None and max(wanted.axes) >= card.latent_dim:
        raise ProblemError(422, f"axes: those of {name} are 0 to {card.latent_dim - 1}.")
    return services.renders.add(wanted.model_copy(update={"release": name}))


def sound(job: Job, request: Request, name: str = "") -> Response:
    """Return the sound of a render as an attachment.

    Raises:
        ProblemError: it is not done.
    """
    if job.state != DONE:
        raise ProblemError(409, job.error or f"This render is {job.state}; its sound comes when it is done.")
    tag = f'"{job.id}"'
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": tag})
    headers = {
        "ETag": tag,
        "Cache-Control": "private, max-age=3600",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name or job.file_name)}",
    }
    return FileResponse(job.path, headers=headers, media_type=MEDIA_TYPES[job.request.format])


async def _events(services: Services, job: Job) -> AsyncIterator[str]:
    async for state in services.renders.follow(job):
        kind = "end" if state.is_over else "progress"
        yield f"event: {kind}\ndata: {json.dumps(services.renders.describe(state, _ROOT))}\n\n"
