"""A real window on a screen in memory, a hand that moves the mouse and presses keys, and a real engine."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import psutil
import pytest
import soundfile

from tests.instrument.conftest import ROOT

pytestmark = [pytest.mark.xvfb, pytest.mark.timeout(600)]

RATE = 48_000
# Places on a window of 1280 × 800 that stands in the corner of the screen.
LEFT, RIGHT = (120, 300), (780, 300)


class Hand:
    """`xdotool`, and eyes for the titles of windows."""

    def __init__(self, screen, wait_until):
        self.environment = {"DISPLAY": screen, "QT_QPA_PLATFORM": "xcb"}
        self._wait_until = wait_until

    def do(self, *words):
        command = ["xdotool", *map(str, words)]
        environment = {**os.environ, **self.environment}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280).stdout

    def titles(self):
        numbers = self.do("search", "--onlyvisible", "--name", "AiTunes").split()
        return [self.do("getwindowname", number).strip() for number in numbers]

    def sees(self, title):
        self._wait_until(lambda: title in self.titles())
        time.sleep(0.3)  # until what has been shown takes the mouse

    def press(self, key):
        """Take hold of the window by a click on the pad, as without a window manager nobody else gives it the keys."""
        self.do("mousemove", *LEFT, "click", 1)
        self._wait_until(lambda: "AiTunes" in self.do("getwindowfocus", "getwindowname"))
        self.do("key", key)

    def drag(self, begin, end, steps=20):
        self.do("mousemove", *begin, "mousedown", 1)
        for x, y in np.linspace(begin, end, steps).round().astype(int):
            self.do("mousemove", x, y)
        self.do("mouseup", 1)


@pytest.fixture
def hand(screen, wait_until):
    return Hand(screen, wait_until)


@pytest.fixture
def open_pad(hand, tmp_path):
    """Open pads of their own, against an engine's port."""
    pads = []

    def run(port, *words):
        command = [sys.executable, "-m", "instrument", "pad", "--connect", f"127.0.0.1:{port}", *words]
        environment = {**os.environ, **hand.environment, "AITUNES_HOME": str(tmp_path / "home")}
        pads.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL))
        return pads[-1]

    yield run
    for pad in pads:
        pad.terminate()
    for pad in pads:
        pad.wait(60)


@pytest.fixture
def play(start, releases):
    """Start an engine without a sound device on one of the tests' releases, and a client."""

    def run(release, *words, environment=None, port=0):
        words = ("--output", "none", "--osc-port", port, "--releases", releases, "--release", release, *words)
        engine = start("play", *words, environment=environment)
        client = engine.client()
        return engine, client

    return run


def listen(client):
    """Subscribe to the engine's changes for half a minute."""
    client.ask("/notify", 1, reply="/done")


def click(hand, client, place):
    """Click on the pad; returns when the engine has published the position."""
    hand.do("mousemove", *place, "click", 1)
    client.expect("/aitunes/pad/xy")


def gone(process):
    """Return whether a process has ended, also where nobody has asked for its status yet."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def pad_of(engine):
    """The process of the window that an engine opened."""
    children = psutil.Process(engine.pid).children()
    (pad,) = [child for child in children if "pad" in words_of(child)]
    return pad


def words_of(process):
    """Return what a process was started with; nothing where it has ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # a zombie, too
        return []


def record(client, home, while_recording, name="take.wav"):
    """Return what is heard meanwhile, [samples]."""
    listen(client)
    client.command("/aitunes/record/start", name)
    while_recording()
    client.command("/aitunes/record/stop")
    y, _ = soundfile.read(home / "recordings" / name, always_2d=True)
    return y[:, 0]


def bands_db(y):
    """Return what lies in each third of an octave from 100 Hz on, dB, down to 60 below the loudest."""
    power = np.abs(np.fft.rfft(y * np.hanning(len(y)))) ** 2
    edges = (100.0 * 2.0 ** (np.arange(20) / 3.0) * len(y) / RATE).round().astype(int)
    bands = np.add.reduceat(power, edges)[:-1]
    return 10.0 * np.log10(np.maximum(bands / bands.max(), 1e-6))


def unbroken(y):
    """Return whether no 20 ms of a steady tone are softer than the others."""
    levels = np.sqrt(np.mean(y[: len(y) // 960 * 960].reshape(-1, 960) ** 2, axis=1))
    return levels.min() > 0.8 * np.median(levels) > 1e-3


def test_a_drag_moves_the_sound_and_is_published(play, open_pad, hand):
    engine, client = play("first-light")
    open_pad(client.engine[1])
    hand.sees("First Light – AiTunes")

    def move():
        time.sleep(1.0)
        hand.drag(LEFT, RIGHT)
        places.append(client.expect("/aitunes/pad/xy", where=lambda place: place[0] > 0.9))
        with suppress(AssertionError):
            while True:  # until the hand has come to rest
                places.append(client.expect("/aitunes/pad/xy", seconds=1.0))

    places = []
    y = record(client, engine.home, move)
    assert client.ask("/aitunes/pad/xy") == pytest.approx(places[-1], abs=1e-5)
    assert np.abs(bands_db(y[: RATE // 2]) - bands_db(y[-RATE // 2 :])).max() > 6.0


def test_number_keys_keep_and_recall(play, open_pad, hand):
    _engine, client = play("first-light")
    open_pad(client.engine[1])
    hand.sees("First Light – AiTunes")
    listen(client)
    hand.press("1")
    client.expect("/aitunes/snapshot/save", where=lambda names: names == ["first-light 1"])
    kept = client.ask("/aitunes/latent")
    # By the second click the pad knows that the slot is full: the list for which it has asked by the first has come.
    click(hand, client, RIGHT)
    client.ask("/aitunes/snapshot/list", reply="/done")
    click(hand, client, (RIGHT[0] - 50, RIGHT[1]))
    listen(client)
    hand.do("key", "1")
    # The position that the click chose is told once it rests, which may be only now.
    client.expect("/aitunes/latent", where=lambda values: values == pytest.approx(kept, abs=1e-5))


def test_another_release_is_chosen_by_keys_and_cross_faded(play, open_pad, hand, frequency, wait_until):
    engine, client = play("sine")
    open_pad(client.engine[1])
    hand.sees("Sine – AiTunes")

    def choose():
        # The list may come after the keys, which then choose nothing, or what plays: it is opened once more.
        hand.do("key", "l", "key", "Home", "key", "Return")
        time.sleep(1.0)
        return "High-Sine – AiTunes" in hand.titles()

    def change():
        time.sleep(0.5)
        hand.press("l")
        wait_until(choose)
        time.sleep(1.0)

    y = record(client, engine.home, change)
    assert client.ask("/aitunes/release/load") == ["high-sine"]
    assert frequency(y[: RATE // 4], RATE) == pytest.approx(440.0, rel=0.02)
    assert frequency(y[-RATE // 4 :], RATE) == pytest.approx(1000.0, rel=0.02)
    levels = np.sqrt(np.mean(y[: len(y) // 960 * 960].reshape(-1, 960) ** 2, axis=1))
    assert levels.min() > 0.25 * np.median(levels)


def test_the_computers_keys_play_notes(play, open_pad, hand):
    _, client = play("notes")
    open_pad(client.engine[1])
    hand.sees("Notes – AiTunes")
    listen(client)
    hand.press("k")
    hand.do("key", "z", "key", "y")
    played = [client.expect("/aitunes/note") for _ in range(4)]
    assert [note for note in played if note[1]] == [[48, 100], [69, 100]]
    assert [note for note in played if not note[1]] == [[48, 0], [69, 0]]


def test_a_pad_that_is_killed_leaves_the_sound_unbroken(play, hand, wait_until):
    engine, client = play("sine", environment=hand.environment)
    hand.sees("Sine – AiTunes")
    pad = pad_of(engine.process)

    def kill():
        time.sleep(0.5)
        pad.kill()
        engine.says(r"The pad has ended \(status -9\); the sound goes on\. Open it again: aitunes pad --connect")
        time.sleep(0.5)

    assert unbroken(record(client, engine.home, kill))
    assert client.ask("/aitunes/release/load") == ["sine"]
    assert engine.process.poll() is None


def test_an_engine_that_is_killed_is_missed_and_given_its_state_back(play, open_pad, hand, wait_until):
    engine, client = play("tiny")
    port = client.engine[1]
    open_pad(port)
    hand.sees("Tiny – AiTunes")
    listen(client)
    hand.do("mousemove", *RIGHT, "click", 1)
    client.expect("/aitunes/pad/xy")
    kept = client.ask("/aitunes/latent")
    client.send("/aitunes/gain", -7.5)
    assert client.ask("/aitunes/gain") == [-7.5]  # and the pad has received it before
    engine.process.kill()
    hand.sees("No engine – AiTunes")
    _, later = play("sine", port=port)
    hand.sees("Tiny – AiTunes")
    wait_until(lambda: later.ask("/aitunes/latent") == pytest.approx(kept, abs=1e-5))
    assert later.ask("/aitunes/gain") == [-7.5]
    assert later.ask("/aitunes/release/load") == ["tiny"]


def test_closing_the_window_that_aitunes_opened_ends_the_engine(play, hand):
    engine, _ = play("tiny", environment=hand.environment)
    hand.sees("Tiny – AiTunes")
    hand.press("ctrl+q")
    assert engine.ends() == 0
    assert "Stopped." in engine.text


def test_closing_another_window_leaves_the_engine_alone(play, open_pad, hand):
    engine, client = play("tiny")
    pad = open_pad(client.engine[1])
    hand.sees("Tiny – AiTunes")
    hand.press("ctrl+q")
    assert pad.wait(240) == 0
    assert client.ask("/aitunes/release/load") == ["tiny"]
    assert engine.process.poll() is None


def test_ctrl_c_ends_both(releases, hand, tmp_path, wait_until):
    words = ["play", "--output", "none", "--osc-port", "0", "--releases", str(releases), "--release", "tiny"]
    words += ["--no-oscquery", "--no-midi"]  # its port may be taken
    environment = {**os.environ, **hand.environment, "AITUNES_HOME": str(tmp_path / "home")}
    engine = subprocess.Popen(
        [sys.executable, "-m", "instrument", *words], cwd=ROOT, env=environment, start_new_session=True,
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    hand.sees("Tiny – AiTunes")
    pad = pad_of(engine)
    os.killpg(engine.pid, signal.SIGINT)  # as a terminal does
    assert engine.wait(240) == 0
    wait_until(lambda: gone(pad))


def test_quit_ends_the_engine_and_its_window(play, hand, wait_until):
    engine, client = play("tiny", environment=hand.environment)
    hand.sees("Tiny – AiTunes")
    pad = pad_of(engine.process)
    client.send("/quit")
    assert engine.ends() == 0
    assert "The pad has ended" not in engine.text
    wait_until(lambda: gone(pad))


def test_no_pad_opens_no_window(play, hand):
    engine, _ = play("tiny", "--no-pad", environment=hand.environment)
    engine.says("Headless, played over OSC")
    children = psutil.Process(engine.process.pid).children()
    assert [child for child in children if "pad" in words_of(child)] == []
