"""Fixtures of the live side: releases on disk, a measuring eye for tones, engines and peers as processes."""

import os
import queue
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pythonosc.parsing import ntp

from aitunes.osc.packets import build, parse
from aitunes.release.card import TensorSpec
from aitunes.release.reader import read_release
from aitunes.release.writer import write_release
from instrument.synthesis.performance import Performance
from tests.instrument.warm_engine import HOME_NETWORK, WarmEngine, network

ROOT = Path(__file__).parents[2]
RATE = 48_000
ROOM_SECONDS = 300
DEADLINE_SECONDS = 60.0
COMPILE_SECONDS = 240.0


@pytest.fixture(scope="session")
def releases(tiny, tmp_path_factory):
    """A folder of releases: two of one frame and different latent size, two of segments, two that play a sine."""
    folder = tmp_path_factory.mktemp("releases")
    tiny.write(folder, "tiny", latent_dim=3)
    tiny.write(folder, "wide", latent_dim=5)
    # Column n of the segment lies n/64 of the way up, and the first coordinate lifts it all.
    ramp = np.broadcast_to(0.1 + 0.5 * np.arange(64) / 64, (32, 64))
    lift = np.outer([0.1, 0.0], np.ones(32 * 64))
    tiny.write(folder, "segment", latent_dim=2, frames=64, bias=ramp, weights=lift)
    tiny.write(folder, "long-segment", latent_dim=4, frames=96)
    tiny.sine(folder, "sine", 440.0, n_fft=1024, n_mels=128)
    tiny.sine(folder, "high-sine", 1000.0, n_fft=1024, n_mels=128, latent_dim=6)
    write_pitched(tiny, folder, "notes")
    write_pitched(tiny, folder, "unlevelled", level=False)
    write_pitched(tiny, folder, "pitched-segment", frames=16)
    return folder


PITCHES = (45.0, 84.0)


def write_pitched(tiny, parent, name, level=True, frames=1):
    """A release of six partials at any pitch of `PITCHES`; the first coordinate makes it brighter, level darker.

    Its decoder draws the main lobe of a Hann window, -6 dB a bin beside its centre times the distance squared.
    """
    card = tiny.card(name, latent_dim=2, frames=frames, scale="linear", n_fft=1024, db_range=(-60.0, 40.0))
    features, (low, high) = card.features, card.features.db_range
    controls = [TensorSpec("pitch", ("batch", 1), PITCHES)]
    controls += [TensorSpec("level", ("batch", 1), (-60.0, 0.0))] if level else []
    card = replace(card, inputs=(*card.inputs, *controls))
    partials = np.arange(1, 7)
    constants = {
        "concert": 69.0,
        "octave": 12.0,
        "two": 2.0,
        "partials": partials[None] * 440.0 * features.n_fft / features.sample_rate,
        "bins": np.arange(0.0, features.bins)[None, None],
        "lobe": -6.0,
        "tilt": 30.0 - 6.0 * (partials[None] - 1),
        "brightness": np.stack([partials - 1.0, 0.0 * partials]),
        "low": low,
        "range": high - low,
        "silence": 0.0,
        "full": 1.0,
        "last": [2],
        "repeat": [1, 1, frames],
        **({"darkness": 0.1 * (partials[None] - 1.0) + 1.0} if level else {}),
    }
    darkened = """
        dark = Mul (level, darkness)
        levels = Add (tilted, dark)
    """
    steps = f"""
        above = Sub (pitch, concert)
        octaves = Div (above, octave)
        ratio = Pow (two, octaves)
        centres = Mul (ratio, partials)
        places = Unsqueeze (centres, last)
        distance = Sub (bins, places)
        square = Mul (distance, distance)
        lobes = Mul (square, lobe)
        bright = MatMul (z, brightness)
        tilted = Add (bright, tilt)
        {darkened if level else "levels = Identity (tilted)"}
        heights = Unsqueeze (levels, last)
        each = Add (lobes, heights)
        loudest = ReduceMax <axes = [1], keepdims = 0> (each)
        column = Unsqueeze (loudest, last)
        decibels = Tile (column, repeat)
        above_low = Sub (decibels, low)
        normalised = Div (above_low, range)
        S = Clip (normalised, silence, full)
    """
    return write_release(parent, card, tiny.files(card, tiny.model(card, steps, **constants)))


@pytest.fixture
def open_release(releases):
    return lambda name: read_release(releases / name)


@pytest.fixture
def perform():
    """A performance of a release as it starts."""
    return lambda release: Performance.of(release.card, iterations=4)


@pytest.fixture(scope="session")
def frequency():
    """The frequency of the strongest partial, Hz."""

    def measure(y, sample_rate):
        S = np.abs(np.fft.rfft(y * np.hanning(len(y))))
        peak = int(S[1:-1].argmax()) + 1
        a, b, c = np.log(S[peak - 1 : peak + 2] + 1e-12)
        return float((peak + 0.5 * (a - c) / (a - 2 * b + c)) * sample_rate / len(y))

    return measure


class OscClient:
    """A program of somebody else's: a socket, OSC packets, and patience with a limit."""

    def __init__(self, port):
        self.engine = ("127.0.0.1", port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._arrived = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        # At once, because a socket holds some seconds of what a subscriber is sent, and then loses what comes.
        while (arrived := self._socket.recvfrom(65_536))[0]:
            self._arrived.put(arrived)

    def close(self):
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join(DEADLINE_SECONDS)
        self._socket.close()

    def send(self, address, *arguments):
        self.send_bytes(build(address, *arguments))

    def send_bytes(self, datagram):
        self._socket.sendto(datagram, self.engine)

    def bundle(self, *messages, at=None):
        """Send messages, each a tuple of address and arguments, in one bundle for a time of `time.time`."""
        tag = ntp.IMMEDIATELY if at is None else ntp.system_time_to_ntp(at)
        elements = [build(*message) for message in messages]
        self.send_bytes(b"#bundle\0" + tag + b"".join(struct.pack(">i", len(one)) + one for one in elements))

    def receive(self, timeout=DEADLINE_SECONDS):
        """The next datagram and where it came from."""
        try:
            return self._arrived.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"nothing came within {timeout} s") from None

    def expect(self, address, seconds=DEADLINE_SECONDS, where=lambda arguments: True):
        """Arguments of the next message to that address that is as wanted; all others are passed over."""
        deadline = time.monotonic() + seconds
        while (remaining := deadline - time.monotonic()) > 0.0:
            try:
                datagram, _ = self.receive(remaining)
            except TimeoutError:
                break
            (message,) = parse(datagram)[0].messages
            if message.address == address and where(message.arguments):
                return message.arguments
        raise AssertionError(f"no {address} within {seconds} s")

    def ask(self, address, *arguments, reply=None):
        """Send, and the arguments of the reply, which has the same address unless another is given."""
        self.send(address, *arguments)
        return self.expect(reply or address)

    def command(self, address, *arguments):
        """Send a command and wait until it is done; fails with the engine's own sentence."""
        self.send(address, *arguments)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            (message,) = parse(self.receive()[0])[0].messages
            if message.address in ("/done", "/fail") and message.arguments[0] == address:
                assert message.address == "/done", message.arguments[1]
                if address == "/notify" and len(message.arguments) == 3:
                    self.send("/notify", 1, message.arguments[2])  # proved; the next answer says so
                    continue
                return message.arguments
        raise AssertionError(f"{address} was never done")

    def refused(self, address, *arguments):
        """Send, and the reason why it was refused."""
        self.send(address, *arguments)
        return self.expect("/fail", where=lambda reply: reply[0] == address)[1]


class EngineProcess:
    """`python -m instrument …` as a person starts it, on a free port; OSCQuery beside it only where it is asked for."""

    def __init__(self, home, *words, environment=None):
        self.home = home
        if words[:1] == ("play",) and "--oscquery" not in words:
            words = (*words, "--no-oscquery")
        if words[:1] == ("play",) and "--midi" not in words:
            words = (*words, "--no-midi")
        words = [str(word) for word in words]
        # No window opens on the screen of whoever runs the tests.
        inherited = {**os.environ, "DISPLAY": "", "WAYLAND_DISPLAY": "", "AITUNES_HOME": str(home)}
        is_plain = environment is None and network() == HOME_NETWORK
        if is_plain and (words[:3] == ["play", "--output", "none"] or words[:1] == ["web"]):
            self.process = WarmEngine(words, inherited)
        else:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "instrument", *words],
                cwd=ROOT,
                env=inherited | (environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        self.lines = []
        self._all_said = False
        self._said = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.clients = []

    def _read(self):
        for line in self.process.stderr:
            with self._said:
                self.lines.append(line)
                self._said.notify_all()
        with self._said:
            self._all_said = True
            self._said.notify_all()

    @property
    def text(self):
        return "".join(self.lines)

    def says(self, pattern, seconds=COMPILE_SECONDS):
        """Wait for a sentence on stderr; the first start on a machine compiles, so there is time."""
        with self._said:
            self._said.wait_for(lambda: re.search(pattern, self.text) or self._all_said, seconds)
        found = re.search(pattern, self.text)
        assert found, f"{pattern!r} was not said:\n{self.text}"
        return found

    def client(self):
        client = OscClient(int(self.says(r"OSC at [\d.]+:(\d+)").group(1)))
        self.clients.append(client)
        return client

    def ends(self, seconds=COMPILE_SECONDS):
        """The exit status."""
        status = self.process.wait(seconds)
        self._reader.join(DEADLINE_SECONDS)
        return status

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def close(self):
        for client in self.clients:
            client.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(DEADLINE_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(10.0)
        self.process.stderr.close()


class PacketRecorder:
    """Stands where an engine would, keeps what arrives with its time tags, and answers what it is told to."""

    def __init__(self):
        self.packets = []
        self._answers = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def answer(self, question, address, *arguments):
        self._answers[question] = build(address, *arguments)

    def messages(self, address, count):
        """Arguments of that many messages to an address, once they have arrived."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            sent = [message for packet in self.packets for message in packet.messages]
            found = [message.arguments for message in sent if message.address == address]
            if len(found) >= count:
                return found
            assert time.monotonic() < deadline, f"{len(found)} of {count} messages to {address}"
            time.sleep(0.02)

    def _run(self):
        while datagram := (received := self._socket.recvfrom(65_536))[0]:
            packets = parse(datagram)
            self.packets.extend(packets)
            for message in [message for packet in packets for message in packet.messages]:
                if message.address in self._answers:
                    self._socket.sendto(self._answers[message.address], received[1])

    def close(self):
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(10.0)
        self._socket.close()


@pytest.fixture
def recorder():
    recorder = PacketRecorder()
    yield recorder
    recorder.close()


@pytest.fixture
def player(start):
    """The port of an engine on the bundled release without a sound device, and a client of it."""
    client = start("play", "--output", "none", "--osc-port", 0).client()
    return client.engine[1], client


@pytest.fixture(scope="session")
def engine_process():
    """The class, for fixtures that outlive a test."""
    return EngineProcess


@pytest.fixture
def start(tmp_path):
    """Start engines that end with the test: `start("play", "--output", "none")`."""
    processes = []

    def run(*words, environment=None):
        processes.append(EngineProcess(tmp_path / "home", *words, environment=environment))
        return processes[-1]

    yield run
    for process in processes:
        process.close()


@pytest.fixture
def silent_engine(start, releases):
    """An engine without a sound device on the release `tiny`, and a client of it."""

    def run(*words):
        engine = start("play", "--output", "none", "--osc-port", 0, "--releases", releases, "--release", "tiny", *words)
        return engine, engine.client()

    return run


class Ear:
    """A JACK client that records what the engine's first output port plays."""

    def __init__(self, jack, server):
        self.client = jack.Client("ear", servername=server, no_start_server=True)
        self._samples = np.zeros(ROOM_SECONDS * RATE, np.float32)
        self._first_frame = None
        self.count = 0
        self._port = self.client.inports.register("in")
        self.client.set_process_callback(self._process)
        self.client.activate()

    def _process(self, frames):
        if self._first_frame is None:
            self._first_frame = self.client.last_frame_time
        # A callback that Python missed leaves silence, so that positions stay those of JACK's own clock.
        self.count = self.client.last_frame_time - self._first_frame + frames
        if self.count <= len(self._samples):
            self._samples[self.count - frames : self.count] = self._port.get_array()

    def connect(self, seconds=COMPILE_SECONDS, output=0):
        """Listen to the engine as soon as it has a port."""
        deadline = time.monotonic() + seconds
        while not (ports := self.client.get_ports("AiTunes", is_audio=True, is_output=True)):
            assert time.monotonic() < deadline, "the engine has opened no port"
            time.sleep(0.01)
        self.client.connect(ports[output], self._port)

    def now(self):
        """Position of this moment in what is recorded."""
        return self.client.frame_time - self._first_frame

    @property
    def heard(self):
        """All that was recorded so far, [samples]."""
        return self._samples[: self.count]

    def frame_at(self, seconds):
        """Position of a moment of `time.time` in what is recorded."""
        # Whoever is held up between two looks, at the frames and at the clock, looks again.
        looks = []
        for _ in range(50):
            before, frame, after = time.time(), self.now(), time.time()
            looks.append((after - before, frame + (seconds - before) * RATE))
            if after - before < 5e-5:
                break
        return min(looks)[1]

    def listen(self, seconds):
        """The next so many seconds."""
        begin = self.count
        wanted = begin + round(seconds * RATE)
        deadline = time.monotonic() + seconds + DEADLINE_SECONDS
        while self.count < wanted:
            assert time.monotonic() < deadline, "JACK has stopped"
            time.sleep(0.01)
        return self._samples[begin:wanted].copy()

    def wait_for(self, heard, seconds=DEADLINE_SECONDS, window=0.1):
        """Listen window by window until one is as wanted."""
        deadline = time.monotonic() + seconds
        while not heard(y := self.listen(window)):
            assert time.monotonic() < deadline, "what was waited for was not heard"
        return y

    def first_sound(self, begin, seconds=DEADLINE_SECONDS):
        """Position of the first sample that is not zero."""
        deadline = time.monotonic() + seconds
        while True:
            found = np.flatnonzero(self._samples[begin : self.count])
            if len(found):
                return begin + int(found[0])
            assert time.monotonic() < deadline, "no sound"
            time.sleep(0.005)

    def close(self):
        self.client.deactivate()
        self.client.close()


@pytest.fixture(scope="session")
def jack(lack):
    try:
        import jack
    except (ImportError, OSError) as error:
        lack(f"JACK-Client cannot be loaded: {error}")
    jack.set_error_function(lambda message: None)
    jack.set_info_function(lambda message: None)
    return jack


@contextmanager
def run_jack_server(program, jack, name, folder, period=128, outputs=2):
    with (folder / "jackd.log").open("w") as log:
        process = subprocess.Popen(
            [program, "-n", name, "-d", "dummy", "-r", str(RATE), "-p", str(period), "-P", str(outputs)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            deadline = time.monotonic() + DEADLINE_SECONDS
            while True:
                try:
                    jack.Client("probe", servername=name, no_start_server=True).close()
                    break
                except jack.JackError:
                    assert process.poll() is None, "jackd ended"
                    assert time.monotonic() < deadline, "jackd does not answer"
                    time.sleep(0.05)
            yield process
        finally:
            process.send_signal(signal.SIGCONT)  # where a test has stopped it
            process.terminate()
            try:
                process.wait(10.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10.0)


@pytest.fixture(scope="session")
def jack_server(need, jack):
    """`jack_server(name, folder)`: a JACK server of our own, by name, so that it meets no other."""
    program = need("jackd", "jackd2")
    return lambda name, folder, period=128, **options: run_jack_server(program, jack, name, folder, period, **options)


@pytest.fixture(scope="module")
def server(jack_server, tmp_path_factory):
    name = f"aitunes-test-{os.getpid()}"
    with jack_server(name, tmp_path_factory.mktemp("jack")):
        yield name


@pytest.fixture
def new_ear(jack):
    """`new_ear(server)`: a JACK client that records."""
    return lambda server: Ear(jack, server)


@pytest.fixture
def ear(new_ear, server):
    ear = new_ear(server)
    yield ear
    ear.close()
