"""SuperCollider's timing is the instrument's: what is tagged 100 ms ahead is heard by its tag, not by its arrival."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from aitunes.osc.packets import parse

pytestmark = [pytest.mark.supercollider, pytest.mark.jack, pytest.mark.training]

RATE = 48_000
AHEAD_MS = 100.0  # as scale.scd has it
HZ = 1_000.0
LATE, DEVICE_MS = 1, 11  # of /status.reply
SCALE = Path(__file__).parent / "supercollider" / "scale.scd"
FLOOD = """
import random, sys, time
from tests.instrument.conftest import OscClient
client, count, begin = OscClient(int(sys.argv[1])), 0, time.perf_counter()
while True:
    while count < (time.perf_counter() - begin) * 2_000:
        client.send("/aitunes/" + ("position", "speed", "latent/1")[count % 3], random.random())
        count += 1
    time.sleep(0.001)
"""


class Witness:
    """Is sent what the engine is sent, and notes for each bundle the frame of the ear that its time tag means."""

    def __init__(self, ear):
        self.frames = []
        self._ear = ear
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while datagram := self._socket.recv(65_536):
            (packet,) = parse(datagram)
            self.frames.append(self._ear.frame_at(packet.time))

    def close(self):
        """Return when all that was sent has been noted."""
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join(60.0)
        self._socket.close()


@pytest.fixture(scope="module")
def switch(tiny, tmp_path_factory):
    """A folder with a release that sounds at 1 kHz where its first coordinate is 2, and is silent where it is −2."""
    folder = tmp_path_factory.mktemp("switch")
    card = tiny.card("switch", 2, sample_rate=RATE, n_fft=512, hop_length=128, n_mels=64)
    t = np.arange(4096) / RATE
    frame = card.features.analyse((0.3 * np.sin(2 * np.pi * HZ * t)).astype(np.float32))[:, 1:2]
    weights = np.stack([np.ones(64), np.zeros(64)])
    sizes = {"sample_rate": RATE, "n_fft": 512, "hop_length": 128, "n_mels": 64}
    tiny.write(folder, "switch", latent_dim=2, bias=frame - 2.0, weights=weights, **sizes)
    return folder


def changes(y):
    """Return where the level of 1 kHz passes half of its highest, in samples."""
    window = np.hanning(96) / np.hanning(96).sum()
    level = np.abs(np.convolve(y * np.exp(-2j * np.pi * HZ / RATE * np.arange(len(y))), window, "same"))
    loud = level > 0.5 * np.percentile(level, 90)
    return np.flatnonzero(loud[1:] != loud[:-1]) + 1


@pytest.fixture
def play_scale(need, ear):
    """Have SuperCollider play its scale; how late each change is heard, ms, rising and falling by turns, and how many
    bundles came late."""
    sclang = need("sclang", "supercollider-language")
    headless = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox"}

    def play(client):
        witness, late = Witness(ear), status(client, LATE)
        ports = {"AITUNES_PORT": str(client.engine[1]), "WITNESS_PORT": str(witness.port)}
        environment = {**os.environ, **headless, **ports}
        try:
            subprocess.run([sclang, str(SCALE)], env=environment, check=True, timeout=120.0, stdout=subprocess.DEVNULL)
        finally:
            witness.close()
        wanted, found = np.array(witness.frames), changes(ear.heard)
        assert len(wanted) == 24
        nearest = np.array([found[np.abs(found - frame).argmin()] for frame in wanted])
        # A recorder inside JACK hears by the device's latency earlier than a listener, whom the tags mean.
        return 1e3 * (nearest - wanted) / RATE + status(client, DEVICE_MS), status(client, LATE) - late

    return play


@pytest.fixture
def flooded(start, server, ear, switch):
    """A client of an engine that another program floods."""
    engine = start(
        *("play", "--osc-port", 0, "--releases", switch, "--release", "switch"),
        environment={"JACK_DEFAULT_SERVER": server},
    )
    client = engine.client()
    ear.connect()
    client.send("/aitunes/latent/0", -2.0)
    flood = subprocess.Popen([sys.executable, "-c", FLOOD, str(client.engine[1])])
    yield client
    flood.kill()
    flood.wait()


def status(client, n):
    return client.ask("/status", reply="/status.reply")[n]


def is_in_time(errors_ms, late):
    # Without its tag each would be heard AHEAD_MS early. How many milliseconds a busy machine costs is measured by
    # benchmarks.placement; and one in ten may have fallen where it missed to record.
    return late == 0 and np.abs(np.percentile(errors_ms, [10, 90])).max() < 0.5 * AHEAD_MS


def test_a_scale_is_heard_at_its_time_tags_while_others_flood_the_engine(flooded, play_scale):
    # Where other work makes JACK itself stumble, a scale is spoilt, but an engine that is out of time spoils them all.
    scales = [play_scale(flooded)]
    while not is_in_time(*scales[-1]) and len(scales) < 5:
        scales.append(play_scale(flooded))
    assert is_in_time(*scales[-1]), [(np.round(errors_ms, 2), late) for errors_ms, late in scales]
