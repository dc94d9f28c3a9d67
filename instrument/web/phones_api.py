"""Phones over HTTP: a code to scan, the list of those that are paired, and an end of it."""

from __future__ import annotations

import io
from typing import Any

import segno
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from aitunes import __version__
from aitunes.osc.address import format_host_port
from instrument.web.phones import PAIRING_SECONDS
from instrument.web.services import Services
from instrument.web.visitors import Right, Role, Visitor, check, set_cookie


class Pairing(BaseModel):
    """Holds what a phone has scanned."""

    token: str = Field(min_length=32, max_length=32, pattern="^[0-9a-f]{32}$", description="from the code")
    name: str = Field("", max_length=200, description="as the phone calls itself")


def router(services: Services) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["phones"])
    phones = services.visitors.phones

    @routes.post("/phones", status_code=201)
    async def offer(request: Request) -> Response:
        """Show a code that one phone can scan once; opens the port to the network."""
        check(request, Right.PHONES)
        host, port = await services.door.open()
        url = f"http://{format_host_port(host, port)}/#pair={phones.offer()}"
        qr = io.BytesIO()
        segno.make(url, error="m").save(qr, kind="svg", xmldecl=False, scale=6, border=3, light="#fff")
        return JSONResponse({"url": url, "qr": qr.getvalue().decode(), "seconds": PAIRING_SECONDS}, 201)

    @routes.get("/phones")
    async def paired(request: Request) -> Response:
        """List the paired phones."""
        check(request, Right.PHONES)
        door = phones.door
        rows: list[dict[str, Any]] = [
            {
                "id": phone.id,
                "name": phone.name,
                "address": phone.address,
                "since": phone.since,
                "connected": bool(phone.connections),
            }
            for phone in phones.all
        ]
        return JSONResponse({"on": door is not None, "address": door and format_host_port(*door), "phones": rows})

    @routes.post("/phones/pair")
    async def pair(request: Request, pairing: Pairing) -> Response:
        """Take a code that a phone has scanned; the answer's cookie is the phone's session."""
        host = request.client.host if request.client else ""
        phone = phones.pair(pairing.token, pairing.name, host)
        body = {**Visitor(Role.PHONE).describe(), "serve_only": services.serve_only, "version": __version__}
        response = JSONResponse(body)
        set_cookie(response, request, phone.token)
        return response

    @routes.delete("/phones", status_code=204)
    async def forget_all(request: Request) -> Response:
        """Forget all phones and close the port to the network."""
        check(request, Right.PHONES)
        phones.forget_all()
        await services.door.close()
        return Response(status_code=204)

    @routes.delete("/phones/{phone}", status_code=204)
    async def forget(request: Request, phone: str) -> Response:
        """Forget one phone, and end its connections."""
        check(request, Right.PHONES)
        phones.forget(phone)
        return Response(status_code=204)

    return routes
