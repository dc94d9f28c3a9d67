"""The whole way, from an OSC message of another program to samples that another JACK client records.

JACK's dummy driver is a sound device in real time: it asks for 128 frames 375 times a second and forgives nothing.
"""

import os
import subprocess
import time
from itertools import pairwise
from pathlib import Path

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
    return np.median([bands(ear.wait_for(sounds)) for _ in range(8)], axis=0)


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

    def differs():
        send(0.1, 0.2)
        ear.listen(0.3)
        before, steady = spectrum(ear), spectrum(ear)
        send(0.9, 0.8)
        ear.listen(0.3)
        return np.abs(spectrum(ear) - before).max() > 10.0 + np.abs(steady - before).max()

    # Where other work interrupts the sound, a round says nothing; a message that changes nothing spoils them all.
    assert any(differs() for _ in range(8))


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
    tail = ear.heard[begin:]
    assert not tail[-1000:].any()
    end = int(np.flatnonzero(tail)[-1])
    assert np.abs(tail[end - 200 : end]).max() < 0.1 * np.abs(y).max()


def test_the_device_counts_for_as_long_as_jack_says(start, server):
    client = start("play", "--osc-port", 0, environment={"JACK_DEFAULT_SERVER": server}).client()
    # `jack_lsp -l`: 256 frames from where the dummy driver asks for a period of 128 to where it would be heard.
    assert client.ask("/status", reply="/status.reply")[11] == pytest.approx(1e3 * 256 / RATE)


def test_the_device_can_be_listed_and_set_while_it_plays(play, ear, server):
    client = play().client()
    ear.wait_for(sounds)
    name = client.ask("/aitunes/device/list", reply="/aitunes/device")[0]
    client.command("/aitunes/device/set", name)
    ear.connect()
    ear.wait_for(sounds)
    assert client.ask("/status", reply="/status.reply")[6] == 48_000.0


def test_the_device_can_be_set_after_programs_have_come_and_gone(play, new_ear, ear, server):
    client = play().client()
    for _ in range(2):
        visitor = new_ear(server)  # another device to choose from, so PortAudio is loaded again
        client.command("/aitunes/device/set", "system")
        visitor.close()
        client.command("/aitunes/device/set", "system")
    ear.connect()
    ear.wait_for(sounds)


@pytest.fixture
def sound_cards(lack, tmp_path):
    """Stands for sockets that sound cards are plugged into: ALSA's settings, and `plug(names)`, which changes them."""
    system = Path("/usr/share/alsa/alsa.conf")
    if not system.exists():
        lack("ALSA's settings are missing: sudo apt-get install libasound2-data")
    settings, changes = tmp_path / "asound.conf", iter(range(1, 100))

    def plug(*names):
        cards = "".join(f'pcm.{name} {{ type null hint {{ show on description "{name}" }} }}\n' for name in names)
        settings.write_text(f"<{system}>\n{cards}")
        # ALSA reads again what has another time, and looks at whole seconds.
        later = time.time() + 10 * next(changes)
        os.utime(settings, (later, later))

    plug()
    return settings, plug


def test_a_sound_card_is_noticed_while_it_plays_through_jack_without_a_visit_to_jack(start, server, jack, sound_cards):
    settings, plug = sound_cards
    engine = start("play", "--osc-port", 0, environment={"JACK_DEFAULT_SERVER": server, "ALSA_CONFIG_PATH": settings})
    client = engine.client()
    assert client.ask("/aitunes/device/set") == ["system"]
    visitors, doorman = [], jack.Client("doorman", servername=server, no_start_server=True)
    doorman.set_client_registration_callback(lambda name, arrives: visitors.append(name) if arrives else None)
    doorman.activate()
    client.command("/notify", 1)
    plug("card")
    assert sorted(client.expect("/aitunes/device/changed")) == ["card", "system"]
    plug()
    assert client.expect("/aitunes/device/changed") == ["system"]
    assert visitors == []
    doorman.close()


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


def test_jack_dictates_the_block_and_the_devices_own_choice_opens_the_stream_anew(play, ear):
    client = play("--blocksize", 64).client()
    ear.wait_for(sounds)
    assert client.ask("/aitunes/device/block") == [64]
    assert "JACK dictates the block" in client.refused("/aitunes/device/block", 256)
    assert client.ask("/aitunes/device/block") == [64]
    client.command("/aitunes/device/block", 0)
    assert client.ask("/aitunes/device/block") == [0]
    ear.connect()
    ear.wait_for(sounds)


def engine_ports(ear):
    return [port.name for port in ear.client.get_ports(is_audio=True, is_output=True) if "AiTunes" in port.name]


def test_the_engine_is_called_by_its_name_in_the_graph(play, ear):
    client = play().client()
    ear.wait_for(sounds)
    assert engine_ports(ear) == ["AiTunes:out_0", "AiTunes:out_1"]
    assert "has 2 outputs, so there is no output 4" in client.refused("/aitunes/device/channels", 3, 4)
    assert client.ask("/aitunes/device/channels") == [0, 0]


def test_chosen_outputs_play_and_the_others_are_silent(jack_server, new_ear, start, tmp_path):
    name = f"aitunes-outputs-{os.getpid()}"
    with jack_server(name, tmp_path, outputs=6):
        client = start("play", "--osc-port", 0, "--channels", "3,4", environment={"JACK_DEFAULT_SERVER": name}).client()
        assert client.ask("/aitunes/device/channels") == [3, 4]
        chosen, other = new_ear(name), new_ear(name)
        chosen.connect(output=3)
        other.connect(output=0)
        chosen.wait_for(sounds)
        assert not other.heard.any()
        client.command("/aitunes/device/channels", 6)
        assert client.ask("/aitunes/device/channels") == [6, 0]
        last = new_ear(name)
        last.connect(output=5)
        last.wait_for(sounds)
        for ear in (chosen, other, last):
            ear.close()
        client.command("/quit")
