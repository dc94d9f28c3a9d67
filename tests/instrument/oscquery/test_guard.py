"""A page that somebody visits can neither ask nor play, whatever name it has given to this machine."""

import asyncio
import socket

import httpx
import pytest
from starlette.datastructures import Headers

from instrument.namespace import LOCAL_ONLY
from instrument.oscquery.app import application
from instrument.oscquery.engine_client import EngineClient
from instrument.oscquery.guard import refusal

HERE = "127.0.0.1:7421"


@pytest.mark.parametrize(
    "host",
    [HERE, "localhost:7421", "LOCALHOST", "[::1]:7421", "192.168.1.7:7421", "[fe80::1%25eth0]:7421", "127.0.0.1."],
)
def test_an_address_of_this_machine_is_answered(host):
    assert refusal(Headers({"host": host})) is None


def test_the_machines_own_name_is_answered():
    assert refusal(Headers({"host": f"{socket.gethostname()}:7421"})) is None
    assert refusal(Headers({"host": f"{socket.gethostname().removesuffix('.local')}.local"})) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:7421",
        "127.0.0.1.nip.io",
        "localhost.evil.example",
        "",
        "@127.0.0.1@evil.example",
        "[",
        "a b",
        "[::1].evil",
        "evil@127.0.0.1",
    ],
)
def test_a_name_that_somebody_else_has_made_lead_here_is_refused(host):
    assert "host" in refusal(Headers({"host": host}))


def test_a_request_names_one_host():
    assert refusal(Headers({})) is not None
    assert refusal(Headers(raw=[(b"host", HERE.encode()), (b"host", b"evil.example")])) is not None


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://localhost.evil.example", "null", "", "http://[", "x"]
)
def test_a_page_from_elsewhere_is_refused(origin):
    assert "web page" in refusal(Headers({"host": HERE, "origin": origin}))


@pytest.mark.parametrize("origin", ["http://localhost:8080", "http://127.0.0.1:7421", "http://[::1]:80"])
def test_a_page_of_this_machine_is_answered(origin):
    assert refusal(Headers({"host": HERE, "origin": origin})) is None


def test_a_picture_of_a_page_elsewhere_is_refused_and_a_link_is_not():
    cross = {"host": HERE, "sec-fetch-site": "cross-site"}
    assert refusal(Headers({**cross, "sec-fetch-mode": "no-cors"})) is not None
    assert refusal(Headers({**cross, "sec-fetch-mode": "navigate"})) is None


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"host": HERE, "origin": "http://evil.example"}])
@pytest.mark.parametrize("path", ["/", "/?HOST_INFO", "/aitunes/gain"])
def test_the_guard_stands_before_everything(headers, path):
    app = application(EngineClient("127.0.0.1", 9))

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            return await client.get(f"http://{HERE}{path}", headers=headers)

    assert asyncio.run(ask()).status_code == 403


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"host": HERE, "origin": "http://evil.example"}])
def test_a_websocket_of_a_page_elsewhere_is_never_accepted(headers):
    said = []

    async def send(message):
        said.append(message)

    async def receive():
        return {"type": "websocket.connect"}

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "websocket", "path": "/", "headers": raw, "query_string": b"", "subprotocols": []}
    asyncio.run(application(EngineClient("127.0.0.1", 9))(scope, receive, send))
    assert [(message["type"], message["code"]) for message in said] == [("websocket.close", 1008)]


@pytest.mark.parametrize("path", sorted(LOCAL_ONLY))
def test_a_page_of_this_machine_writes_no_files_and_ends_nothing(served, path):
    with served.listen(origin="http://localhost:8080") as page:
        page.send(path, "name")
        assert page.expect("/fail")[0] == path
        page.send(path[:-1] + "?", "name")
        assert page.expect("/fail")[0] in LOCAL_ONLY
