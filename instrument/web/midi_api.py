"""Tells over HTTP which controllers move what, as a page cannot read the file of mappings by itself."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from aitunes.printable import printable
from instrument.midi.setup import Setup
from instrument.namespace import MIDI
from instrument.web.engine_client import EngineGoneError
from instrument.web.problems import ProblemError
from instrument.web.services import Services
from instrument.web.visitors import Right, check

_LIST, _INPUTS = f"{MIDI}/list", f"{MIDI}/inputs"


def router(services: Services) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["midi"])

    @routes.get("/midi")
    async def midi(request: Request) -> Response:
        """List the open MIDI inputs, and which controller moves which address."""
        check(request, Right.MIDI)
        try:
            view = await services.engine.view(lambda _: [_LIST, _INPUTS])
        except EngineGoneError as error:
            raise ProblemError(503, str(error)) from error
        text, inputs = (str((view.values.get(path) or [""])[0]) for path in (_LIST, _INPUTS))
        setup = await run_in_threadpool(Setup, text)
        mappings = [
            {
                "controller": mapping.source.title,
                "device": printable(mapping.source.device),
                "address": mapping.address,
                "argument": mapping.argument,
            }
            for mapping in setup.mappings
        ]
        return JSONResponse({"inputs": [printable(name) for name in inputs.splitlines()], "mappings": mappings})

    return routes
