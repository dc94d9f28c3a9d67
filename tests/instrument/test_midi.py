"""The whole way of a key: another JACK client's MIDI, `aitunes midi`, the engine, and the notes that it plays."""

import collections
import contextlib
import subprocess
import sys
import time

import pytest

from instrument.midi.ports import MidiError

pytestmark = pytest.mark.jack


class Keyboard:
    """A JACK client with a physical MIDI output, as a keyboard has."""

    def __init__(self, jack, server, name="keyboard"):
        self.client = jack.Client(name, servername=server, no_start_server=True)
        self._port = self.client.midi_outports.register("keys", is_physical=True)
        self._events = collections.deque()
        self.client.set_process_callback(self._process)
        self.client.activate()

    def _process(self, frames):
        self._port.clear_buffer()
        while self._events:
            offset, data = self._events.popleft()
            self._port.write_midi_event(offset, data)

    def play(self, words, offset=0):
        self._events.append((offset, bytes.fromhex(words)))

    def close(self):
        with contextlib.suppress(Exception):
            self.client.deactivate()
            self.client.close()


@pytest.fixture
def keyboard(jack, server):
    keyboard = Keyboard(jack, server)
    yield keyboard
    keyboard.close()


@pytest.fixture
def engine(start, server, releases):
    """An engine without sound, its MIDI on JACK, and a client that hears of its notes."""
    words = ["--output", "none", "--osc-port", 0, "--releases", releases, "--release", "notes"]
    engine = start("play", "--midi", *words, environment={"JACK_DEFAULT_SERVER": server})
    client = engine.client()
    client.command("/notify", 1)
    return engine, client


def note(client, key, begins, seconds=60.0):
    where = lambda values: values[0] == key and (values[1] > 0) is begins  # noqa: E731
    return client.expect("/aitunes/note", seconds, where)


def strike(keyboard, client, key):
    """Strike a key until its note is heard: a keyboard in Python may be late, and JACK then takes nothing from it."""
    for _ in range(20):
        keyboard.play(f"90 {key:02x} 64")
        with contextlib.suppress(AssertionError):
            return note(client, key, True, 2.0)
    raise AssertionError(f"the key {key} was never heard")


@pytest.mark.training
def test_a_keyboard_that_is_plugged_in_plays_and_one_that_goes_ends_its_notes(engine, keyboard):
    process, client = engine
    process.says("MIDI: keyboard:keys")
    key, velocity, number = strike(keyboard, client, 60)
    assert (key, velocity) == (60, 100)
    keyboard.close()
    assert note(client, 60, False) == [60, 0, number]
    process.says("MIDI: no input is plugged in")


@pytest.mark.training
def test_another_program_plays_the_virtual_port(engine, jack, server):
    process, client = engine
    process.says("MIDI: ")
    daw = jack.Client("daw", servername=server, no_start_server=True)
    port, events = daw.midi_outports.register("out"), collections.deque()

    def send(frames):
        port.clear_buffer()
        while events:
            port.write_midi_event(0, events.popleft())

    daw.set_process_callback(send)
    daw.activate()
    daw.connect(port, "AiTunes-MIDI:in")
    for _ in range(20):
        events.append(b"\x90\x3c\x64")
        with contextlib.suppress(AssertionError):
            note(client, 60, True, 2.0)
            break
    else:
        raise AssertionError("the port was never heard")
    daw.deactivate()
    daw.close()


@pytest.mark.training
def test_midi_that_dies_ends_its_notes_and_leaves_the_sound_alone(engine, keyboard):
    import psutil

    process, client = engine
    process.says("MIDI: keyboard:keys")
    strike(keyboard, client, 60)
    for child in psutil.Process(process.process.pid).children():
        if "instrument.midi" in child.cmdline():
            child.kill()
    process.says(r"MIDI has ended \(status -9\); the sound goes on\. It starts again in 1 s\.")
    assert client.ask("/status", reply="/status.reply")[13] is True


def test_rtmidis_ports_hear_the_same(jack, server, lack, monkeypatch):
    """The way of ALSA, CoreMIDI and Windows, on the one system of RtMidi's that a test machine has."""
    try:
        import rtmidi
    except ImportError:
        lack("python-rtmidi is not installed")
    from instrument.midi.rtmidi_system import RtMidiSystem

    monkeypatch.setenv("JACK_DEFAULT_SERVER", server)
    arrived = []
    keyboard = Keyboard(jack, server, "elsewhere")
    system = RtMidiSystem(arrived.append, rtmidi.API_UNIX_JACK)
    try:
        assert "elsewhere:keys" in system.inputs()
        system.open_input("elsewhere:keys")
        deadline = time.monotonic() + 60.0
        while len(arrived) < 2:
            assert time.monotonic() < deadline
            keyboard.play("90 3c 64")
            keyboard.play("f8")
            time.sleep(0.05)
        assert {arrival.data for arrival in arrived} == {b"\x90\x3c\x64", b"\xf8"}
        system.close_input("elsewhere:keys")
        keyboard.close()
        assert "elsewhere:keys" not in system.inputs()
    finally:
        system.close()


WILD_KEYBOARD = """\
import collections, random, sys, time
import jack
name, server, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = jack.Client(name, servername=server, no_start_server=True)
port, events = client.midi_outports.register("keys", is_physical=True), collections.deque()
def process(frames):
    port.clear_buffer()
    for _ in range(min(len(events), 8)):
        port.write_midi_event(0, events.popleft())
client.set_process_callback(process)
client.activate()
print("here", flush=True)
sys.stdin.readline()
rng = random.Random(seed)
garbage = [rng.randbytes(rng.choice((1, 2, 3, 7, 40))) for _ in range(400)]
events.extend([b"\\xf0" + bytes(100), *garbage, b"\\xf7", *500 * [b"\\xb0\\x07\\x40"]])
while True:
    events.append(b"\\x90\\x3c\\x64")
    time.sleep(0.02)
"""


def test_rtmidi_survives_garbage_floods_and_ports_that_vanish(jack, server, lack, monkeypatch):
    try:
        import rtmidi
    except ImportError:
        lack("python-rtmidi is not installed")
    from instrument.midi.rtmidi_system import RtMidiSystem

    monkeypatch.setenv("JACK_DEFAULT_SERVER", server)
    arrived = []
    system = RtMidiSystem(arrived.append, rtmidi.API_UNIX_JACK)
    try:
        for turn, name in enumerate(("elsewhere", "\x1b[2J", "100% %s %n")):
            # In a process of its own: two of JACK's bindings in one process are not meant to bear this.
            words = [sys.executable, "-c", WILD_KEYBOARD, name, server, str(turn)]
            keyboard = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            try:
                assert keyboard.stdout.readline() == b"here\n"
                (port,) = [found for found in system.inputs() if found.endswith(":keys")]
                system.open_input(port)
                arrived.clear()
                keyboard.stdin.write(b"go\n")
                keyboard.stdin.flush()
                deadline = time.monotonic() + 60.0
                while all(arrival.data != b"\x90\x3c\x64" for arrival in arrived.copy()):
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
                if turn == 1:
                    system.close_input(port)
            finally:
                keyboard.kill()
                keyboard.communicate()
            deadline = time.monotonic() + 60.0
            while port in system.inputs():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            system.send(port, b"\x90\x3c\x64")
            with pytest.raises(MidiError, match="has gone"):
                system.open_input(port)
            system.close_input(port)
    finally:
        system.close()


@pytest.mark.training
def test_a_controller_is_learned_kept_in_a_file_and_moves_its_value(engine, keyboard):
    process, client = engine
    process.says("MIDI: keyboard:keys")
    client.send("/aitunes/midi/learn", "/aitunes/width")
    for _ in range(40):
        keyboard.play("b2 15 40")
        with contextlib.suppress(AssertionError):
            client.expect("/aitunes/midi/learn", 1.0, lambda values: values == [""])
            break
    text = client.ask("/aitunes/midi/list")[0]
    assert 'address = "/aitunes/width"\ncontroller = 21\nchannel = 3\ndevice = "keyboard:keys"' in text
    assert (process.home / "midi" / "default.toml").read_text() == text
    for position in (0, 30, 64, 90, 127) * 8:
        keyboard.play(f"b2 15 {position:02x}")
        time.sleep(0.05)
    assert client.expect("/aitunes/width", where=lambda values: values[0] > 0.9)
    client.send("/aitunes/midi/learn", "/aitunes/release/load")
    assert "nothing that a controller can move" in client.expect("/aitunes/midi/notice")[0]
    client.send("/aitunes/midi/forget", "/aitunes/width")
    client.expect("/aitunes/midi/list", where=lambda values: "width" not in values[0])


def test_a_port_whose_name_is_no_text_hides_no_keyboard(jack, server, keyboard, monkeypatch):
    from instrument.midi.jack_system import JackSystem

    library, physical = jack._lib, jack._lib.JackPortIsOutput | jack._lib.JackPortIsPhysical
    assert library.jack_port_register(keyboard.client._ptr, b"caf\xe9\xff", b"8 bit raw midi", physical, 0)
    monkeypatch.setenv("JACK_DEFAULT_SERVER", server)
    system = JackSystem(lambda arrival: None)
    try:
        assert "keyboard:keys" in system.inputs()
    finally:
        system.close()


@pytest.mark.training
def test_jacks_transport_gives_tempo_and_beat_once_it_rolls(engine, jack, server):
    process, client = engine
    process.says("MIDI: ")
    daw = jack.Client("daw", servername=server, no_start_server=True)

    def count(state, blocksize, position, new):
        seconds = position.frame / position.frame_rate
        beat = seconds * 1.5  # 90 a minute
        position.valid = jack.POSITION_BBT if hasattr(jack, "POSITION_BBT") else 0x10
        position.beats_per_bar, position.beat_type, position.ticks_per_beat = 4.0, 4.0, 960.0
        position.beats_per_minute = 90.0
        position.bar, position.beat = int(beat // 4) + 1, int(beat % 4) + 1
        position.tick = int(beat % 1 * 960)

    daw.activate()
    assert daw.set_timebase_callback(count)
    try:
        time.sleep(0.5)
        assert client.ask("/aitunes/tempo") == [120.0]
        daw.transport_start()
        assert client.expect("/aitunes/tempo", where=lambda values: abs(values[0] - 90.0) < 0.01)
    finally:
        daw.transport_stop()
        daw.deactivate()
        daw.close()
