"""The examples for other programs, run by those programs without a window, against an engine."""

import contextlib
import json
import os
import re
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from aitunes.osc.packets import parse

EXAMPLES = Path(__file__).parents[2] / "examples"
PLAYING = 13  # of /status.reply


def until(client, address, wanted, seconds=60.0):
    """Ask for a value until it is as wanted."""
    deadline = time.monotonic() + seconds
    while (value := client.ask(address)) != pytest.approx(wanted, abs=1e-4):
        assert time.monotonic() < deadline, f"{address} is {value}, not {wanted}"
        time.sleep(0.02)


def playing(client):
    return client.ask("/status", reply="/status.reply")[PLAYING]


@pytest.mark.puredata
def test_the_puredata_patch_plays_the_engine_and_hears_its_status(need, player, tmp_path):
    pd = need("pd", "puredata-core")
    port, client = player

    def run(*messages, ready):
        """Run the patch without a window until `ready`, and return what it printed."""
        log = tmp_path / "pd.log"
        sends = [word for message in (f"aitunes-connect 127.0.0.1 {port}", *messages) for word in ("-send", message)]
        command = [pd, "-nogui", "-noaudio", "-nrt", "-noprefs", *sends, "-open", EXAMPLES / "puredata" / "aitunes.pd"]
        with log.open("w") as output:
            patch = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
            try:
                ready(log)
            finally:
                patch.terminate()
                patch.wait(60.0)
        return log.read_text(errors="replace")

    def stopped(log):
        until(client, "/aitunes/pad/xy", [0.2, 0.8])
        until(client, "/aitunes/latent/2", [1.5])
        until(client, "/aitunes/gain", [-9.0])
        deadline = time.monotonic() + 60.0
        while playing(client) or not re.search("aitunes-status: .*\n", log.read_text(errors="replace")):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def started(log):
        deadline = time.monotonic() + 60.0
        while not playing(client):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        until(client, "/aitunes/latent/2", [1.5])

    printed = run(
        "aitunes-xy 0.2 0.8",
        "aitunes-latent 2 1.5",
        "aitunes-save symbol from-pd",
        "aitunes-gain -9",
        "aitunes-stop bang",
        ready=stopped,
    )
    assert "aitunes-status: " in printed
    assert "couldn't create" not in printed
    status = printed.split("aitunes-status: ", 1)[1].splitlines()[0].split()
    assert len(status) == 6
    client.send("/aitunes/snapshot/list")
    assert client.expect("/aitunes/snapshot") == ["from-pd"]
    client.send("/aitunes/latent/2", 0.0)
    run("aitunes-play bang", "aitunes-recall from-pd 0", ready=started)


@pytest.mark.puredata
def test_the_keys_of_the_puredata_patch_send_a_note_and_its_end(need, recorder):
    pd = need("pd", "puredata-core")
    sends = [f"-send aitunes-connect 127.0.0.1 {recorder.port}", "-send aitunes-key 9", "-send aitunes-note 60 100"]
    words = [word for send in sends for word in send.split(" ", 1)]
    command = [pd, "-nogui", "-noaudio", "-nrt", "-noprefs", *words, "-open", EXAMPLES / "puredata" / "aitunes.pd"]
    patch = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        notes = recorder.messages("/aitunes/note", 3)
    finally:
        patch.terminate()
        patch.wait(60.0)
    assert sorted(notes) == [[57.0, 0.0], [57.0, 100.0], [60.0, 100.0]]


@pytest.fixture
def sclang(need, tmp_path):
    """Run the example of SuperCollider without a window, to the end of its piece; what it posted."""
    program = need("sclang", "supercollider-language")
    # Its help browser will not start as root with a sandbox, and its settings belong to the person at the machine.
    environment = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox", "HOME": str(tmp_path)}

    def run(port, meanwhile=lambda: None):
        command = [program, EXAMPLES / "supercollider" / "aitunes.scd", "127.0.0.1", str(port)]
        log, deadline = tmp_path / "sclang.log", time.monotonic() + 120.0
        with log.open("w") as output:
            process = subprocess.Popen(
                command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
            try:
                while process.poll() is None:
                    assert time.monotonic() < deadline
                    meanwhile()
                    time.sleep(0.1)
            finally:
                process.terminate()
                process.wait(60.0)
        posted = log.read_text(errors="replace")
        assert "ERROR" not in posted
        return posted

    return run


@pytest.mark.supercollider
def test_patterns_of_supercollider_are_tagged_ahead_and_even(sclang, recorder):
    sclang(recorder.port)
    recorder.messages("/aitunes/note", 32)
    tagged = [packet for packet in recorder.packets if packet.time is not None]
    starts = [packet for packet in tagged if len(packet.messages) == 2]
    ends = [packet for packet in tagged if len(packet.messages) == 1]
    assert len(starts) == len(ends) == 16
    assert np.diff([packet.time for packet in starts]) == pytest.approx([0.25] * 15, abs=1e-4)
    for start, end in zip(starts, ends, strict=True):
        (note, velocity), (x, y) = (message.arguments for message in start.messages)
        assert 0 < velocity < 128
        assert 0.0 <= x <= 1.0
        assert 0.0 <= y <= 1.0
        assert end.messages[0].arguments == [note, 0]
        assert end.time - start.time == pytest.approx(0.2, abs=1e-4)


@pytest.mark.supercollider
def test_supercollider_plays_the_engine_and_hears_its_status(sclang, silent_engine):
    _, client = silent_engine("--release", "notes")
    client.command("/notify", 1)
    heard = []

    def hear():
        """Read what has come, or the socket overflows; and send, because any message renews the subscription."""
        client.send("/version")
        with contextlib.suppress(TimeoutError):
            while True:
                (message,) = parse(client.receive(0.05)[0])[0].messages
                if message.address == "/aitunes/note":
                    heard.append(message.arguments)
                elif message.address == "/version.reply":
                    return

    posted = sclang(client.engine[1], meanwhile=hear)
    assert "release notes, plays: true" in posted
    assert "AiTunes refuses" not in posted
    while len(heard) < 32:
        heard.append(client.expect("/aitunes/note"))
    assert sum(velocity > 0 for _, velocity in heard) == 16
    client.send("/aitunes/snapshot/list")
    assert client.expect("/aitunes/snapshot") == ["from-sclang"]


class NodeForMax:
    """Node with a stand-in for Max's own module: a line of JSON is a message into or out of the object."""

    MODULE = """
        const handlers = {};
        require("readline").createInterface({input: process.stdin})
            .on("line", (line) => { const [name, ...values] = JSON.parse(line); handlers[name](...values); })
            .on("close", () => process.exit(0));
        module.exports = {
            outlet: (...values) => console.log(JSON.stringify(values)),
            post: (...values) => console.error(...values),
            addHandler: (name, handler) => { handlers[name] = handler; },
        };
    """

    def __init__(self, node, folder, port):
        module = folder / "node_modules" / "max-api" / "index.js"
        module.parent.mkdir(parents=True)
        module.write_text(self.MODULE)
        self.process = subprocess.Popen(
            [node, EXAMPLES / "max" / "aitunes.js", "127.0.0.1", str(port)],
            env={**os.environ, "NODE_PATH": str(folder / "node_modules")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def send(self, *values):
        self.process.stdin.write(json.dumps(["send", *values]) + "\n")
        self.process.stdin.flush()

    def expect(self, address, where=lambda values: True):
        for line in self.process.stdout:
            name, *values = json.loads(line)
            if name == address and where(values):
                return values
        raise AssertionError(f"no {address}")

    def close(self):
        self.process.stdin.close()
        self.process.stdout.read()
        assert self.process.wait(60.0) == 0


@pytest.mark.node
def test_the_script_of_the_max_patch_hears_the_engine(need, player, tmp_path):
    port, client = player
    ear = NodeForMax(need("node", "nodejs"), tmp_path, port)
    assert len(ear.expect("/aitunes/latent")) == 8
    status = ear.expect("/status.reply")
    assert status[1:4] == [0, 0, 1]
    assert status[6] == 48_000
    assert status[12:14] == ["first-light", 1]
    client.send("/aitunes/pad/xy", 0.25, 0.75)
    assert ear.expect("/aitunes/pad/xy") == [0.25, 0.75]
    client.send("/aitunes/freeze", True)
    assert ear.expect("/aitunes/freeze") == [1]
    ear.send("/aitunes/snapshot/save", "from-Max")
    assert ear.expect("/done", lambda values: values[0] != "/notify") == ["/aitunes/snapshot/save", "from-Max"]
    ear.send("/aitunes/snapshot/recall", "nothing", 1.5)
    assert ear.expect("/fail")[0] == "/aitunes/snapshot/recall"
    ear.close()
