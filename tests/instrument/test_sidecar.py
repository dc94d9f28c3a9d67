"""`aitunes play` with the web server beside it: it comes after the sound, and takes nothing with it when it goes."""

import contextlib
import io
import os
import re
import signal
import socket
import time

import httpx
import psutil
import pytest

from instrument.cli.sidecar import Listener, Sidecar

OSCQUERY = r"OSCQuery at (http://127\.0\.0\.1:\d+/)"


@pytest.fixture
def both(start, releases):
    """An engine with its sidecar: the engine's process, a client, the sidecar's process and its place."""
    words = ["--output", "none", "--osc-port", 0, "--http-port", 0, "--releases", releases, "--release", "tiny"]
    engine = start("play", "--oscquery", *words)
    place = engine.says(OSCQUERY).group(1)
    (sidecar,) = psutil.Process(engine.process.pid).children()
    return engine, engine.client(), sidecar, place


def gone(process, seconds=60.0):
    deadline = time.monotonic() + seconds
    with contextlib.suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_it_comes_after_the_sound_describes_this_engine_and_is_nice(both):
    engine, client, sidecar, place = both
    assert engine.text.index("Playing") < engine.text.index("OSCQuery at")
    assert httpx.get(f"{place}?HOST_INFO", timeout=60.0).json()["OSC_PORT"] == client.engine[1]
    assert httpx.get(f"{place}aitunes/release/load?VALUE", timeout=60.0).json() == {"VALUE": ["tiny"]}
    if hasattr(os, "sched_getscheduler"):
        assert sidecar.nice() == min(19, psutil.Process().nice() + 10)
        assert os.sched_getscheduler(sidecar.pid) == os.SCHED_OTHER


def test_its_death_leaves_the_sound_alone_is_told_and_it_starts_again(both):
    engine, client, sidecar, _ = both
    client.command("/notify", 1)
    sidecar.kill()
    (told,) = client.expect("/error", where=lambda arguments: "The web server has ended" in arguments[0])
    assert re.fullmatch(
        r"The web server has ended \(status -?\d+\); the sound goes on\. It starts again in 1 s\.", told
    )
    assert client.ask("/status", reply="/status.reply")[-1] == "The web server"
    gone(sidecar)
    place = engine.says(rf"It starts again in 1 s\.\s+{OSCQUERY}").group(1)
    (again,) = [child for child in psutil.Process(engine.process.pid).children() if "instrument.web" in child.cmdline()]
    assert httpx.get(f"{place}?HOST_INFO", timeout=60.0).json()["OSC_PORT"] == client.engine[1]
    assert client.ask("/status", reply="/status.reply")[-1] == ""
    engine.interrupt()
    assert engine.ends() == 0
    gone(again)


class Program:
    """Stands for a process that ends whenever it is let go."""

    def __init__(self, status):
        self.stdin = io.BytesIO()
        self._status = status

    def wait(self, timeout=None):
        return self._status


def test_it_is_given_up_after_growing_pauses():
    told, noted, started = [], [], []

    def start():
        started.append(Program(-11))
        return started[-1]

    sidecar = Sidecar(
        "OSCQuery", start, Listener(told.append, lambda *note: noted.append(note)), pauses=(0.001, 0.002, 0.004)
    )
    sidecar.open()
    sidecar._thread.join(60.0)
    assert [sentence.split()[-2] for sentence in told[:-1]] == ["0.001", "0.002", "0.004"]
    assert told[-1] == "OSCQuery has ended 4 times and is given up; the sound goes on without it."
    assert (len(started), noted[-1]) == (4, ("OSCQuery", False))


def test_one_that_cannot_serve_is_not_started_again():
    told, noted = [], []
    sidecar = Sidecar("OSCQuery", lambda: Program(1), Listener(told.append, lambda *note: noted.append(note)))
    sidecar.open()
    sidecar._thread.join(60.0)
    assert (told, noted) == ([], [("OSCQuery", False)])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_the_engine_however_that_ends(both, number):
    engine, _, sidecar, place = both
    engine.process.send_signal(number)
    engine.ends()
    gone(sidecar)
    with pytest.raises(httpx.ConnectError):
        httpx.get(place)


def test_a_taken_port_leaves_the_sound_alone(start, releases):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ["--output", "none", "--osc-port", 0, "--http-port", port, "--releases", releases, "--release", "tiny"]
        engine = start("play", "--oscquery", *words)
        engine.says(f"HTTP port {port} on 127.0.0.1 cannot be opened .*--http-port")
        assert engine.client().ask("/status", reply="/status.reply")[13] is True


def test_it_can_be_left_out(start, releases):
    engine = start(
        "play", "--no-oscquery", "--output", "none", "--osc-port", 0, "--releases", releases, "--release", "tiny"
    )
    engine.client().ask("/status", reply="/status.reply")
    assert psutil.Process(engine.process.pid).children() == []


def test_without_the_extra_it_is_left_out_unless_it_is_asked_for(start, releases, tmp_path):
    # A module of that name that cannot be found stands for one that is not installed.
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['uvicorn'] = None\n")
    words = ["--output", "none", "--osc-port", 0, "--releases", releases, "--release", "tiny"]
    asked = start("play", "--oscquery", *words, environment={"PYTHONPATH": str(tmp_path)})
    assert asked.ends() == 2
    assert "The page and OSCQuery need the extra `web`: pip install 'aitunes[web]'" in asked.text
    alone = start("oscquery", environment={"PYTHONPATH": str(tmp_path)})
    assert alone.ends() == 2
    assert "pip install 'aitunes[web]'" in alone.text


@pytest.mark.parametrize("place", ["there:", ":7420", "there:0", "there:99999", "there:osc"])
def test_a_place_is_a_host_and_a_port(start, place):
    process = start("oscquery", "--connect", place)
    assert process.ends() == 2
    assert f"'{place}' is not HOST:PORT, such as 192.168.1.7:7420" in process.text
