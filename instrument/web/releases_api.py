"""Releases and demos over HTTP; from this machine alone, installing them, too."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from instrument.web.catalogue import PICTURE, PREVIEWS, Catalogue
from instrument.web.problems import ProblemError
from instrument.web.ranges import ranged
from instrument.web.release_uploads import ReleaseUploads
from instrument.web.services import Services
from instrument.web.sound_length import seconds_of
from instrument.web.visitors import Right, check


class Packed(BaseModel):
    """Announces a packed release."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=1_000, description="of the file")
    bytes: int = Field(ge=1, le=1 << 40, description="how many")


Upload = Annotated[str, Query(max_length=64, description="of the release, as `POST releases` has answered")]
Axes = Annotated[str, Query(pattern=r"^\d{1,3},\d{1,3}$", description="two axes, counted from 0")]


def router(services: Services) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["releases"])
    _add_reading(routes, services.catalogue)
    _add_installing(routes, services.uploads)
    _add_demos(routes, services)
    return routes


def _add_reading(routes: APIRouter, catalogue: Catalogue) -> None:
    @routes.get("/releases")
    async def releases(request: Request) -> Response:
        """List the releases of this machine."""
        check(request, Right.PLAY)
        return JSONResponse(await run_in_threadpool(catalogue.listing))

    @routes.get("/releases/{name}")
    async def release(request: Request, name: str) -> Response:
        """Describe one release, with what was measured as it was trained."""
        check(request, Right.PLAY)
        return JSONResponse(await run_in_threadpool(catalogue.row, name))

    @routes.get("/releases/{name}/map")
    async def release_map(request: Request, name: str, axes: Axes = "0,1") -> Response:
        """Return the landmarks of a release on a pad of two axes: x, y, the number of the label, the training sound."""
        check(request, Right.PLAY)
        first, second = (int(axis) for axis in axes.split(","))
        return JSONResponse(await run_in_threadpool(catalogue.map, name, (first, second)))

    @routes.get("/releases/{name}/map.png")
    async def picture(request: Request, name: str) -> Response:
        """Return the picture of a release's map."""
        check(request, Right.PLAY)
        content, digest = await run_in_threadpool(catalogue.file, name, PICTURE)
        return ranged(request, content, "image/png", digest[:20])

    @routes.get("/releases/{name}/preview.{ending}")
    async def preview(request: Request, name: str, ending: Literal["ogg", "wav"]) -> Response:
        """Return a release's preview, in the one form that `links` says; players may ask for parts of it."""
        check(request, Right.PLAY)
        file = f"preview.{ending}"
        content, digest = await run_in_threadpool(catalogue.file, name, file)
        return ranged(request, content, PREVIEWS[file], digest[:20])


def _add_installing(routes: APIRouter, uploads: ReleaseUploads) -> None:
    @routes.post("/releases", status_code=201)
    async def begin(request: Request, packed: Packed) -> Response:
        """Announce a packed release; one that was brought before and not installed is deleted."""
        check(request, Right.INSTALL)
        return JSONResponse({"id": await run_in_threadpool(uploads.begin, packed.name, packed.bytes)}, 201)

    @routes.put("/releases/piece", status_code=204)
    async def piece(request: Request, id: Upload, at: Annotated[int, Query(ge=0)]) -> Response:  # noqa: A002
        """Bring a piece of it, at most 1 MiB: its bytes from `at` on, one piece after the other."""
        check(request, Right.INSTALL)
        await run_in_threadpool(uploads.write, id, at, await request.body())
        return Response(status_code=204)

    @routes.post("/releases/install", status_code=201)
    async def install(request: Request, id: Upload) -> Response:  # noqa: A002
        """Check it, try it and install it; a name that is taken gets a number."""
        check(request, Right.INSTALL)
        return JSONResponse({"release": await uploads.install(id)}, 201)


def _add_demos(routes: APIRouter, services: Services) -> None:
    @routes.get("/demos", tags=["demos"])
    async def demos(request: Request) -> Response:
        """List what can be heard without rendering anything: a preview of each release that has one."""
        check(request, Right.PLAY)
        return JSONResponse({"demos": await run_in_threadpool(demos_of, services)})

    @routes.get("/demos/{name}", tags=["demos"])
    async def demo(request: Request, name: str) -> Response:
        """Return a demo's sound."""
        check(request, Right.PLAY)
        file, content, digest = await run_in_threadpool(services.catalogue.preview, name)
        return ranged(request, content, PREVIEWS[file], digest[:20])


def demos_of(services: Services) -> list[dict[str, object]]:
    """Return the demos, by name."""
    found: list[dict[str, object]] = []
    for row in services.catalogue.rows():
        if row["links"]["preview"] is None:
            continue
        try:
            file, content, _ = services.catalogue.preview(row["name"])
        except ProblemError:
            continue
        url, media = f"/api/v1/demos/{row['name']}", PREVIEWS[file]
        described = {"title": row["public_name"], "seconds": seconds_of(content), "media_type": media, "url": url}
        found.append({"name": row["name"], **described})
    return found
