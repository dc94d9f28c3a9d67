"""Pairs a phone by a code that it scans once; what a phone may do, and how its right to it ends."""

import contextlib
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from aitunes.osc.address import answering
from aitunes.osc.packets import build, messages
from instrument.cli import main
from instrument.namespace import LOCAL_ONLY
from instrument.web.osc_socket import MAX_OF_ONE
from instrument.web.phones import MAX_PHONES, PAIRING_SECONDS, Phones
from instrument.web.problems import ProblemError

DEADLINE_SECONDS = 60.0


@pytest.fixture
def code(served, lack):
    """Return the network's address of the server, and a code for one phone; all phones are forgotten afterwards."""
    if len(answering("0.0.0.0")) < 2:
        lack("this machine is in no network")
    answer = httpx.post(f"{served.origin}/api/v1/phones", json={}, timeout=DEADLINE_SECONDS)
    assert answer.status_code == 201, answer.text
    place, token = answer.json()["url"].split("/#pair=")
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert answer.json()["qr"].startswith("<svg xmlns=")
    yield place, token
    httpx.delete(f"{served.origin}/api/v1/phones", timeout=DEADLINE_SECONDS)


def paired(code):
    """Return a phone's client, which has scanned the code."""
    place, token = code
    phone = httpx.Client(base_url=place, headers={"Origin": place}, timeout=DEADLINE_SECONDS)
    answer = phone.post("/api/v1/phones/pair", json={"token": token, "name": "Anne's \n phone"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["role"] == "phone"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    return phone


def socket_of(phone):
    place = str(phone.base_url).rstrip("/")
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in phone.cookies.items())}
    url = place.replace("http", "ws") + "/api/v1/osc"
    return connect(url, origin=place, additional_headers=cookie, open_timeout=DEADLINE_SECONDS)


def answer_to(websocket, address):
    while True:
        frame = websocket.recv(timeout=DEADLINE_SECONDS)
        for message in messages(frame) if isinstance(frame, bytes) else ():
            if message.address == address:
                return message.arguments


def test_a_paired_phone_plays_and_what_it_may_not_do_is_refused(served, code):
    phone = paired(code)  # of which the server allows five a minute, so that not every test has one
    with contextlib.closing(phone), socket_of(phone) as websocket:
        websocket.send(build("/aitunes/pad/xy", 0.25, 0.5))
        websocket.send(build("/version"))
        answer_to(websocket, "/version.reply")
        assert served.client.ask("/aitunes/pad/xy") == pytest.approx([0.25, 0.5])
        for path in sorted(LOCAL_ONLY | {"/aitunes/device/set", "/clearSched", "/notify"}):
            websocket.send(build(path, "../../x"))
            assert answer_to(websocket, "/fail")[0] == path
        websocket.send(build("/{quit,status}"))
        assert answer_to(websocket, "/fail")[0] == "/quit"
        assert phone.get("/api/v1/releases").status_code == 200
        assert phone.post("/api/v1/renders", json={}).status_code == 403
        assert phone.post("/api/v1/phones", json={}).status_code == 403
        assert phone.get("/api/v1/training").status_code == 403
        assert phone.post("/api/v1/training", json={"name": "x", "files": 1, "bytes": 1}).status_code == 403
        (row,) = httpx.get(f"{served.origin}/api/v1/phones", timeout=DEADLINE_SECONDS).json()["phones"]
        assert (row["name"], row["connected"]) == ("Anne's  phone", True)
        check_shares(served, phone, sockets=1)


def check_shares(served, phone, sockets):
    """Check that a phone, which has so many sockets, takes neither all places nor everybody's time with a long body."""
    with contextlib.ExitStack() as stack:
        for _ in range(MAX_OF_ONE - sockets):
            answer_to_hello(stack.enter_context(socket_of(phone)))
        with pytest.raises(ConnectionClosed, match="Too many"):
            answer_to_hello(stack.enter_context(socket_of(phone)))
        with served.page() as client, served.play(client) as page:
            page.told("hello")
        assert phone.post("/api/v1/renders", content=b"[" * 100_000).status_code == 413


def answer_to_hello(websocket):
    assert "hello" in websocket.recv(timeout=DEADLINE_SECONDS)


def test_a_forgotten_phone_is_cut_off_at_once(served, code):
    phone = paired(code)
    with contextlib.closing(phone), socket_of(phone) as websocket:
        (row,) = httpx.get(f"{served.origin}/api/v1/phones", timeout=DEADLINE_SECONDS).json()["phones"]
        httpx.delete(f"{served.origin}/api/v1/phones/{row['id']}", timeout=DEADLINE_SECONDS).raise_for_status()
        with pytest.raises(ConnectionClosed):
            answer_to(websocket, "/nothing")
        assert phone.get("/api/v1/releases").status_code == 401
        with pytest.raises(InvalidStatus):
            socket_of(phone)


def test_a_code_serves_once_and_a_wrong_one_never(code):
    place, token = code
    paired(code).close()
    with httpx.Client(base_url=place, headers={"Origin": place}, timeout=DEADLINE_SECONDS) as other:
        assert other.post("/api/v1/phones/pair", json={"token": token}).status_code == 403
        answers = [other.post("/api/v1/phones/pair", json={"token": "0" * 32}) for _ in range(6)]
    assert answers[0].status_code == 403
    assert (answers[-1].status_code, answers[-1].headers["retry-after"]) == (429, "60")


def test_an_unpaired_device_sees_the_page_and_nothing_else(code):
    place, _ = code
    with httpx.Client(base_url=place, timeout=DEADLINE_SECONDS) as stranger:
        assert stranger.get("/", headers={"Accept": "text/html"}).status_code == 200
        assert stranger.post("/api/v1/session", json={}, headers={"Origin": place}).status_code == 401
        for path in ("/api/v1/releases", "/api/v1/status", "/api/v1/phones", "/api/models"):
            assert stranger.get(path).status_code == 401
        for path in ("/aitunes/gain", "/?HOST_INFO", "/"):
            assert stranger.get(path).status_code == 403
    for path in ("/", "/api/v1/osc", "/api/v1/listen"):
        with pytest.raises(InvalidStatus), connect(place.replace("http", "ws") + path, origin=place):
            pass


def test_the_port_to_the_network_is_closed_with_the_last_phone(served, code):
    place, _ = code
    httpx.delete(f"{served.origin}/api/v1/phones", timeout=DEADLINE_SECONDS).raise_for_status()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{place}/page/index.html", timeout=DEADLINE_SECONDS)
    state = httpx.get(f"{served.origin}/api/v1/phones", timeout=DEADLINE_SECONDS).json()
    assert state == {"on": False, "address": None, "phones": []}


def test_the_command_shows_a_code_and_forgets(served, code):
    command = [sys.executable, "-m", "instrument", "phone", "--http-port", str(served.port)]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    shown = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment, encoding="utf-8")
    assert shown.returncode == 0, shown.stderr
    assert re.search(r"http://[\d.]+:\d+/#pair=[0-9a-f]{32}", shown.stdout)
    assert "█" in shown.stdout or "▀" in shown.stdout
    subprocess.run([*command, "--forget"], check=True, timeout=240, capture_output=True)
    assert httpx.get(f"{served.origin}/api/v1/phones", timeout=DEADLINE_SECONDS).json()["on"] is False


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"[1]"),
        (200, b"{" * 100_000),
        (200, b'{"url": 5, "seconds": 600}'),
        (200, b'{"url": "http://\\u001b[2J", "seconds": 600}'),
        (200, b'{"url": "http://%s", "seconds": 600}' % (b"x" * 9_000)),
        (403, b'{"detail": "\\u001b[2J"}'),
        (500, b"\xff"),
    ],
)
def test_a_foreign_server_at_the_port_is_named_in_a_sentence(status, body, capsys):
    class Foreign(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    with HTTPServer(("127.0.0.1", 0), Foreign) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert main(["phone", "--http-port", str(server.server_port)]) == 1
    printed = "".join(capsys.readouterr())
    assert printed
    assert "\x1b" not in printed
    assert "Traceback" not in printed


def test_a_code_ends_with_its_time_and_there_are_only_so_many_phones():
    now = [0.0]
    phones = Phones(lambda: now[0])
    old = phones.offer()
    now[0] = PAIRING_SECONDS + 1.0
    with pytest.raises(ProblemError, match="old"):
        phones.pair(old, "", "10.0.0.1")
    for number in range(MAX_PHONES):
        now[0] += 60.0
        phones.pair(phones.offer(), "x", f"10.0.1.{number}")
    now[0] += 60.0
    with pytest.raises(ProblemError, match="forget one"):
        phones.pair(phones.offer(), "x", "10.0.0.2")
    phones.forget_all()
    assert phones.all == []
