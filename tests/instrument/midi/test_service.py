"""The whole MIDI process on inputs that flood, lie and vanish, and on an engine that answers nonsense."""

import contextlib
import math
import random
import socket
import threading
import time

import pytest

from aitunes.osc.packets import PacketError, build, bundle, messages
from instrument.midi.mapping import Control, Mapping, Source
from instrument.midi.ports import Arrival
from instrument.midi.service import MidiService
from instrument.midi.setup import Setup, write_mapping

NOTE = "/aitunes/note"
DEADLINE_SECONDS = 60.0
SETUP = """
[[mapping]]
address = "/aitunes/gain"
controller = 7

[[mapping]]
address = "/aitunes/pad/xy"
controller = 9
argument = 2
"""


class Rack:
    """A MIDI system with the inputs that a test plugs in."""

    name, alive = "rack", True

    def __init__(self):
        self.plugged, self.sent, self.receive = ["keys"], [], None

    def open(self, receive):
        self.receive = receive
        return self

    def play(self, data, port="keys"):
        self.receive(Arrival(port, data, time.time()))

    def inputs(self):
        return list(self.plugged)

    def outputs(self):
        return list(self.plugged)

    def open_own(self):
        return []

    def open_input(self, name):
        pass

    def close_input(self, name):
        pass

    def send(self, name, data):
        self.sent.append(data)

    def transport(self):
        return None

    def take_missed(self):
        return 0

    def close(self):
        pass


class Desk:
    """Answers at the engine's port, and notes the notes that sound."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.socket.bind(("127.0.0.1", 0))
        self.sounding, self.heard, self.peer = set(), [], None
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        with contextlib.suppress(OSError):
            while True:
                datagram, self.peer = self.socket.recvfrom(65_536)
                for message in messages(datagram):
                    self.take(message)

    def take(self, message):
        self.heard.append(message.address)
        if message.address == NOTE:
            key, velocity, number = message.arguments
            (self.sounding.add if velocity else self.sounding.discard)((key, number))

    def say(self, address, *arguments):
        self.socket.sendto(build(address, *arguments), self.peer)


@pytest.fixture
def playing(tmp_path):
    """Yield inputs, engine and what is printed, around a service that plays."""
    rack, desk, said = Rack(), Desk(), []
    setup = tmp_path / "midi.toml"
    setup.write_text(SETUP)
    service = MidiService(desk.socket.getsockname(), setup, said.append, systems=[rack.open])
    failures = []

    def run():
        try:
            service.run()
        except Exception as error:  # noqa: BLE001  whatever it is, the test fails with it
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: desk.peer and rack.receive)
    yield rack, desk, said
    service.stop()
    thread.join(DEADLINE_SECONDS)
    desk.socket.close()
    assert failures == []
    assert not thread.is_alive()


def until(condition):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_no_keyboard_sends_ends_nothing_and_later_notes_sound(playing):
    rack, desk, _ = playing
    rng = random.Random(1)
    for _ in range(3_000):
        kind = rng.randrange(6)
        if kind == 0:
            rack.play(rng.randbytes(rng.randrange(1, 40)))
        elif kind == 1:
            rack.play(b"\xf0" + bytes(rng.randrange(128) for _ in range(rng.choice((3, 3_000, 70_000)))))
        elif kind == 2:
            rack.play(bytes([rng.randrange(0xF8, 0x100)]))
        elif kind == 3:
            rack.play(bytes([0xB0 | rng.randrange(16), rng.choice((0, 6, 7, 38, 98, 99, 100, 101, 120, 123)), 127]))
        elif kind == 4:
            rack.play(
                bytes([0x90 | rng.randrange(16), rng.randrange(128), rng.randrange(128)]), rng.choice(["keys", "b"])
            )
        else:
            rack.play(bytes([rng.randrange(256)]))
    rack.play(b"\xff")
    rack.play(b"\x90\x3c\x64")
    until(lambda: any(key == 60 for key, _ in desk.sounding))


def test_an_input_that_vanishes_takes_its_notes_with_it(playing):
    rack, desk, _ = playing
    rack.play(b"\x90\x3c\x64\x40\x64")
    until(lambda: len(desk.sounding) == 2)
    rack.plugged.clear()
    until(lambda: not desk.sounding)


def test_a_flood_that_cannot_be_played_leaves_no_note_hanging(playing):
    rack, desk, said = playing
    rack.play(b"\x90\x3c\x64")
    until(lambda: desk.sounding)
    # More than can wait: the end of the note is among what is lost.
    for _ in range(200):
        for _ in range(1_000):
            rack.play(b"\xb0\x01\x01")
        if any("faster than can be played" in line for line in said):
            break
    until(lambda: not desk.sounding)
    rack.play(b"\x90\x3e\x64")
    until(lambda: any(key == 62 for key, _ in desk.sounding))


def test_thousands_of_keys_that_are_never_let_go_end_with_their_input(playing):
    rack, desk, _ = playing
    for number in range(4_096):
        rack.play(bytes([0x90 | number % 16, number // 16 % 128, 100]))
        if number % 64 == 0:
            time.sleep(0.002)
    until(lambda: len(desk.sounding) == 16 * 128)
    rack.plugged.clear()
    until(lambda: not desk.sounding)


def test_three_thousand_turns_of_a_knob_a_second_are_some_hundred_messages(playing):
    rack, desk, _ = playing
    desk.say("/done", "/nothing")
    until(lambda: "/aitunes/gain" in desk.heard)  # it has asked for the value
    desk.say("/aitunes/gain", 0.0)
    before = desk.heard.count("/aitunes/gain")
    began = time.monotonic()
    for number in range(3_000):
        rack.play(bytes([0xB0, 7, number % 128]))
        time.sleep(max(0.0, began + number / 3_000.0 - time.monotonic()))
    lasted = time.monotonic() - began
    until(lambda: desk.heard.count("/aitunes/gain") > before)
    assert desk.heard.count("/aitunes/gain") - before < 500.0 * lasted


NONSENSE = ["x", "", 0, -1, 2**31 - 1, 1e300, math.nan, math.inf, -math.inf, True, b"blob", ("h", 2**60)]
ADDRESSES = [
    "/aitunes/gain",
    "/aitunes/pad/xy",
    "/aitunes/tempo",
    "/status.reply",
    "/done",
    "/fail",
    "/aitunes/release",
]
ADDRESSES += ["/aitunes/snapshot", "/aitunes/release/load", *(f"/aitunes/midi/{w}" for w in ("learn", "forget", "map"))]


def test_nonsense_from_the_engines_port_costs_nothing(playing):
    rack, desk, _ = playing
    rng = random.Random(2)
    for _ in range(4_000):
        address = rng.choice([*ADDRESSES, "/" + "x" * 300])
        arguments = [("d", v) if isinstance(v, float) else v for v in rng.choices(NONSENSE, k=rng.randrange(14))]
        with contextlib.suppress(PacketError):
            desk.say(address, *arguments)
        if rng.random() < 0.05:
            rack.play(bytes([0xB0, rng.choice((7, 9)), rng.randrange(128)]))
            desk.socket.sendto(rng.randbytes(40), desk.peer)
            desk.socket.sendto(bundle([build("/status.reply", *[("d", math.inf)] * 16)], 1e9), desk.peer)
    rack.play(b"\x90\x3c\x64")
    until(lambda: desk.sounding)


def test_a_devices_name_is_text_in_the_set_up_whatever_stands_in_it():
    for name in ('a"b\\c', "a\nb", "a\u2028[[mapping]]\u2028b", "a\x85b", "a\x1cb\x7f", "\x1b[2J", "[[zone]]"):
        text = write_mapping(Mapping("/aitunes/gain", Source(Control.CONTROLLER, 7, 1, name)))
        setup = Setup(text + write_mapping(Mapping("/aitunes/width", Source(Control.CONTROLLER, 8))))
        assert setup.faults == []
        assert [mapping.source.device for mapping in setup.mappings] == [name, ""]


@pytest.fixture
def one_look(monkeypatch):
    """Have the service look for files and ports once, as it starts."""
    monkeypatch.setattr("instrument.midi.service.SCAN_SECONDS", 3_600.0)


def test_the_engine_may_ask_for_another_file_of_mappings_and_it_counts_at_once(
    one_look, playing, tmp_path, monkeypatch
):
    monkeypatch.setenv("AITUNES_HOME", str(tmp_path))
    other = tmp_path / "midi" / "faders.toml"
    other.parent.mkdir()
    other.write_text('[[mapping]]\naddress = "/aitunes/smoothing"\ncontroller = 8\nmode = "absolute"\n')
    rack, desk, said = playing
    desk.say("/aitunes/midi/setup", "")
    desk.say("/aitunes/midi/setup", "../faders")
    until(lambda: any("../faders" in line for line in said))
    desk.say("/aitunes/midi/setup", "faders")
    until(lambda: "/aitunes/smoothing" in desk.heard)  # it has asked for the value
    desk.say("/aitunes/smoothing", 0.0)
    before = desk.heard.count("/aitunes/pad/xy")
    seen = desk.heard.count("/aitunes/smoothing")

    def turned():
        for value in (0, 40, 80):
            rack.play(bytes([0xB0, 8, value]))
            rack.play(bytes([0xB0, 9, value]))
        time.sleep(0.05)
        return desk.heard.count("/aitunes/smoothing") > seen

    until(turned)
    assert desk.heard.count("/aitunes/pad/xy") == before
