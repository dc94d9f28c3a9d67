"""Hears the engine in the page: the packets, their clock, and an engine that is there for the page alone."""

import json
import struct
import time

import httpx
import numpy as np
import pytest
from websockets.sync.client import connect

HEADER = struct.Struct("<IIHHI")
DEADLINE_SECONDS = 120.0


def packets(websocket, count):
    """Return that many packets, header and samples, after the format."""
    found, deadline = [], time.monotonic() + DEADLINE_SECONDS
    form = json.loads(websocket.recv(timeout=DEADLINE_SECONDS))
    while len(found) < count:
        assert time.monotonic() < deadline
        frame = websocket.recv(timeout=DEADLINE_SECONDS)
        if isinstance(frame, bytes):
            found.append((HEADER.unpack_from(frame), np.frombuffer(frame, "<i2", offset=HEADER.size)))
    return form, found


def pong(websocket):
    """Return the number that comes back, among packets."""
    while isinstance(frame := websocket.recv(timeout=DEADLINE_SECONDS), bytes):
        pass
    return json.loads(frame)["pong"]


def test_a_page_hears_what_is_played_without_gaps(served):
    with served.page() as client, served.play(client, "/api/v1/listen") as page:
        form, found = packets(page.websocket, 60)
        page.say(ping=3.5)
        assert pong(page.websocket) == 3.5
        assert served.get("/api/v1/status").json()["listeners"] == 1
    assert form == {"sample_rate": 48_000, "channels": 2, "frames": 960, "format": "s16le"}
    numbers = [header[0] for header, _ in found]
    assert numbers == list(range(numbers[0], numbers[0] + 60))
    assert {header[1:4] for header, _ in found} == {(48_000, 2, 960)}
    assert np.abs(np.concatenate([samples for _, samples in found])).max() > 100


def test_the_engine_stops_sending_when_nobody_listens(served):
    with served.page() as client, served.play(client, "/api/v1/listen") as page:
        packets(page.websocket, 3)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while served.get("/api/v1/status").json()["listeners"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_without_an_engine_the_page_gets_one_to_play_and_to_hear(engine_process, releases, tmp_path_factory):
    words = ("web", "--serve-only", "--http-port", 0, "--releases", releases, "--release", "tiny")
    server = engine_process(tmp_path_factory.mktemp("home"), *words)
    place = server.says(r"OSCQuery at http://(127\.0\.0\.1:\d+)/").group(1)
    try:
        status = httpx.get(f"http://{place}/api/v1/status", timeout=DEADLINE_SECONDS).json()
        assert (status["serve_only"], status["engine"]) == (True, None)
        with connect(f"ws://{place}/api/v1/listen", open_timeout=DEADLINE_SECONDS) as websocket:
            _, found = packets(websocket, 10)
            assert len(found) == 10
            assert httpx.get(f"http://{place}/aitunes/release/load?VALUE", timeout=60).json() == {"VALUE": ["tiny"]}
    finally:
        server.close()


@pytest.mark.parametrize("words", ["nonsense", '{"ping": "x"}', '{"ping": true}', "[" * 9_000, ""])
def test_foreign_words_change_nothing(served, words):
    with served.page() as client, served.play(client, "/api/v1/listen") as page:
        page.websocket.send(words)
        assert len(packets(page.websocket, 2)[1]) == 2
