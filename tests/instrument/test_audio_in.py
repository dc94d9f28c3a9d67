"""The whole way from a JACK client that plays, through the engine that listens, to another client that records."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from aitunes.pitch import midi_to_hz

pytestmark = pytest.mark.jack

RATE = 48_000


class Player:
    """A JACK client that plays what it is given, again and again, from the next cycle on.

    A second output, where there is one, plays it times `second`.
    """

    def __init__(self, jack, server, name="feeder", second=None):
        self.client = jack.Client(name, servername=server, no_start_server=True)
        self._port = self.client.outports.register("out", is_physical=True)
        self.second = second
        self._second = None if second is None else self.client.outports.register("out_2", is_physical=True)
        self._y, self._at = np.zeros(RATE, np.float32), 0
        self.client.set_process_callback(self._process)
        self.client.activate()

    def play(self, y):
        self._y, self._at = np.asarray(y, np.float32), 0

    def _process(self, frames):
        at = (self._at + np.arange(frames)) % len(self._y)
        self._port.get_array()[:] = self._y[at]
        if self._second is not None:
            self._second.get_array()[:] = self.second * self._y[at]
        self._at += frames

    def close(self):
        self.client.deactivate()
        self.client.close()


def tone(midi, level=0.2):
    """A second of six harmonics, which repeats without a seam at whole frequencies."""
    t = np.arange(RATE) / RATE
    hz = round(float(midi_to_hz(midi)))
    y = sum(np.sin(2 * np.pi * hz * n * t) / n for n in range(1, 7))
    return level * y / np.abs(y).max()


SILENCE = np.zeros(RATE, np.float32)


def pitch_of(y, frequency):
    """The fundamental by the distance that the sound repeats at, as a MIDI note."""
    r = np.fft.irfft(np.abs(np.fft.rfft(y, 2 * len(y))) ** 2)[: len(y) // 2]
    first = int(np.argmax(r < 0.0))
    return 69.0 + 12.0 * np.log2(RATE / (first + int(np.argmax(r[first:]))) / 440.0)


def sounds(y):
    return np.sqrt(np.mean(y**2)) > 5e-3


@pytest.fixture
def feeder(jack, server):
    player = Player(jack, server)
    yield player
    player.close()


@pytest.fixture
def play(start, server, ear):
    def run(*words):
        engine = start("play", "--osc-port", 0, "--no-pad", *words, environment={"JACK_DEFAULT_SERVER": server})
        ear.connect()
        return engine

    return run


@pytest.mark.parametrize("release", ["first-light", "chamber"])
def test_what_is_sung_is_played_at_its_pitch_and_ends_with_it(play, ear, feeder, release):
    client = play("--release", release, "--input", "feeder").client()
    assert client.ask("/aitunes/input/on") == [True]
    assert client.ask("/aitunes/input/device/set") == ["feeder"]
    ear.wait_for(lambda y: not sounds(y))
    for midi in (57, 72):
        feeder.play(tone(midi))
        heard = ear.wait_for(lambda y, midi=midi: sounds(y) and abs(pitch_of(y, midi) - midi) < 0.3)
        assert np.isfinite(heard).all()
    feeder.play(SILENCE)
    ear.wait_for(lambda y: not sounds(y))


def test_channels_are_chosen_and_one_that_is_upside_down_does_not_cancel_the_other(play, ear, jack, server):
    feeder = Player(jack, server, second=-1.0)
    try:
        client = play("--input", "feeder", "--input-channels", "1,2").client()
        assert client.ask("/aitunes/input/channels") == [1, 2]
        feeder.play(tone(57))
        ear.wait_for(lambda y: sounds(y) and abs(pitch_of(y, 57) - 57.0) < 0.3)
        client.command("/aitunes/input/channels", 2)
        feeder.second = 0.0
        ear.wait_for(lambda y: not sounds(y))
        feeder.second = 1.0
        ear.wait_for(lambda y: sounds(y) and abs(pitch_of(y, 57) - 57.0) < 0.3)
        assert "no channel 5" in client.refused("/aitunes/input/channels", 5)
        assert client.ask("/aitunes/input/channels") == [2, 0]
    finally:
        feeder.close()


def test_nothing_listens_until_it_is_asked_to_and_meters_say_what_is_heard(play, ear, feeder):
    client = play().client()
    feeder.play(tone(64))
    ear.wait_for(sounds)  # the drone
    assert client.ask("/aitunes/input/on") == [False]
    inputs = [port.name for port in ear.client.get_ports("AiTunes", is_audio=True, is_input=True)]
    assert inputs == []
    client.command("/notify", 1)
    client.command("/aitunes/input/device/set", "feeder")
    client.command("/aitunes/input/on", True)
    peak, _, is_open, pitch, clarity = client.expect("/aitunes/input/meter", where=lambda values: values[3] > 0.0)
    assert -20.0 < peak < -10.0
    assert is_open
    assert pitch == pytest.approx(64.0, abs=0.2)
    assert clarity > 0.9
    levels = np.frombuffer(client.expect("/aitunes/input/scope")[0], ">f4")
    assert len(levels) == 64
    client.command("/aitunes/input/on", False)
    ear.wait_for(lambda y: sounds(y) and abs(pitch_of(y, 69) - 69.0) < 0.5)


def test_inputs_are_listed_and_one_that_is_not_there_is_refused_in_a_sentence(play, ear, feeder):
    client = play().client()
    client.send("/aitunes/input/device/list")
    assert client.expect("/aitunes/input/device", where=lambda values: values[0] == "feeder")[2] == 48_000.0
    client.expect("/done")
    client.command("/aitunes/input/device/set", "nobody")
    assert "'nobody' cannot be opened" in client.refused("/aitunes/input/on", True)
    assert client.ask("/aitunes/input/on") == [False]
    ear.wait_for(sounds)


def test_the_command_line_lists_what_can_be_listened_to(server, feeder):
    words = [sys.executable, "-m", "instrument", "devices", "--inputs"]
    environment = {**os.environ, "JACK_DEFAULT_SERVER": server}
    listed = subprocess.run(words, env=environment, capture_output=True, text=True, check=True, timeout=60.0).stdout
    assert "feeder" in listed
    assert "48000 Hz" in listed


def test_an_input_that_is_not_there_at_the_start_ends_the_command_with_a_sentence(start, server):
    engine = start("play", "--osc-port", 0, "--input", "nobody", environment={"JACK_DEFAULT_SERVER": server})
    assert engine.ends() != 0
    assert "'nobody' cannot be opened" in engine.text
    assert "Traceback" not in engine.text


def test_the_input_itself_is_heard_as_far_as_the_mix_says(play, ear, feeder):
    client = play("--input", "feeder").client()
    client.send("/aitunes/input/mix", 0.0)
    feeder.play(0.5 * np.sin(2 * np.pi * 1_000 * np.arange(RATE) / RATE))

    def is_dry(y):
        S = np.abs(np.fft.rfft(y * np.hanning(len(y))))
        return np.abs(y).max() > 0.3 and S.argmax() == round(1_000 * len(y) / RATE) and np.median(S) < 1e-3 * S.max()

    ear.wait_for(is_dry)


def test_another_release_goes_on_listening(play, ear, feeder):
    client = play("--release", "first-light", "--input", "feeder").client()
    feeder.play(tone(60))
    for name in ("chamber", "weather", "first-light"):
        client.command("/aitunes/release/load", name)
        ear.wait_for(sounds)
    ear.wait_for(lambda y: sounds(y) and abs(pitch_of(y, 60) - 60.0) < 0.3)


def test_an_input_that_goes_and_comes_back_is_told_and_listened_to_again(play, ear, jack, server):
    guest = Player(jack, server, "guest")
    engine = play("--input", "guest")
    client = engine.client()
    client.command("/notify", 1)
    guest.play(tone(60))
    ear.wait_for(sounds)
    guest.close()
    # The stream goes on without it, and is silent.
    ear.wait_for(lambda y: not sounds(y))
    client.expect("/error", where=lambda values: values[0].startswith("guest has left JACK"))
    guest = Player(jack, server, "guest")
    guest.play(tone(60))
    try:
        ear.wait_for(sounds)
    finally:
        guest.close()


def test_the_output_moves_and_the_input_stays(play, ear, feeder, new_ear, server):
    client = play("--input", "feeder").client()
    feeder.play(tone(60))
    ear.wait_for(sounds)
    visitor = new_ear(server)  # another device to choose from, so PortAudio is loaded again
    client.command("/aitunes/device/set", "system")
    visitor.close()
    ear.connect()
    ear.wait_for(lambda y: sounds(y) and abs(pitch_of(y, 60) - 60.0) < 0.3)


def test_the_sound_server_ends_and_comes_back(jack, jack_server, new_ear, start, tmp_path):
    name = f"aitunes-input-{os.getpid()}"
    with jack_server(name, tmp_path):
        engine = start("play", "--osc-port", 0, "--input", "system", environment={"JACK_DEFAULT_SERVER": name})
        client = engine.client()
        client.command("/notify", 1)
    said = client.expect("/error", where=lambda values: "input" in values[0])[0]
    assert "listened to again when it is back" in said
    with jack_server(name, tmp_path):
        client.expect("/error", where=lambda values: values[0].startswith("Listening to"))
        assert client.ask("/aitunes/input/device/set") == ["system"]
        time.sleep(0.2)
        client.command("/quit")
        assert engine.ends() == 0
    assert "Traceback" not in engine.text
