"""`aitunes play` with the web server beside it: it comes after the sound, and takes nothing with it when it goes."""

import contextlib
import io
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import time

import httpx
import psutil
import pytest

from instrument.cli.heartbeat import PATIENCE, Patience
from instrument.cli.sidecar import Listener, Sidecar
from instrument.status import Status

OSCQUERY = r"OSCQuery at (http://127\.0\.0\.1:\d+/)"


def missing(client):
    """Return the names of the helpers that have ended, as the status tells them."""
    return Status.from_arguments(client.ask("/status", reply="/status.reply")).missing


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
    assert missing(client) == "The web server"
    gone(sidecar)
    place = engine.says(rf"It starts again in 1 s\.\s+{OSCQUERY}").group(1)
    (again,) = [child for child in psutil.Process(engine.process.pid).children() if "instrument.web" in child.cmdline()]
    assert httpx.get(f"{place}?HOST_INFO", timeout=60.0).json()["OSC_PORT"] == client.engine[1]
    assert missing(client) == ""
    engine.interrupt()
    assert engine.ends() == 0
    gone(again)


class Program:
    """Stands for a process that ends whenever it is let go."""

    def __init__(self, status):
        self.stdin = io.BytesIO()
        reading, writing = os.pipe()
        os.close(writing)
        self.stdout = os.fdopen(reading, "rb")
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


ANSWERS = "import os\nos.read(0, 1)\nwhile os.read(0, 1): os.write(1, b'.')"
HANGS = "import time\ntime.sleep(600)"
THEN_HANGS = ANSWERS.replace("while os.read(0, 1):", "for _ in range(3): os.read(0, 1);") + "\n" + HANGS


@pytest.fixture
def beside():
    """`beside(program, patience)`: what a sidecar that runs it told and noted, its processes, and their deaths."""
    opened = []

    def run(program, patience):
        told, noted, started, deaths = queue.Queue(), [], [], []

        def start():
            command = [sys.executable, "-c", program]
            started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            return started[-1]

        listener = Listener(told.put, lambda *note: noted.append(note), lambda: deaths.append(None))
        sidecar = Sidecar("MIDI", start, listener, pauses=(0.001,), patience=patience)
        opened.append(sidecar)
        sidecar.open()
        sidecar.release()
        return told, noted, started, deaths

    yield run
    for sidecar in opened:
        sidecar.close()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system stops no processes")
def test_one_that_hangs_is_told_and_so_is_that_it_goes_on(beside):
    told, noted, (process,), deaths = beside(ANSWERS, Patience(ask=0.02, silent=0.2, hanging=600.0))
    time.sleep(0.3)
    assert (noted, deaths) == ([], [])  # it has answered all the time
    process.send_signal(signal.SIGSTOP)
    assert told.get(timeout=60.0).startswith("MIDI does not answer; the sound goes on.")
    assert (noted, len(deaths)) == ([("MIDI", False)], 1)
    process.send_signal(signal.SIGCONT)
    assert told.get(timeout=60.0) == "MIDI answers again."
    assert noted[-1] == ("MIDI", True)


@pytest.mark.parametrize("program", [HANGS, THEN_HANGS])
def test_one_that_hangs_for_long_is_ended_and_started_again(beside, program):
    told, noted, started, _ = beside(program, Patience(ask=0.02, beginning=1.0, silent=0.2, hanging=0.4))
    assert told.get(timeout=60.0).startswith("MIDI does not answer")
    assert "It starts again in 0.001 s." in told.get(timeout=60.0)
    assert told.get(timeout=60.0).startswith("MIDI does not answer")
    assert len(started) == 2
    assert noted[:3] == [("MIDI", False), ("MIDI", False), ("MIDI", True)]


def window(engine):
    """The processes beside an engine, by what they are."""
    kinds = {"instrument.web": "web", "instrument.midi": "midi", "pad": "pad"}
    children = psutil.Process(engine.process.pid).children()
    return {kind: child for child in children for word, kind in kinds.items() if word in child.cmdline()}


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, where a window needs no screen")
def test_every_helper_answers_from_its_loop_and_is_missed_where_it_hangs(start, releases):
    pytest.importorskip("PySide6")
    words = ["--output", "none", "--osc-port", 0, "--http-port", 0, "--releases", releases, "--release", "tiny"]
    screen = {"DISPLAY": ":999", "QT_QPA_PLATFORM": "offscreen"}
    engine = start("play", "--oscquery", "--midi", *words, environment=screen)
    engine.says(OSCQUERY)
    client, helpers = engine.client(), window(engine)
    assert sorted(helpers) == ["midi", "pad", "web"]
    engine.says("MIDI: ")
    time.sleep(3.0 * PATIENCE.ask)  # by now both have answered once, and so are missed soon
    assert "does not answer" not in engine.text
    pad = helpers.pop("pad")
    for stopped, names in ((list(helpers.values()), ["MIDI", "The web server"]), ([pad], ["The pad"])):
        for helper in stopped:
            helper.suspend()
        for name in names:
            engine.says(f"{name} does not answer; the sound goes on")
        assert missing(client) == ", ".join(names if stopped != [pad] else [])
        for helper in stopped:
            helper.resume()
        for name in names:
            engine.says(f"{name} answers again")
        assert missing(client) == ""


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
