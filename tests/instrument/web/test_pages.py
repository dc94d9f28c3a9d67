"""Serves the page's files and nothing else, with headers that keep strangers' scripts and frames out."""

import socket

import httpx
import pytest

from instrument.web.pages import Pages


@pytest.fixture(scope="module")
def alone(engine_process, tmp_path_factory):
    """Return the address of a server without an engine, which lets one origin ask."""
    words = ("web", "--http-port", 0, "--no-discovery", "--connect", "127.0.0.1:9", "--cors", "http://localhost:3000")
    server = engine_process(tmp_path_factory.mktemp("home"), *words)
    yield server.says(r"OSCQuery at (http://127\.0\.0\.1:\d+)/").group(1)
    server.close()


@pytest.fixture
def client(alone):
    with httpx.Client(base_url=alone, timeout=60.0) as client:
        yield client


def test_a_browser_gets_the_page_and_a_program_the_namespace(client):
    page = client.get("/", headers={"Accept": "text/html,*/*"})
    assert page.headers["content-type"].startswith("text/html")
    again = client.get("/page/index.html", headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304
    assert client.get("/").status_code == 503  # no engine is asked for the page


@pytest.mark.parametrize(
    "path", ["/", "/page/index.html", "/page/nothing", "/api/v1/releases", "/api/v1/nothing", "/api/v1/docs", "/x"]
)
def test_every_answer_keeps_strangers_scripts_and_frames_out(client, path):
    headers = client.get(path, headers={"Accept": "text/html"}).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/page/../serve.py",
        "/page/%2e%2e/serve.py",
        "/page/..%2fserve.py",
        "/page//etc/passwd",
        "/page/%2fetc%2fpasswd",
        "/page/index.html%00.js",
        "/page/..\\serve.py",
        "/api/v1/releases/..%2f..%2fetc/map.png",
        "/api/v1/releases/%2e%2e/preview.wav",
        "/api/v1/demos/..%2f..%2fetc%2fpasswd",
        "/api/v1/renders/..%2f..%2fetc/audio",
    ],
)
def test_no_path_leads_to_the_disk(alone, path):
    # By hand, because a client would tidy the path up.
    host, port = alone.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 60.0) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert answer.split(b" ")[1] in (b"404", b"400", b"503")
    assert b"root:" not in answer
    assert b"import " not in answer


def test_only_the_origin_that_was_named_may_ask(client):
    named = {"Origin": "http://localhost:3000"}
    answer = client.get("/api/v1/releases", headers=named)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert client.post("/api/v1/phones", json={}, headers=named).status_code == 403
    preflight = {**named, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    assert client.options("/api/v1/renders", headers=preflight).status_code == 200
    for origin in ("http://localhost:3001", "http://evil.example", "null"):
        answer = client.get("/api/v1/releases", headers={"Origin": origin})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_a_page_elsewhere_makes_no_session(client):
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        answer = client.post("/api/v1/session", json={}, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_a_browser_without_a_session_is_told_so(client, alone):
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert client.get("/api/v1/releases", headers=headers).status_code == 401
    client.post("/api/v1/session", json={}, headers={"Origin": alone}).raise_for_status()
    assert client.get("/api/v1/releases", headers=headers).status_code == 200


def test_the_schema_names_every_route_of_the_page(client):
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert {"/releases", "/renders", "/renders/{job}/events", "/demos", "/status", "/phones/pair"} <= set(paths)
    docs = client.get("/api/v1/docs").text
    assert all(path in docs for path in paths)
    assert "<script" not in docs


def test_new_files_are_found_and_others_are_not_served(tmp_path):
    now = [0.0]
    pages = Pages(tmp_path, lambda: now[0])

    class Request:
        headers = {}  # noqa: RUF012

    assert pages.page(Request(), "new.js").status_code == 404
    (tmp_path / "new.js").write_text("1")
    (tmp_path / "secret.py").write_text("1")
    now[0] = 2.0
    assert pages.page(Request(), "new.js").body == b"1"
    assert pages.page(Request(), "secret.py").status_code == 404
    assert pages.page(Request(), "../new.js").status_code == 404
