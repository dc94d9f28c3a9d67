"""JACK that stalls, restarts or changes its buffer size: the instrument survives, follows, and plays on."""

import ctypes
import os
import signal
import time
from contextlib import contextmanager

import numpy as np
import pytest

pytestmark = [pytest.mark.jack, pytest.mark.training]

UNDERRUNS, DEVICE_MS = 0, 11  # of /status.reply


def sounds(y):
    return np.abs(y).max() > 0.01


def status(client, n):
    return client.ask("/status", reply="/status.reply")[n]


def engine_clients(ear):
    """Names of PortAudio's clients in the graph."""
    return {port.name.split(":")[0] for port in ear.client.get_ports("AiTunes", is_audio=True, is_output=True)}


@pytest.fixture
def name():
    return f"aitunes-fault-{os.getpid()}"


@pytest.mark.parametrize("stalls", [1, 3])
def test_a_server_that_stalls_goes_on_with_the_same_stream(jack_server, new_ear, start, tmp_path, name, stalls):
    with jack_server(name, tmp_path) as jackd:
        engine = start("play", "--osc-port", 0, environment={"JACK_DEFAULT_SERVER": name})
        client = engine.client()
        client.command("/notify", 1)
        device = client.ask("/aitunes/device/set")
        for _ in range(stalls):
            jackd.send_signal(signal.SIGSTOP)
            assert client.expect("/aitunes/device/set") == ["none (silent)"]
            time.sleep(1.0)
            jackd.send_signal(signal.SIGCONT)
            assert client.expect("/aitunes/device/set") == device
        ear = new_ear(name)
        ear.connect()
        ear.wait_for(sounds)
        assert len(engine_clients(ear)) == 1
        ear.close()
        client.command("/quit")
        assert engine.ends() == 0
    assert "Traceback" not in engine.text


def steady(client):
    """Wait until a second has passed without an interruption."""
    before = None
    for _ in range(60):
        underruns = status(client, UNDERRUNS)
        if underruns == before:
            return
        before = underruns
        time.sleep(1.0)
    raise AssertionError("the sound keeps being interrupted")


def reaches(client, device_ms):
    """Wait until the device's latency is as expected."""
    deadline = time.monotonic() + 60.0
    while status(client, DEVICE_MS) != pytest.approx(device_ms, rel=0.05):
        assert time.monotonic() < deadline, f"{status(client, DEVICE_MS)} ms, not {device_ms} ms"
        time.sleep(0.5)


@pytest.mark.parametrize("period", [8_192, 16_384])
def test_a_large_block_from_the_start_plays_without_a_gap(jack_server, new_ear, start, tmp_path, name, period):
    with jack_server(name, tmp_path, period):
        # As little work as can be, because a busy machine must not decide this.
        words = ("play", "--osc-port", 0, "--iterations", 0)
        client = start(*words, environment={"JACK_DEFAULT_SERVER": name}).client()
        ear = new_ear(name)
        ear.connect()
        ear.wait_for(sounds, window=1.0)
        steady(client)
        client.command("/quit")
        ear.close()


def test_a_block_that_changes_while_it_plays_is_followed(jack_server, new_ear, start, tmp_path, name):
    with jack_server(name, tmp_path):
        client = start("play", "--osc-port", 0, environment={"JACK_DEFAULT_SERVER": name}).client()
        ear = new_ear(name)
        ear.connect()
        ear.wait_for(sounds)
        before = status(client, DEVICE_MS)
        ear.client.blocksize = 4_096
        steady(client)
        reaches(client, before * 4_096 / 128)
        ear.wait_for(sounds, window=0.5)
        ear.client.blocksize = 128
        steady(client)
        ear.wait_for(sounds)
        reaches(client, before)
        client.command("/quit")
        ear.close()


def test_a_program_that_is_played_into_is_connected_again_when_it_is_back(jack_server, jack, start, tmp_path, name):
    def sink():
        client = jack.Client("sink", servername=name, no_start_server=True)
        port = client.inports.register("in")
        client.activate()
        return client, port

    def connected(client, port):
        deadline = time.monotonic() + 60.0
        while not client.get_all_connections(port):
            assert time.monotonic() < deadline, "nobody has connected"
            time.sleep(0.1)

    with jack_server(name, tmp_path):
        program, port = sink()
        engine = start("play", "--osc-port", 0, "--device", "sink", environment={"JACK_DEFAULT_SERVER": name})
        client = engine.client()
        connected(program, port)
        program.close()
        engine.says("sink has left JACK")
        program, port = sink()
        connected(program, port)
        engine.says("Playing on sink")
        program.close()
        client.command("/quit")
        assert engine.ends() == 0


def test_a_server_that_restarts_twice_is_played_on(jack_server, new_ear, start, tmp_path, name):
    with jack_server(name, tmp_path):
        engine = start("play", "--osc-port", 0, environment={"JACK_DEFAULT_SERVER": name})
        client = engine.client()
        client.command("/notify", 1)
        device = client.ask("/aitunes/device/set")
    with jack_server(name, tmp_path):
        time.sleep(1.0)
    with jack_server(name, tmp_path):
        ear = new_ear(name)
        ear.connect()
        ear.wait_for(sounds)
        client.expect("/aitunes/device/set", where=lambda arguments: arguments == device)
        ear.close()
        client.command("/quit")
        assert engine.ends() == 0


def test_an_engine_ends_in_time_while_the_server_stands_still_under_output_and_input(
    jack_server, jack, start, tmp_path, name
):
    with jack_server(name, tmp_path) as jackd:
        source = jack.Client("source", servername=name, no_start_server=True)
        source.outports.register("out")
        source.set_process_callback(lambda frames: None)
        source.activate()
        engine = start("play", "--osc-port", 0, "--input", "source", environment={"JACK_DEFAULT_SERVER": name})
        client = engine.client()
        assert client.ask("/aitunes/input/on") == [True]
        jackd.send_signal(signal.SIGSTOP)
        client.send("/quit")
        assert engine.ends(60.0) == 0
        jackd.send_signal(signal.SIGCONT)
        source.deactivate()
        source.close()
    assert "Traceback" not in engine.text


SERVER_NAME, NO_START_SERVER = 0x04, 0x01  # of jack/types.h
IS_INPUT, PLAYBACK = 0x1, 1
AUDIO = b"32 bit float mono audio"


class Latency(ctypes.Structure):
    _fields_ = (("min", ctypes.c_uint32), ("max", ctypes.c_uint32))


@contextmanager
def lying_sink(server):
    """A JACK client that reports 89,478 s of latency; the library's own functions, as the binding knows no latency."""
    library, pointer = ctypes.CDLL("libjack.so.0"), ctypes.c_void_p
    library.jack_client_open.restype = library.jack_port_register.restype = pointer
    library.jack_client_open.argtypes = (ctypes.c_char_p, ctypes.c_int, pointer, ctypes.c_char_p)
    library.jack_port_register.argtypes = (pointer, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_ulong)
    client = library.jack_client_open(b"sink", SERVER_NAME | NO_START_SERVER, None, server.encode())
    port = library.jack_port_register(client, b"in", AUDIO, IS_INPUT, 0)
    lies = Latency(2**32 - 1, 2**32 - 1)

    @ctypes.CFUNCTYPE(None, ctypes.c_int, pointer)
    def tell(mode, _argument):
        library.jack_port_set_latency_range(pointer(port), mode, ctypes.byref(lies))

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32, pointer)
    def process(_frames, _argument):
        return 0

    library.jack_set_latency_callback(pointer(client), tell, None)
    library.jack_set_process_callback(pointer(client), process, None)
    library.jack_activate(pointer(client))
    tell(PLAYBACK, None)
    yield
    library.jack_client_close(pointer(client))


def test_a_program_that_reports_hours_of_latency_is_played_into_and_time_tags_keep_their_meaning(
    jack_server, start, tmp_path, name
):
    with jack_server(name, tmp_path), lying_sink(name):
        engine = start("play", "--osc-port", 0, "--device", "sink", environment={"JACK_DEFAULT_SERVER": name})
        client = engine.client()
        assert 0.0 < status(client, DEVICE_MS) <= 2_000.0
        client.command("/notify", 1)
        client.bundle(("/aitunes/gain", -7.0), at=time.time() + 0.2)
        deadline = time.monotonic() + 60.0
        while client.ask("/aitunes/gain") != [-7.0]:
            assert time.monotonic() < deadline
        client.command("/quit")
        assert engine.ends() == 0
