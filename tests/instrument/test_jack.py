"""The whole way, from an OSC message of another program to samples that another JACK client records.

JACK's dummy driver is a sound device in real time: it asks for 128 frames 375 times a second and forgives nothing.
"""

import os
import subprocess
from itertools import pairwise

import numpy as np
import pytest

pytestmark = pytest.mark.jack

RATE = 48_000


@pytest.fixture
def play(start, server, ear):
    """Start the engine on JACK and listen to it."""

    def run(*words):
        engine = start("play", "--osc-port", 0, *words, environment={"JACK_DEFAULT_SERVER": server})
        ear.connect()
        return engine

    return run


def spectrum(ear):
    """Level in dB of 24 bands, 1/3 octave each from 60 Hz: the median of eight windows, as we may miss some samples."""
    return np.median([bands(ear.listen(0.1)) for _ in range(8)], axis=0)


def bands(y):
    S = np.abs(np.fft.rfft(y * np.hanning(len(y)))) ** 2
    hz = np.fft.rfftfreq(len(y), 1 / RATE)
    edges = 60.0 * 2.0 ** (np.arange(25) / 3.0)
    return 10.0 * np.log10([S[(hz >= a) & (hz < b)].sum() + 1e-6 for a, b in pairwise(edges)])


def sounds(y):
    return np.sqrt(np.mean(y**2)) > 1e-3


@pytest.mark.liblo
def test_another_programs_message_changes_the_sound(need, play, ear):
    oscsend = need("oscsend", "liblo-tools")
    engine = play()
    port = engine.client().engine[1]

    def send(x, y):
        words = [oscsend, "localhost", str(port), "/aitunes/pad/xy", "ff", str(x), str(y)]
        subprocess.run(words, check=True, timeout=60.0)

    send(0.1, 0.2)
    ear.wait_for(sounds)
    ear.listen(0.3)
    before, steady = spectrum(ear), spectrum(ear)
    send(0.9, 0.8)
    ear.listen(0.3)
    after = spectrum(ear)
    assert np.abs(after - before).max() > 10.0 + np.abs(steady - before).max()


def test_stop_is_silence_on_the_device_and_play_is_sound(play, ear):
    client = play().client()
    ear.wait_for(sounds)
    client.send("/aitunes/stop")
    ear.wait_for(lambda y: not y.any())
    client.send("/aitunes/play")
    ear.wait_for(sounds)


def test_ctrl_c_fades_out_on_the_device(play, ear):
    engine = play()
    y = ear.wait_for(sounds, window=0.5)
    begin = ear.count
    engine.interrupt()
    assert engine.ends() == 0
    ear.listen(0.1)
    tail = ear._samples[begin : ear.count]
    assert not tail[-1000:].any()
    end = int(np.flatnonzero(tail)[-1])
    assert np.abs(tail[end - 200 : end]).max() < 0.1 * np.abs(y).max()


def test_the_device_can_be_listed_and_set_while_it_plays(play, ear, server):
    client = play().client()
    ear.wait_for(sounds)
    name = client.ask("/aitunes/device/list", reply="/aitunes/device")[0]
    client.command("/aitunes/device/set", name)
    ear.connect()
    ear.wait_for(sounds)
    assert client.ask("/status", reply="/status.reply")[6] == 48_000.0


def test_a_device_that_vanishes_and_comes_back_is_told_and_played_on(jack_server, new_ear, start, tmp_path):
    name = f"aitunes-back-{os.getpid()}"
    with jack_server(name, tmp_path):
        engine = start("play", "--osc-port", 0, environment={"JACK_DEFAULT_SERVER": name})
        client = engine.client()
        client.command("/notify", 1)
        device = client.ask("/aitunes/device/set")
    assert client.expect("/aitunes/device/set") == ["none (silent)"]
    with jack_server(name, tmp_path):
        assert client.expect("/aitunes/device/set") == device
        ear = new_ear(name)
        ear.connect()
        ear.wait_for(sounds)
        ear.close()
        client.command("/quit")
        assert engine.ends() == 0
    assert "Traceback" not in engine.text


def test_an_engine_that_found_no_device_plays_on_the_first_that_appears(jack_server, new_ear, start, tmp_path):
    name = f"aitunes-late-{os.getpid()}"
    engine = start("play", "--osc-port", 0, environment={"JACK_DEFAULT_SERVER": name})
    client = engine.client()
    client.command("/notify", 1)
    engine.says("Silent until then")
    with jack_server(name, tmp_path):
        assert client.expect("/aitunes/device/changed") == ["system"]
        assert client.expect("/aitunes/device/set") == ["system"]
        ear = new_ear(name)
        ear.connect()
        ear.wait_for(sounds)
        ear.close()
        client.command("/quit")
        assert engine.ends() == 0


def test_when_the_sound_server_is_gone_the_instrument_says_so_and_obeys(jack_server, start, tmp_path):
    name = f"aitunes-lost-{os.getpid()}"
    with jack_server(name, tmp_path) as jackd:
        engine = start("play", "--osc-port", 0, environment={"JACK_DEFAULT_SERVER": name})
        client = engine.client()
        client.command("/notify", 1)
        # Not `kill`: the few places that JACK has for servers on one machine would stay taken.
        jackd.terminate()
        assert "Playing on without sound" in client.expect("/error", where=lambda values: "Playing on" in values[0])[0]
        # The worker does not wait for a device that never closes.
        assert client.ask("/sync", 1, reply="/synced") == [1]
        assert client.ask("/aitunes/device/set") == ["none (silent)"]
        client.command("/quit")
        assert engine.ends() == 0
        assert "Traceback" not in engine.text
