"""The five routes of the first AiTunes' server, for pages that were written for it; with bounds and types."""

from __future__ import annotations

import asyncio
import io
import math
import wave
from typing import Any

import numpy as np
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from instrument.web.catalogue import PREVIEWS
from instrument.web.problems import ProblemError, problem_of
from instrument.web.ranges import ranged
from instrument.web.releases_api import demos_of
from instrument.web.render_request import MAX_SECONDS, RenderRequest
from instrument.web.renders_api import queue, sound
from instrument.web.services import Services
from instrument.web.visitors import Right, check

_RATE = 44_100
_MAX_TONE_SECONDS = 60.0
_MAX_NAME = 120


def routes(services: Services) -> list[Route]:
    """Return the routes below `/api/`."""

    async def models(request: Request) -> Response:
        check(request, Right.PLAY)
        rows = await asyncio.to_thread(services.catalogue.rows)
        return JSONResponse([{"name": row["public_name"], "desc": row["description"]} for row in rows])

    async def melody(request: Request) -> Response:
        check(request, Right.RENDER)
        release = _release(services, request.query_params.get("model", ""))
        seconds = _number(request.query_params, "t", 10.0, MAX_SECONDS)
        job = await queue(services, RenderRequest.model_validate({"release": release, "seconds": seconds}))
        async for _ in services.renders.follow(job):
            pass
        return sound(job, request, _name(request.query_params))

    async def tone(request: Request) -> Response:
        check(request, Right.RENDER)
        content = await asyncio.to_thread(_sine, _number(request.query_params, "t", 60.0, _MAX_TONE_SECONDS))
        headers = {"Content-Disposition": "attachment; filename=debug.wav"}
        return Response(content, headers=headers, media_type="audio/wav")

    async def demos(request: Request) -> Response:
        check(request, Right.PLAY)
        found = await asyncio.to_thread(demos_of, services)
        endings = {media: file.rpartition(".")[2] for file, media in PREVIEWS.items()}
        return JSONResponse({"audios": [f"{demo['name']}.{endings[str(demo['media_type'])]}" for demo in found]})

    async def demo(request: Request) -> Response:
        check(request, Right.PLAY)
        found = await asyncio.to_thread(demos_of, services)
        if not found:
            raise ProblemError(404, "There is no demo.")
        number = int(_number(request.query_params, "id", 0.0, len(found) - 1.0, whole=True))
        name = str(found[number]["name"])
        file, content, digest = await asyncio.to_thread(services.catalogue.preview, name)
        response = ranged(request, content, PREVIEWS[file], digest[:20])
        response.headers["Content-Disposition"] = f"attachment; filename={name}.{file.rpartition('.')[2]}"
        return response

    handlers = {
        "models": models,
        "generate_melody": melody,
        "generate_debug_melody": tone,
        "list_demo": demos,
        "download_demo": demo,
    }
    return [Route(f"/api/{name}", _told(handler)) for name, handler in handlers.items()]


def _told(handler: Any) -> Any:
    async def answer(request: Request) -> Response:
        try:
            response: Response = await handler(request)
        except ProblemError as error:
            return problem_of(error)
        return response

    return answer


def _release(services: Services, public_name: str) -> str:
    rows = services.catalogue.rows()
    if not public_name:
        return services.catalogue.default()
    for row in rows:
        if public_name in (row["public_name"], row["name"]):
            return str(row["name"])
    raise ProblemError(404, f"There is no model named {public_name[:_MAX_NAME]!r}; /api/models lists them.")


def _number(query: QueryParams, name: str, default: float, most: float, whole: bool = False) -> float:
    word = query.get(name, "")
    try:
        number = float(word) if word else default
    except ValueError:
        number = math.nan
    least = 0.0 if whole else 0.1
    if not least <= number <= most or (whole and number != round(number)):
        raise ProblemError(422, f"{name} is a number from {least:g} to {most:g}.")
    return number


def _name(query: QueryParams) -> str:
    name = query.get("name", "out.wav")[:_MAX_NAME]
    plain = "".join(letter for letter in name if letter.isalnum() or letter in "-_ .").strip(". ")
    return plain if plain.lower().endswith(".wav") else f"{plain or 'out'}.wav"


def _sine(seconds: float) -> bytes:
    count = round(seconds * _RATE)
    samples = 16_000.0 * np.sin(2.0 * np.pi * 440.0 * np.arange(count) / _RATE)
    stream = io.BytesIO()
    with wave.open(stream, "wb") as sound_file:
        sound_file.setnchannels(1)
        sound_file.setsampwidth(2)
        sound_file.setframerate(_RATE)
        sound_file.writeframes(samples.round().astype("<i2").tobytes())
    return stream.getvalue()
