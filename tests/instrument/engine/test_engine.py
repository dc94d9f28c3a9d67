"""The real engine as a process of its own, played over OSC without a sound device."""

import json
import random
import shutil
import socket
import time

import numpy as np
import pytest
import soundfile
from pythonosc import slip

from aitunes.osc.packets import build, parse
from aitunes.release.bundled import BUNDLED
from instrument.engine.task_queue import REPLACED
from instrument.scores.render import RenderOptions, render_score
from instrument.storage.library import Library

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def shared(releases, tmp_path_factory, engine_process):
    """One engine for all tests that leave it as they found it."""
    home = tmp_path_factory.mktemp("home")
    engine = engine_process(
        home, "play", "--output", "none", "--osc-port", 0, "--releases", releases, "--release", "tiny"
    )
    yield engine
    engine.close()


@pytest.fixture
def client(shared):
    client = shared.client()
    yield client
    client.send("/notify", 0)
    client.send("/aitunes/smoothing", 0.0)


@pytest.fixture
def changing(client):
    """A client that may load other releases and change the quality: both are put back."""
    quality = client.ask("/aitunes/quality")
    yield client
    client.send("/aitunes/quality", *quality)
    client.command("/aitunes/release/load", "tiny")


@pytest.fixture
def other(shared):
    """Another program that has subscribed."""
    other = shared.client()
    other.command("/notify", 1)
    yield other
    other.send("/notify", 0)


def status(client):
    names = "underruns late malformed subscribers mean peak nominal measured control synthesis buffer device"
    names += " release playing iterations held interruption missing reserve"
    return dict(zip(names.split(), client.ask("/status", reply="/status.reply"), strict=True))


def alive(client):
    return bool(status(client))


def test_status_has_the_types_of_the_protocol_and_comes_from_the_listening_socket(client):
    client.send("/status")
    datagram, peer = client.receive()
    assert peer == client.engine
    address, rest = datagram.split(b"\0", 1)
    assert address == b"/status.reply"
    assert rest.lstrip(b"\0").startswith(b",iiiiffddffffsTiissf\0")


def test_status_is_plausible(client):
    values = status(client)
    assert values["nominal"] == 48_000.0
    assert values["measured"] == pytest.approx(48_000.0, rel=0.5)  # what a busy machine really plays
    assert 0.0 < values["mean"] <= values["peak"]
    assert values["release"] == "tiny"
    assert values["playing"] is True
    assert values["synthesis"] > 1e3 * 256 / 44_100  # half a window at least


def test_a_value_is_told_as_it_was_set(client):
    client.send("/aitunes/pad/xy", 0.25, 0.75)
    assert client.ask("/aitunes/pad/xy") == pytest.approx([0.25, 0.75], abs=1e-5)
    client.send("/aitunes/gain", -200.0)
    assert client.expect("/aitunes/gain") == [-60.0]  # its author hears of a value that was clipped
    client.send("/aitunes/gain", 0)
    assert client.ask("/aitunes/gain") == [0.0]


def test_a_block_is_kept_for_the_device_that_comes_and_told_to_the_others(client, other):
    assert client.ask("/aitunes/device/block") == [0]
    client.command("/aitunes/device/block", 128)
    assert other.expect("/aitunes/device/block") == [128]
    assert client.ask("/aitunes/device/block") == [128]
    client.command("/aitunes/device/block", 0)


def test_who_asks_is_told_what_is_being_recorded(client):
    assert client.ask("/aitunes/record/start") == [""]
    client.command("/aitunes/record/start", "told.wav")
    assert client.ask("/aitunes/record/start") == ["told.wav"]
    client.command("/aitunes/record/stop")
    assert client.ask("/aitunes/record/start") == [""]


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (("/aitunes/nothing", 1.0), "no such address"),
        (("/aitunes/gain", float("nan")), "not a finite number"),
        (("/aitunes/latent", 1.0), "wants 3 coordinates for the release tiny"),
        (("/aitunes/pad/axes", 0, 7), "two different axes from 0 to 2"),
        (("/aitunes/release/load", "nowhere"), "There is no release named 'nowhere'"),
        (("/aitunes/release/load", "../tiny"), "There is no release named"),
        (("/aitunes/release/load", "x" * 4000), "There is no release named"),
        (("/aitunes/snapshot/recall", "nothing", 1.0), "no snapshot named 'nothing'"),
        (("/aitunes/snapshot/save", "../x"), "not a plain file name"),
        (("/aitunes/record/start", "/tmp/x.wav"), "not a plain file name"),
        (("/aitunes/record/stop",), "no recording runs"),
        (("/aitunes/device/set", "no such device"), ""),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(client, message, sentence):
    assert sentence in client.refused(*message)
    assert status(client)["release"] == "tiny"


def test_messages_of_a_bundle_apply_together(client):
    for n in range(10):
        client.bundle(("/aitunes/latent/0", n / 10), ("/aitunes/latent/1", -n / 10), ("/aitunes/latent",))
        assert client.expect("/aitunes/latent")[:2] == pytest.approx([n / 10, -n / 10], abs=1e-6)


def test_a_bundle_for_later_applies_later(client, other):
    client.send("/aitunes/speed", 1.0)
    due = time.time() + 2.0
    client.bundle(("/aitunes/speed", 2.5), at=due)
    assert client.ask("/aitunes/speed") == [1.0]
    assert other.expect("/aitunes/speed", where=lambda values: values == [2.5])
    # It applies ahead of its time by what the sound takes to be heard, and never much later but on a stalled machine.
    assert time.time() > due - 0.2
    assert client.ask("/aitunes/speed") == [2.5]


def test_bundles_of_the_past_are_counted_and_obeyed(client):
    before = status(client)["late"]
    client.bundle(("/aitunes/speed", 3.0), at=time.time() - 5.0)
    assert client.ask("/aitunes/speed") == [3.0]
    assert status(client)["late"] == before + 1


def test_what_is_held_can_be_forgotten(client):
    client.send("/aitunes/speed", 1.0)
    due = time.time() + 2.0
    client.bundle(("/aitunes/speed", 4.0), at=due)
    client.send("/clearSched")
    client.bundle(("/aitunes/speed",), at=due + 0.1)
    assert client.expect("/aitunes/speed") == [1.0]


def test_former_addresses_are_answered_by_their_names_and_told_by_both(client, other):
    client.send("/aitunes/glide", 0.25)
    assert client.ask("/aitunes/glide") == client.ask("/aitunes/smoothing") == [0.25]
    for address in ("/aitunes/smoothing", "/aitunes/glide"):
        other.expect(address, where=lambda arguments: arguments == [0.25])
    assert client.ask("/aitunes/model/list", reply="/aitunes/model")[0] == "high-sine"
    assert client.ask("/aitunes/model/list", reply="/done")[0] == "/aitunes/model/list"
    assert "no release named 'nothing'" in client.refused("/aitunes/model/load", "nothing")


def test_a_change_is_echoed_to_the_others_and_not_to_its_author(client, other):
    client.command("/notify", 1)
    client.send("/aitunes/position", 0.375)
    assert other.expect("/aitunes/position") == [0.375]
    other.send("/aitunes/position", 0.5)
    # The first that the author hears of is the other's change, not its own.
    assert client.expect("/aitunes/position") == [0.5]


def test_subscribers_hear_the_level(other):
    peak, rms = other.expect("/aitunes/meter", where=lambda values: values[1] > -60.0)
    assert peak >= rms


def test_a_pattern_moves_all_it_stands_for(client):
    client.send("/aitunes/latent/*", 0.5)
    assert client.ask("/aitunes/latent") == [0.5] * 3


def test_releases_are_listed_and_described(client):
    client.send("/aitunes/release/list")
    rows = {}
    while True:
        (message,) = parse(client.receive()[0])[0].messages
        if message.address == "/done":
            break
        assert message.address == "/aitunes/release"
        _, *rows[message.arguments[0]] = message.arguments
    assert message.arguments == ["/aitunes/release/list", len(rows)]
    assert rows["wide"] == ["Wide", "Made by a test.", 5]
    assert json.loads(client.ask("/aitunes/release/info")[0])["name"] == "tiny"


def test_version_and_sync(client):
    assert client.ask("/version", reply="/version.reply")[0] == "AiTunes"
    assert client.ask("/sync", 7, reply="/synced") == [7]
    assert client.ask("/sync", 2**40, reply="/synced") == [2**31 - 1]


def test_junk_is_counted_and_stops_nothing(client):
    before = status(client)["malformed"]
    rng = random.Random(5)
    for n in range(500):
        client.send_bytes(rng.randbytes(rng.randrange(1, 200)))
        if n % 50 == 0:
            assert alive(client)  # and the socket holds what comes until then
    client.send_bytes(b"/" + b"[a" * 30_000 + b"\0\0\0" + b",\0\0\0")
    client.send_bytes(build("/aitunes/latent", *[1.0] * 2000))
    assert status(client)["malformed"] >= before + 400


def test_stop_is_silence_and_play_is_sound(client, other):
    client.send("/aitunes/stop")
    other.expect("/aitunes/meter", where=lambda values: values[1] < -100.0)
    assert status(client)["playing"] is False
    client.send("/aitunes/play")
    other.expect("/aitunes/meter", where=lambda values: values[1] > -60.0)


def test_a_snapshot_is_kept_told_recalled_and_dropped(client):
    client.send("/aitunes/latent", 1.0, -1.0, 0.5)
    client.command("/aitunes/snapshot/save", "calm")
    client.send("/aitunes/latent", 0.0, 0.0, 0.0)
    client.send("/aitunes/snapshot/list")
    assert client.expect("/aitunes/snapshot") == ["calm"]
    assert client.expect("/done") == ["/aitunes/snapshot/list", 1]
    client.command("/aitunes/snapshot/recall", "calm", 0.0)
    assert client.ask("/aitunes/latent") == pytest.approx([1.0, -1.0, 0.5])
    client.command("/aitunes/snapshot/delete", "calm")
    assert client.ask("/aitunes/snapshot/list", reply="/done") == ["/aitunes/snapshot/list", 0]


def test_a_gesture_is_recorded_replayed_to_all_kept_as_a_score_and_dropped(shared, client, other, releases, tmp_path):
    # One bundle, one hop: what stands behind the command belongs to the gesture already.
    client.bundle(("/aitunes/gesture/record", "wave"), ("/aitunes/pad/xy", 0.1, 0.2))
    assert other.expect("/aitunes/gesture/record") == ["wave"]
    assert client.ask("/aitunes/gesture/record") == ["wave"]
    assert "being recorded already" in client.refused("/aitunes/gesture/record", "other")
    client.bundle(("/aitunes/gain", -6.0), ("/aitunes/gesture/stop",))
    client.expect("/done", where=lambda done: done[0] == "/aitunes/gesture/stop")
    assert other.expect("/aitunes/gesture/record") == [""]
    assert client.ask("/aitunes/gesture/list", reply="/aitunes/gesture") == ["wave"]

    client.command("/aitunes/gesture/play", "wave", 1, 10.0)
    assert client.ask("/aitunes/gesture/play") == ["wave", 1, 10.0]
    # Both the hand that recorded it and all others see the gesture move the instrument, again and again.
    for listener in (client, other):  # a busy machine may have taken longer than a lease
        listener.command("/notify", 1)
    for listener in (client, other, client, other):
        assert listener.expect("/aitunes/pad/xy") == pytest.approx([0.1, 0.2])
        assert listener.expect("/aitunes/gain", where=lambda values: values == [-6.0])
    client.send("/aitunes/speed", 2.0)
    assert other.expect("/aitunes/speed") == [2.0]
    assert other.expect("/aitunes/pad/xy") == pytest.approx([0.1, 0.2])
    client.command("/aitunes/gesture/stop")
    assert other.expect("/aitunes/gesture/play") == ["", 0, 1.0]
    assert "no gesture is being recorded or replayed" in client.refused("/aitunes/gesture/stop")
    client.command("/aitunes/gesture/play", "wave", 0, 1.0)
    assert client.expect("/aitunes/gesture/play") == ["", 0, 1.0]

    score = shared.home / "gestures" / "wave.txt"
    render_score(score.read_text(), tmp_path / "wave.wav", Library([releases]), RenderOptions("tiny"))
    client.command("/aitunes/gesture/delete", "wave")
    assert not score.exists()
    assert "no gesture named 'wave'" in client.refused("/aitunes/gesture/play", "wave", 0, 1.0)
    client.bundle(("/aitunes/gain", 0.0), ("/aitunes/speed", 1.0))


def test_a_gesture_that_cannot_be_played_is_refused_by_its_line(shared, client):
    folder = shared.home / "gestures"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wrong.txt").write_text("0 /aitunes/play\n1 /aitunes/latent/7 0\n")
    assert "Line 2 of the score: there is no address" in client.refused("/aitunes/gesture/play", "wrong", 0, 1.0)
    for words in (("/play", "../x", 0, 1.0), ("/delete", "../x"), ("/record", "../x")):
        assert "not a plain file name" in client.refused(f"/aitunes/gesture{words[0]}", *words[1:])
    assert client.ask("/aitunes/gesture/record") == [""]


def test_subscribers_see_the_spectrum_of_what_sounds(other, client):
    (blob,) = other.expect("/aitunes/scope")
    levels = np.frombuffer(blob, ">f4")
    assert levels.shape == (64,)
    assert levels.max() > -60.0
    client.send("/aitunes/stop")
    other.expect("/aitunes/scope", where=lambda values: np.frombuffer(values[0], ">f4").max() == -120.0)
    client.send("/aitunes/play")
    other.expect("/aitunes/scope", where=lambda values: np.frombuffer(values[0], ">f4").max() > -60.0)


def test_a_release_is_changed_while_it_plays(changing, other):
    client = changing
    client.send("/aitunes/pad/xy", 0.3, 0.6)
    client.command("/aitunes/release/load", "wide")
    assert status(client)["release"] == "wide"
    assert client.ask("/aitunes/release/load") == ["wide"]
    assert other.expect("/aitunes/release/load") == ["wide"]
    assert client.ask("/aitunes/pad/xy") == pytest.approx([0.3, 0.6], abs=1e-5)
    client.send("/aitunes/latent/4", 1.0)
    assert client.ask("/aitunes/latent/4") == [1.0]
    client.command("/aitunes/release/load", "segment")
    assert "no such address" in client.refused("/aitunes/latent/4", 0.0)
    other.expect("/aitunes/meter", where=lambda values: values[1] > -60.0)
    assert status(client)["release"] == "segment"


def test_nothing_of_another_release_stops_the_sound(silent_engine):
    engine, client = silent_engine()
    client.send("/aitunes/latent", 1.0, 1.0, 1.0)
    client.command("/aitunes/snapshot/save", "three")
    # What is for later must still be held when the other release is there, however long that takes here.
    for seconds in (1.5, 6.0, 24.0):
        at = time.time() + seconds
        client.bundle(("/aitunes/latent/2",), ("/aitunes/latent/2", 1.0), ("/aitunes/pad/axes", 1, 2), at=at)
        client.command("/aitunes/release/load", "segment")
        if time.time() < at - 0.5:
            break
        client.command("/aitunes/release/load", "tiny")
    assert "coordinates 0 to 1" in client.expect("/fail", where=lambda reply: reply[0] == "/aitunes/latent/2")[1]
    assert "belongs to the release tiny" in client.refused("/aitunes/snapshot/recall", "three", 0.5)
    assert client.ask("/aitunes/pad/xy")
    assert engine.process.poll() is None


def test_commands_finish_in_the_order_they_came(changing):
    client = changing
    client.send("/aitunes/release/load", "wide")
    client.send("/aitunes/snapshot/save", "five")
    client.send("/aitunes/release/load", "tiny")
    client.send("/aitunes/release/load", "wide")
    client.send("/aitunes/snapshot/recall", "five", 0.0)
    client.send("/sync", 1)
    done, refused = [], []
    while (message := parse(client.receive()[0])[0].messages[0]).address != "/synced":
        (done if message.address == "/done" else refused).append(message.arguments)
    assert [arguments[1] for arguments in done] == ["wide", "five", "wide", "five"]
    # Of two loads in a row only the last one matters.
    assert refused == [["/aitunes/release/load", REPLACED]]


def test_more_look_ahead_is_better_and_later(changing):
    client = changing
    client.send("/aitunes/quality", 8, 4)
    client.ask("/sync", 1, reply="/synced")
    deadline = time.monotonic() + 60.0
    while status(client)["synthesis"] < 1e3 * (256 + 4 * 128) / 44_100:  # half a window and four hops, and work
        assert time.monotonic() < deadline
    assert client.ask("/aitunes/quality") == [8, 4]


def test_what_is_recorded_is_what_was_played(shared, client, other):
    client.command("/aitunes/record/start", "take.flac")
    path = shared.home / "recordings" / "take.flac"
    assert not path.exists()
    client.ask("/sync", 1, reply="/synced")
    for _ in range(3):  # something has been played meanwhile
        other.expect("/aitunes/meter")
    client.command("/aitunes/record/stop")
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype) == (48_000, 2, "PCM_24")
    assert "exists already" in client.refused("/aitunes/record/start", "take.flac")


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_ending_fades_and_leaves_the_recording_readable(silent_engine, number):
    import signal

    if not hasattr(signal, number):
        pytest.skip(f"there is no {number} here")
    engine, client = silent_engine()
    other = engine.client()
    other.command("/notify", 1)
    other.expect("/aitunes/meter", where=lambda values: values[1] > -60.0)
    client.command("/aitunes/record/start", "take.wav")
    other.ask("/sync", 1, reply="/synced")  # what is told after that is of the time of the recording
    for _ in range(50):  # of noise, whose largest step a shorter time may miss
        other.expect("/aitunes/meter")
    engine.process.send_signal(getattr(signal, number))
    assert engine.ends() == 0
    assert "Stopped." in engine.text
    assert "Traceback" not in engine.text
    y, rate = soundfile.read(engine.home / "recordings" / "take.wav")
    y = y.mean(axis=1)
    assert [path.name for path in (engine.home / "recordings").iterdir()] == ["take.wav"]
    assert np.abs(y).max() > 1e-3
    # The end is a fade: the last hop is silent, and no sample steps further than the sound itself does.
    assert np.abs(y[-64:]).max() < 1e-4
    steps = np.abs(np.diff(y))
    assert steps[-round(0.15 * rate) :].max() <= 1.1 * steps[: -round(0.15 * rate)].max()


def test_quit_ends_the_engine_and_a_second_ctrl_c_changes_nothing(silent_engine):
    engine, client = silent_engine()
    client.command("/quit")
    engine.interrupt()
    assert engine.ends() == 0
    assert "Traceback" not in engine.text


def test_a_taken_port_is_a_sentence(shared, start, releases):
    port = shared.client().engine[1]
    second = start("play", "--output", "none", "--osc-port", port, "--releases", releases, "--release", "tiny")
    assert second.ends() == 1
    assert f"aitunes: OSC port {port} on 127.0.0.1 cannot be opened" in second.text
    assert "Traceback" not in second.text


def test_over_tcp_the_same_engine_answers_and_a_connection_that_leaves_leaves_nothing(silent_engine):
    _, client = silent_engine("--osc-tcp")
    with socket.create_connection(client.engine, timeout=60.0) as connection:
        for message in (("/notify", 1), ("/aitunes/gain", -3.0), ("/sync", 7)):
            connection.sendall(slip.encode(build(*message)))
        heard = b""
        while slip.encode(build("/synced", 7)) not in heard:
            heard += connection.recv(65_536)
        client.send("/aitunes/gain", -6.0)
        while slip.encode(build("/aitunes/gain", -6.0)) not in heard:
            heard += connection.recv(65_536)
        assert slip.encode(build("/done", "/notify", 1)) in heard
        assert slip.encode(build("/aitunes/gain", -3.0)) not in heard
        assert status(client)["subscribers"] == 1
    deadline = time.monotonic() + 60.0
    while status(client)["subscribers"]:
        assert time.monotonic() < deadline


def test_an_unknown_release_is_a_sentence(start):
    engine = start("play", "--output", "none", "--release", "nowhere")
    assert engine.ends() == 1
    assert f"aitunes: There is no release named 'nowhere'; there are: {', '.join(BUNDLED)}." in engine.text
    assert "Traceback" not in engine.text


def test_a_broken_release_is_a_sentence_and_never_replaces_a_playing_one(shared, client, tiny):
    folder = shared.home / "releases"
    tiny.write(folder, "broken")
    (folder / "broken" / "decoder.onnx").write_bytes(b"changed")
    assert "its SHA-256 differs" in client.refused("/aitunes/release/load", "broken")
    assert status(client)["release"] == "tiny"
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["dance"], "invalid choice: 'dance'"),
        (["play", "--osc-port", "70000"], "70000 is not from 0 to 65535"),
        (["play", "--output", "loud"], "invalid choice: 'loud'"),
        (["play", "--iterations", "many"], "invalid whole number value: 'many'"),
        (["render"], "required: score"),
        (["--nothing"], "--nothing"),
    ],
)
def test_wrong_usage_has_the_status_2_and_a_sentence(start, words, sentence):
    engine = start(*words)
    assert engine.ends() == 2
    assert sentence in engine.text
    assert "Traceback" not in engine.text


@pytest.fixture
def without_portaudio(tmp_path):
    """The environment of a machine on which PortAudio is not installed."""
    (tmp_path / "no-portaudio").mkdir()
    (tmp_path / "no-portaudio" / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    return {"PYTHONPATH": str(tmp_path / "no-portaudio")}


def test_without_portaudio_it_says_so_and_plays_in_silence(start, releases, without_portaudio):
    engine = start(
        *("play", "--osc-port", 0, "--releases", releases, "--release", "tiny"), environment=without_portaudio
    )
    client = engine.client()
    assert "sudo apt-get install libportaudio2" in engine.text
    assert "OSC works all the same" in engine.text
    assert "Traceback" not in engine.text
    assert status(client)["nominal"] == 48_000.0
    assert "PortAudio is not installed" in client.refused("/aitunes/device/list")


def test_a_device_asked_for_by_name_that_is_not_there_is_a_failure(start, without_portaudio):
    engine = start("play", "--device", "Grand Organ", environment=without_portaudio)
    assert engine.ends() == 1
    assert "PortAudio is not installed" in engine.text


def test_without_a_display_it_says_so(start, releases):
    nothing = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
    engine = start("play", "--output", "none", "--osc-port", 0, environment=nothing)
    engine.says("No display: headless, played over OSC at 127.0.0.1")
    engine.says("Ctrl-C ends it")
