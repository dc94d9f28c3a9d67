"""Tests what a program hears over a WebSocket, and what it may say."""

import asyncio
import contextlib
import json
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from aitunes.osc.packets import build, parse
from instrument.web.engine_client import EngineGoneError, View
from instrument.web.listeners import MAX_LISTENERS, Listener, Listeners
from instrument.web.nodes import Facts


def quiet(conversation, address):
    """Return whether the server sends nothing more to that address before it answers a question."""
    conversation.send("/version")
    for frame in conversation.frames():
        assert frame[0] != address
        if frame[0] == "/version.reply":
            return True
    return False


def test_a_listener_hears_every_message_to_its_methods_as_osc(served):
    with served.listen() as one:
        one.listen("/aitunes/gain")
        served.client.send("/aitunes/gain", -12.0)
        assert one.expect("/aitunes/gain") == [-12.0]
        served.client.send("/aitunes/gain", -99.0)
        assert one.expect("/aitunes/gain") == [-60.0]


def test_acts_without_a_value_are_heard_too(served):
    with served.listen() as one:
        one.listen("/aitunes/stop")
        served.client.send("/aitunes/stop")
        assert one.expect("/aitunes/stop") == []


def test_a_value_that_follows_another_is_heard_although_nobody_sent_it(served):
    with served.listen() as one:
        one.listen("/aitunes/latent/0", "/aitunes/pad/x")
        served.client.send("/aitunes/pad/xy", 1.0, 0.5)
        assert one.expect("/aitunes/pad/x") == pytest.approx([1.0])
        (first,) = served.client.ask("/aitunes/latent/0")
        served.client.send("/aitunes/pad/xy", 0.0, 0.5)
        assert one.expect("/aitunes/latent/0", where=lambda values: values[0] < first) != []


def test_who_ignores_hears_no_more(served):
    with served.listen() as one, served.listen() as other:
        one.listen("/aitunes/gain")
        other.listen("/aitunes/gain")
        one.command("IGNORE", "/aitunes/gain")
        one.send("/version")
        one.expect("/version.reply")
        served.client.send("/aitunes/gain", -12.0)
        assert other.expect("/aitunes/gain") == [-12.0]
        assert quiet(one, "/aitunes/gain")


def test_listening_is_to_one_method_and_not_to_those_below(served):
    with served.listen() as one:
        one.listen("/aitunes/latent", "/aitunes/smoothing")
        served.client.send("/aitunes/smoothing", 1.0)
        served.client.send("/aitunes/latent/0", 1.0)
        assert one.expect("/aitunes/smoothing") == [1.0]
        assert one.expect("/aitunes/latent")[0] == pytest.approx(1.0)
        assert quiet(one, "/aitunes/latent/0")


def test_osc_goes_in_as_well_and_its_refusals_come_back(served):
    with served.listen() as one, served.listen() as other:
        other.listen("/aitunes/smoothing")
        one.send("/aitunes/smoothing", 2.5)
        assert other.expect("/aitunes/smoothing") == [2.5]
        one.send("/aitunes/smoothing", "fast")
        assert one.expect("/fail") == ["/aitunes/smoothing", "smoothing_seconds must be a number"]
        one.send("/aitunes/smoothing")
        assert one.expect("/aitunes/smoothing") == [2.5]


def test_a_change_of_release_adds_and_removes_paths(fresh):
    with fresh.listen() as one:
        one.listen("/aitunes/latent/2")
        added = [("PATH_ADDED", f"/aitunes/latent/{n}") for n in (3, 4)]
        assert list(commands_after(fresh, one, "wide")) == [*added, ("PATH_CHANGED", "/aitunes/latent")]
        removed = [("PATH_REMOVED", f"/aitunes/latent/{n}") for n in (2, 3, 4)]
        assert list(commands_after(fresh, one, "segment")) == [*removed, ("PATH_CHANGED", "/aitunes/latent")]


def commands_after(served, conversation, release):
    """The commands that a change to that release brings, up to its PATH_CHANGED."""
    served.client.command("/aitunes/release/load", release)
    for frame in conversation.frames():
        if isinstance(frame, dict):
            yield frame["COMMAND"], frame["DATA"]
            if frame["COMMAND"] == "PATH_CHANGED":
                return


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[1]",
        '{"COMMAND": "LISTEN"}',
        '{"COMMAND": "LISTEN", "DATA": 7}',
        '{"COMMAND": "DANCE", "DATA": ""}',
    ],
)
def test_other_commands_change_nothing(served, text):
    with served.listen() as one:
        one.websocket.send(text)
        one.send("/version")
        assert one.expect("/version.reply")[0] == "AiTunes"


def test_without_listeners_the_engine_is_left_alone(served):
    def subscribers():
        return served.client.ask("/status", reply="/status.reply")[3]

    def become(count):
        deadline = time.monotonic() + 60.0
        while subscribers() != count:
            assert time.monotonic() < deadline

    become(0)  # when the conversation of the test before has ended
    assert served.get("/").status_code == 200
    assert subscribers() == 0
    with served.listen() as one:
        one.listen("/aitunes/gain")
        become(1)
    become(0)


def test_listeners_find_an_engine_that_was_started_again(fresh, start, releases):
    with fresh.listen() as one:
        one.listen("/aitunes/gain")
        port = fresh.client.engine[1]
        fresh.engine.interrupt()
        fresh.engine.ends()
        words = ("play", "--output", "none", "--osc-port", port, "--releases", releases, "--release", "wide")
        client = start(*words).client()
        deadline = time.monotonic() + 60.0
        while client.ask("/status", reply="/status.reply")[3] == 0:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        client.send("/aitunes/gain", -3.0)
        assert one.expect("/aitunes/gain", where=lambda values: values == [-3.0])


def test_only_pages_of_this_server_may_play(served):
    for origin in (
        "http://elsewhere.example",
        "http://localhost:8080",
        f"http://elsewhere.example:{served.port}",
        "null",
    ):
        with pytest.raises(InvalidStatus, match="403"), served.listen(origin=origin):
            pass
    with served.listen(origin=f"http://127.0.0.1:{served.port}") as one:
        one.listen("/aitunes/gain")


class SlowEngine:
    """Answers a question with the gain of -6 dB and the glide of 2 s, but tells of a change to -12 dB first."""

    def __init__(self):
        self.asked = asyncio.Event()

    @contextlib.asynccontextmanager
    async def peer(self, receive):
        self.tell = receive
        yield self

    def send(self, datagram):
        self.tell(build("/done", "/notify"))

    async def view(self, choose):
        self.tell(build("/aitunes/gain", -12.0))
        self.asked.set()
        return View(Facts(2), {"/aitunes/gain": [-6.0], "/aitunes/smoothing": [2.0]})


def test_an_answer_that_a_change_has_overtaken_is_not_told():
    async def conversation():
        listener, engine = Listener(), SlowEngine()
        listener.paths = {"/aitunes/gain", "/aitunes/smoothing"}
        everyone = Listeners(engine)
        everyone._known = {"/aitunes/gain": [0.0], "/aitunes/smoothing": [0.0]}
        everyone.join(listener)
        await engine.asked.wait()
        frames = [await listener.next_frame() for _ in range(3)]
        everyone.leave(listener)
        return [(message.address, message.arguments) for frame in frames for message in parse(frame)[0].messages]

    told = asyncio.run(asyncio.wait_for(conversation(), 20.0))
    assert told == [("/aitunes/gain", [-12.0]), ("/aitunes/smoothing", [2.0]), ("/aitunes/gain", [-12.0])]


class BusyEngine:
    """Tells its releases late, and then changes to one with a further coordinate."""

    def __init__(self):
        self.views = [
            View(Facts(2), {}, is_whole=False),
            View(Facts(2, ("tiny", "wide")), {}),
            View(Facts(3, ("tiny", "wide")), {}),
        ]
        self.all_seen = asyncio.Event()

    @contextlib.asynccontextmanager
    async def peer(self, receive):
        self.tell = receive
        yield self

    def send(self, datagram):
        self.tell(build("/done", "/notify"))

    async def view(self, choose):
        if len(self.views) > 1:
            return self.views.pop(0)
        self.all_seen.set()
        return self.views[0]


def test_what_was_not_known_yet_is_no_change():
    async def conversation():
        listener, engine = Listener(), BusyEngine()
        everyone = Listeners(engine)
        everyone.join(listener)
        while not engine.all_seen.is_set():
            engine_answers(engine)
            await asyncio.sleep(0.01)
        frames = [json.loads(await listener.next_frame()) for _ in range(2)]
        everyone.leave(listener)
        return [(frame["COMMAND"], frame["DATA"]) for frame in frames]

    told = asyncio.run(asyncio.wait_for(conversation(), 20.0))
    assert told == [("PATH_ADDED", "/aitunes/latent/2"), ("PATH_CHANGED", "/aitunes/latent")]


def engine_answers(engine):
    if hasattr(engine, "tell"):
        engine.send(b"")


class AskedEngine:
    """Notes what it is asked; one that is gone has no answer."""

    def __init__(self, is_gone):
        self.is_gone, self.asked = is_gone, []

    async def view(self, choose):
        self.asked += choose(Facts(2))
        if self.is_gone:
            raise EngineGoneError("gone")
        return View(Facts(2), {})


@pytest.mark.parametrize("is_gone", [False, True])
def test_listening_sends_the_engine_questions_alone(is_gone):
    engine, listener = AskedEngine(is_gone), Listener()

    async def listen():
        for path in ("/quit", "/clearSched", "/aitunes/panic", "/aitunes/record/stop", "/nowhere", "/\ud800", "/*"):
            await Listeners(engine).handle(listener, json.dumps({"COMMAND": "LISTEN", "DATA": path}))
        await Listeners(engine).handle(listener, '{"COMMAND": "LISTEN", "DATA": "/aitunes/gain"}')

    asyncio.run(listen())
    assert engine.asked == ["/aitunes/gain"]
    assert listener.paths == {"/quit", "/clearSched", "/aitunes/panic", "/aitunes/record/stop", "/aitunes/gain"}


def test_a_listener_beyond_the_most_is_turned_away(served):
    with contextlib.ExitStack() as others:
        for _ in range(MAX_LISTENERS):
            others.enter_context(served.listen()).listen("/aitunes/gain")
        with served.listen() as one, pytest.raises(ConnectionClosed, match="connections already"):
            one.websocket.recv(timeout=60.0)
    assert served.get("/aitunes/gain").status_code == 200


def test_a_listener_that_lags_is_given_up():
    listener = Listener()
    for _ in range(1_024):
        listener.send(b"frame")
    assert not listener.lags.is_set()
    listener.send(b"frame")
    assert listener.lags.is_set()


def test_a_packet_that_no_datagram_holds_ends_the_conversation(served):
    with served.listen() as one:
        one.websocket.send(b"x" * 70_000)
        with pytest.raises(ConnectionClosed):
            list(one.frames())
