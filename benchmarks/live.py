"""A real engine on a real, paced sound device: JACK's dummy driver, and a second JACK client that records."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import jack
import numpy as np

from aitunes.osc import client as osc

SERVER = f"aitunes-benchmark-{os.getpid()}"
SAMPLE_RATE = 48_000


@contextlib.contextmanager
def jack_server(period: int = 128) -> Iterator[None]:
    """JACK's dummy driver at 48 kHz, for as long as the context lasts."""
    if shutil.which("jackd") is None:
        sys.exit("jackd is missing: sudo apt-get install jackd2")
    os.environ["JACK_DEFAULT_SERVER"] = SERVER
    command = ["jackd", "-n", SERVER, "-d", "dummy", "-r", str(SAMPLE_RATE), "-p", str(period)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        time.sleep(1.5)
        yield
    finally:
        server.terminate()
        server.wait(timeout=10)


@contextlib.contextmanager
def engine(*arguments: str) -> Iterator[Client]:
    """Run `aitunes play` in a process of its own, and a client that talks to it."""
    beside = [] if "--midi" in arguments else ["--no-midi"]
    words = ["play", "--no-pad", "--no-oscquery", "--osc-port", "0", *beside, *arguments]
    command = [sys.executable, "-m", "instrument", *words]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if "OSC at " in line:
                port = int(line.rsplit(":", 1)[1].rstrip(".\n"))
                break
        else:
            sys.exit("the engine did not start")
        client = Client(port, process.pid)
        client.sync()
        yield client
        client.send("/quit")
        print("the engine's last words  " + process.stderr.read().splitlines()[-1])
        process.wait(timeout=10)
    finally:
        process.kill()


class Client(osc.Client):
    """Talks OSC to an engine of this machine, whose process id it knows."""

    def __init__(self, port: int, pid: int) -> None:
        super().__init__("127.0.0.1", port)
        self.pid = pid

    def sync(self) -> None:
        """Return when all earlier messages have been handled."""
        self.ask("/sync", 1)

    def status(self) -> list[Any]:
        """Return the arguments of `/status.reply`."""
        return self.ask("/status").arguments


class Recording:
    """Records the first port of each JACK client that is named, by default the engine, with JACK's frame times."""

    def __init__(self, seconds: float, *heard: str) -> None:
        self._heard = heard or ("AiTunes",)
        self.client = jack.Client("recorder", servername=SERVER)
        self._ports = [self.client.inports.register(f"in_{number}") for number in range(len(self._heard))]
        self._samples = np.zeros((len(self._heard), int(seconds * SAMPLE_RATE)), np.float32)
        self._count = 0
        self._first_frame = 0
        self.stumbles: list[int] = []
        """Frames at which JACK said that somebody was late."""
        self.client.set_process_callback(self._process)
        self.client.set_xrun_callback(lambda _: self.stumbles.append(self.now))

    def __enter__(self) -> Recording:
        self.client.activate()
        sources = self.client.get_ports(is_audio=True, is_output=True)
        for name, port in zip(self._heard, self._ports, strict=True):
            self.client.connect(next(source for source in sources if source.name.startswith(name)), port)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.deactivate()
        self.client.close()

    @property
    def now(self) -> int:
        """Return the present moment, as a frame of the recording."""
        return int(self.client.frame_time - self._first_frame)

    @property
    def y(self) -> np.ndarray:
        """Return the recording of the first client, [samples]."""
        return self.tracks[0]

    @property
    def tracks(self) -> np.ndarray:
        """Return the recordings, [clients, samples]."""
        return self._samples[:, : self._count]

    def _process(self, frames: int) -> None:
        if self._count == 0:
            self._first_frame = self.client.last_frame_time
        # A cycle that this Python client missed leaves silence, so that frame numbers stay true.
        start = self.client.last_frame_time - self._first_frame
        if 0 <= start <= self._samples.shape[1] - frames:
            for samples, port in zip(self._samples, self._ports, strict=True):
                samples[start : start + frames] = port.get_array()
            self._count = start + frames
