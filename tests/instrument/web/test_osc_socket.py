"""Plays from a page: what it hears, what it may not do, and what happens to its notes when it goes."""

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from aitunes.osc.packets import build

NEVER = ["/quit", "/dumpOSC", "/notify", "/login", "/aitunes/midi/map", "/aitunes/midi/notice"]


def test_a_page_hears_who_it_is_and_that_the_engine_is_here(served):
    with served.page() as client, served.play(client) as page:
        hello = page.told("hello")
        assert hello["role"] == served.session["role"] == "local"
        assert {"play", "load", "record", "snapshots", "gestures", "render", "phones"} <= set(hello["can"])
        assert hello["engine"] == "here" or page.told("engine") == "here"


def test_a_page_moves_the_engine_and_hears_what_others_move(served):
    with served.page() as client, served.play(client) as page, served.play(client) as other:
        for one in (page, other):
            one.send("/version")  # the subscription has gone out before it
            one.expect("/version.reply")
        page.send("/aitunes/gain", -7.0)
        assert other.expect("/aitunes/gain") == pytest.approx([-7.0])
        assert served.client.ask("/aitunes/gain") == pytest.approx([-7.0])
        served.client.send("/aitunes/gain", -9.0)
        assert page.expect("/aitunes/gain") == pytest.approx([-9.0])
        page.send("/aitunes/release/load")
        assert page.expect("/aitunes/release/load") == ["tiny"]


def test_streams_come_to_those_who_want_them_and_stop(served):
    with served.page() as client, served.play(client) as page, served.play(client) as other:
        page.say(streams=["meter", "scope", "nonsense", 7])
        assert len(page.expect("/aitunes/scope")[0]) == 4 * 64
        assert len(page.expect("/aitunes/meter")) == 2
        page.say(streams=[])
        page.say(ping=1)
        page.told("pong")
        heard = [frame for frame in page.frames(0.4) if isinstance(frame, tuple)]
        assert [address for address, _ in heard if address.startswith(("/aitunes/meter", "/aitunes/scope"))] == []
        assert [frame for frame in other.frames(0.1) if isinstance(frame, tuple) and "scope" in frame[0]] == []


def test_a_ping_comes_back_with_the_engines_round_trip(served):
    with served.page() as client, served.play(client) as page:
        page.told("hello")
        served.client.ask("/version", reply="/version.reply")
        page.say(ping=12.5)
        assert page.told("pong") == 12.5


@pytest.mark.parametrize("path", NEVER)
def test_a_page_ends_nothing_and_changes_no_mappings(served, path):
    with served.page() as client, served.play(client) as page:
        page.send(path, 1)
        assert page.expect("/fail")[0] == path
        if len(path) > 8:
            page.send(path[:-1] + "?", 1)
            assert page.expect("/fail")[0] in NEVER


def test_the_local_page_saves_snapshots(served):
    with served.page() as client, served.play(client) as page:
        page.send("/aitunes/snapshot/save", "from the page")
        assert page.expect("/done")[0] == "/aitunes/snapshot/save"
        page.send("/aitunes/snapshot/delete", "from the page")
        assert page.expect("/done")[0] == "/aitunes/snapshot/delete"


def test_a_page_without_a_session_opens_nothing(served):
    for path in ("/api/v1/osc", "/api/v1/listen"):
        with pytest.raises(InvalidStatus) as refused, served.listen(path, origin=served.origin):
            pass
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9", "https://127.0.0.1"])
def test_a_page_elsewhere_with_the_cookie_opens_nothing(served, origin):
    with served.page() as client:
        cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}
        for path in ("/", "/api/v1/osc", "/api/v1/listen"):
            with (
                pytest.raises(InvalidStatus) as refused,
                served.listen(path, origin=origin, additional_headers=cookie),
            ):
                pass
            assert refused.value.response.status_code == 403


def test_notes_end_with_the_socket_that_holds_them(served):
    served.client.command("/notify", 1)
    served.client.command("/aitunes/release/load", "notes")
    with served.page() as http, served.play(http) as page:
        page.send("/aitunes/note", 60, 100)
        page.send("/aitunes/note", 64, 100, 9)
        assert served.client.expect("/aitunes/note", where=lambda values: values[0] == 64) == [64, 100, 9]
        page.send("/aitunes/note", 64, 0, 9)
        assert served.client.expect("/aitunes/note", where=lambda values: values[0] == 64) == [64, 0, 9]
    assert served.client.expect("/aitunes/note", where=lambda values: values[1] == 0) == [60, 0]
    served.client.command("/aitunes/release/load", "tiny")
    served.client.command("/notify", 0)


def test_the_cookie_is_for_this_server_alone_and_no_script_reads_it(served):
    headers = {"Origin": served.origin}
    answer = httpx.post(f"{served.origin}/api/v1/session", json={}, headers=headers, timeout=60.0)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "domain" not in cookie


def test_too_many_messages_a_second_are_left_out_and_the_rest_is_played(served):
    with served.page() as client, served.play(client) as page:
        for number in range(6_000):
            page.send("/aitunes/gain", -float(number % 50))
        for _ in range(60):  # as pages do, every second: what comes right after the flood is left out, too
            page.say(ping=1)
            if any(isinstance(frame, dict) and "pong" in frame for frame in page.frames(1.0)):
                break
        else:
            pytest.fail("The page was not answered any more.")
        assert served.client.ask("/version", reply="/version.reply")[0] == "AiTunes"


def test_too_many_words_a_second_are_left_out(served):
    with served.page() as client, served.play(client) as page:
        for number in range(3_000):
            page.say(ping=number, streams=["input-meter"] if number % 2 else [])
        pongs = [frame["pong"] for frame in page.frames(1.0) if isinstance(frame, dict) and "pong" in frame]
        assert pongs[:50] == list(range(50))
        assert len(pongs) < 1_500
        page.say(ping=-1)
        while page.told("pong") != -1:
            pass


@pytest.mark.parametrize("arguments", [(float("nan"), 100), (60, float("inf")), (60, 1.0, float("nan")), (2**40, 1)])
def test_a_note_that_is_none_costs_a_page_neither_its_socket_nor_its_notes(served, arguments):
    with served.page() as client, served.play(client) as page:
        page.websocket.send(build("/aitunes/note", *(("h", n) if n == 2**40 else n for n in arguments)))
        page.say(ping=1)
        assert page.told("pong") == 1


@pytest.mark.parametrize("words", ['{"ping": %s}' % ("1" * 900), '{"ping": 1e400}', '{"streams": [[], {}]}', "[" * 900])
def test_words_that_mean_nothing_cost_a_page_nothing(served, words):
    with served.page() as client, served.play(client) as page:
        page.websocket.send(words)
        page.say(ping=2)
        assert page.told("pong") == 2
