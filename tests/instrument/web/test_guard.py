"""A page that somebody visits can neither ask nor play, whatever name it has given to this machine."""

import asyncio
import socket

import httpx
import pytest
from starlette.datastructures import Headers

from instrument.namespace import LOCAL_ONLY
from instrument.storage.library import Library
from instrument.web.app import application
from instrument.web.guard import refusal
from instrument.web.services import ServerOptions, assemble

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
        "0.0.0.0:7421",
        "[::]:7421",
        "[::ffff:0.0.0.0%25x",
    ],
)
def test_a_name_that_somebody_else_has_made_lead_here_is_refused(host):
    assert "host" in refusal(Headers({"host": host}))


@pytest.mark.parametrize("host", ["192.168.1.7:7421", "169.254.1.1", "[fe80::1]:7421", "8.8.8.8"])
def test_an_address_at_which_the_request_cannot_have_arrived_is_refused(host):
    # To such addresses browsers do not say from where a page's request comes.
    assert "host" in refusal(Headers({"host": host}), server="127.0.0.1")
    assert refusal(Headers({"host": host}), server="192.168.1.7") is None


@pytest.mark.parametrize("host", [HERE, "127.8.0.1", "[::1]:7421", "localhost"])
def test_an_address_of_this_machine_alone_is_answered_there(host):
    assert refusal(Headers({"host": host}), server="127.0.0.1") is None


def test_a_request_names_one_host():
    assert refusal(Headers({})) is not None
    assert refusal(Headers(raw=[(b"host", HERE.encode()), (b"host", b"evil.example")])) is not None


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://localhost.evil.example", "null", "", "http://[", "x"]
)
def test_a_page_from_elsewhere_is_refused(origin):
    assert "web page" in refusal(Headers({"host": HERE, "origin": origin}))


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (HERE, "http://127.0.0.1:7421"),
        ("LOCALHOST:7421", "http://localhost:7421"),
        ("localhost", "http://localhost:80"),
        ("[::1]:7421", "http://[::1]:7421"),
        ("192.168.1.7:7421", "http://192.168.1.7:7421"),
    ],
)
def test_a_page_that_this_server_has_served_is_answered(host, origin):
    assert refusal(Headers({"host": host, "origin": origin})) is None


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8080", "http://localhost:7421", "https://127.0.0.1", "file://"])
def test_a_page_of_another_server_of_this_machine_is_refused(origin):
    assert "web page" in refusal(Headers({"host": HERE, "origin": origin}))
    assert refusal(Headers({"host": HERE, "origin": origin}), origins={origin}) is None


def test_a_picture_of_a_page_elsewhere_is_refused_and_a_link_is_not():
    for site in ("cross-site", "same-site"):
        cross = {"host": HERE, "sec-fetch-site": site}
        link = {**cross, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
        assert refusal(Headers({**cross, "sec-fetch-mode": "no-cors"})) is not None
        assert refusal(Headers({**link, "sec-fetch-dest": "iframe"})) is not None
        assert refusal(Headers(link), "/") is None
        assert refusal(Headers(link), "/api/generate_melody") is not None


def nowhere():
    """Return an application without an engine."""

    async def serve(listening):
        raise AssertionError("nobody asked for the network")

    options = ServerOptions(("127.0.0.1", 9), ("127.0.0.1", 7421), discovery=False)
    return application(assemble(options, Library(), ("127.0.0.1", 7421), serve))


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"host": HERE, "origin": "http://evil.example"}])
@pytest.mark.parametrize(
    "path", ["/", "/?HOST_INFO", "/aitunes/gain", "/page/index.html", "/api/v1/releases", "/api/v1/docs"]
)
def test_the_guard_stands_before_everything(headers, path):
    app = nowhere()

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
    asyncio.run(nowhere()(scope, receive, send))
    assert [(message["type"], message["code"]) for message in said] == [("websocket.close", 1008)]


@pytest.mark.parametrize("path", sorted(LOCAL_ONLY))
def test_a_page_of_this_machine_writes_no_files_and_ends_nothing(served, path):
    with served.listen(origin=f"http://127.0.0.1:{served.port}") as page:
        page.send(path, "name")
        assert page.expect("/fail")[0] == path
        page.send(path[:-1] + "?", "name")
        assert page.expect("/fail")[0] in LOCAL_ONLY
