"""Tests what another program is told over HTTP, word for word of the proposal."""

import httpx
import pytest

from instrument.web import nodes


def test_the_namespace_is_one_json_object_with_the_values_of_now(served):
    served.client.send("/aitunes/pad/xy", 0.25, 0.75)
    response = served.get("/")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    root = response.json()
    assert (root["FULL_PATH"], root["ACCESS"]) == ("/", 0)
    assert set(root["CONTENTS"]) >= {"aitunes", "status", "notify"}
    flat = nodes.structure(root)
    assert flat["/aitunes/latent"]["TYPE"] == "fff"
    assert nodes.find(root, "/aitunes/pad/xy")["VALUE"] == pytest.approx([0.25, 0.75])
    assert nodes.find(root, "/aitunes/release/load")["VALUE"] == ["tiny"]
    assert "wide" in nodes.find(root, "/aitunes/release/load")["RANGE"][0]["VALS"]
    assert nodes.find(root, "/aitunes/freeze")["VALUE"] == [False]


def test_a_path_and_single_attributes_of_it(served):
    served.client.send("/aitunes/smoothing", 0.5)
    assert served.client.ask("/aitunes/smoothing") == [0.5]
    smoothing = served.get("/aitunes/smoothing").json()
    assert (smoothing["FULL_PATH"], smoothing["TYPE"], smoothing["VALUE"]) == ("/aitunes/smoothing", "f", [0.5])
    assert served.get("/aitunes/smoothing?VALUE").json() == {"VALUE": [0.5]}
    assert served.get("/aitunes/smoothing?TYPE&RANGE").json() == {"TYPE": "f", "RANGE": [{"MIN": 0.0, "MAX": 30.0}]}
    assert served.get("/aitunes/glide").json() == smoothing
    assert served.get("/aitunes/pad?TYPE").json() == {}
    assert served.get("/aitunes/pad/?CONTENTS").json()["CONTENTS"]["x"]["VALUE"]


def test_refusals_have_the_numbers_of_the_proposal(served):
    assert served.get("/aitunes/nothing").status_code == 404
    assert served.get("/aitunes/latent/3?VALUE").status_code == 404
    assert served.get("/aitunes/gain?GABBA").status_code == 400
    for path in ("/aitunes/play?VALUE", "/aitunes/snapshot/save?VALUE", "/aitunes/pad?VALUE", "/aitunes/gain?HTML"):
        response = served.get(path)
        assert (response.status_code, response.content) == (204, b"")


def test_the_host_says_where_it_is_and_what_it_can(served):
    for path in ("/?HOST_INFO", "/no/such/path?HOST_INFO"):
        info = served.get(path).json()
        assert info["NAME"] == "AiTunes"
        assert (info["OSC_IP"], info["OSC_PORT"], info["OSC_TRANSPORT"]) == (*served.client.engine, "UDP")
        assert (info["WS_IP"], info["WS_PORT"]) == ("127.0.0.1", served.port)
    given = {name for node in nodes.structure(served.get("/").json()).values() for name in node} | {"VALUE"}
    attributes = {name for name, supported in info["EXTENSIONS"].items() if supported} & nodes.ATTRIBUTES
    assert attributes == given - nodes.REQUIRED


def test_a_value_that_the_engine_has_changed_is_the_one_that_is_told(served):
    served.client.send("/aitunes/pad/xy", 1.0, 0.5)
    (first,) = served.client.ask("/aitunes/latent/0")
    assert served.get("/aitunes/latent/0?VALUE").json()["VALUE"] == pytest.approx([first], abs=1e-6)
    assert first > 0.5


def test_an_engine_that_has_gone_is_said_and_found_again(fresh, start, releases):
    port = fresh.client.engine[1]
    fresh.engine.interrupt()
    fresh.engine.ends()
    response = fresh.get("/aitunes/gain?VALUE")
    assert response.status_code == 503
    assert response.text == f"No AiTunes answers at 127.0.0.1:{port}; start one with `aitunes`.\n"
    assert fresh.get("/?HOST_INFO").status_code == 200
    start("play", "--output", "none", "--osc-port", port, "--releases", releases, "--release", "wide").client()
    assert fresh.get("/aitunes/latent?TYPE").json() == {"TYPE": "fffff"}


def test_nothing_can_be_written_over_http(served):
    response = httpx.post(f"http://127.0.0.1:{served.port}/aitunes/gain", content=b"1", timeout=60.0)
    assert response.status_code == 405


def test_a_taken_port_is_named(served, start):
    second = start("oscquery", "--http-port", served.port, "--no-discovery")
    assert second.ends() == 1
    assert f"HTTP port {served.port} on 127.0.0.1 cannot be opened" in second.text
    assert "--http-port" in second.text


def test_ctrl_c_ends_the_server_without_a_word(fresh):
    with fresh.listen():
        fresh.server.interrupt()
        assert fresh.server.ends() == 0
    assert "Traceback" not in fresh.server.text


@pytest.mark.parametrize("host", ["::1", "::"])
def test_an_engine_is_served_over_ipv6(start, host):
    words = ("--oscquery", "--http-port", 0, "--osc-host", host, "--osc-port", 0)
    engine = start("play", "--output", "none", "--no-pad", "--release", "first-light", *words)
    port = int(engine.says(r"OSCQuery at http://\[[:1]+\]:(\d+)/").group(1))
    for reached in ("[::1]", "127.0.0.1") if host == "::" else ("[::1]",):
        assert httpx.get(f"http://{reached}:{port}/aitunes/gain?VALUE", timeout=60.0).json() == {"VALUE": [0.0]}
