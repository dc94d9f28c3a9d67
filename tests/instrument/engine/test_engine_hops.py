"""The engine without its threads: hops are rendered by the test, so that what fails can be made to fail."""

import gc
import json
import shutil
import threading
import time
import weakref
from dataclasses import replace
from itertools import groupby
from types import SimpleNamespace

import numpy as np
import pytest

from aitunes.errors import ReleaseError
from instrument.engine.device_changes import DeviceChanges
from instrument.engine.engine import Engine
from instrument.engine.options import EngineOptions
from instrument.engine.publisher import Publisher
from instrument.engine.task_queue import Task
from instrument.measures import Clock
from instrument.namespace import MAX_VOICES, ROOT, Kind, MessageError
from instrument.outputs import OutputError
from instrument.outputs.closing import OutputCloser
from instrument.outputs.null import NullOutput
from instrument.storage.library import Library
from instrument.storage.snapshots import SnapshotStore
from instrument.synthesis.effort import LOW_LOAD_SECONDS
from instrument.synthesis.timeline import Event
from instrument.synthesis.voice_allocator import MAX_STRIKES, STRIKES_A_HOP

pytestmark = pytest.mark.training

ANNE = ("127.0.0.1", 1)
HOP = 128 / 44_100


@pytest.fixture
def folder(tiny, tmp_path):
    tiny.write(tmp_path / "releases", "tiny", latent_dim=3)
    return tmp_path / "releases"


@pytest.fixture
def said():
    return []


@pytest.fixture
def clock():
    """Return what the engine reads the time from; a test may set other functions."""
    return SimpleNamespace(elapsed=time.perf_counter, wall=time.time)


@pytest.fixture
def engine(folder, tmp_path, said, clock):
    reading = Clock(lambda: clock.elapsed(), lambda: clock.wall())
    options = EngineOptions("tiny", osc_port=0, iterations=1, recordings=tmp_path, snapshots=tmp_path / "s.json")
    options = replace(options, gestures=tmp_path / "gestures")
    engine = Engine(NullOutput(44_100.0), Library([folder]), options, log=said.append, clock=reading)
    yield engine
    engine.close()
    gc.unfreeze()


def notices(engine):
    """Everything that would be sent, (peer, address, arguments)."""
    return [(notice.peer, notice.address, notice.arguments) for notice in engine.publisher.drain()]


def test_a_setting_that_changes_nothing_is_not_told_again(engine):
    for value in (-7.0, -7.0, -7.0, -8.0, -8.0, -7.0):
        engine.handler.apply(Event(f"{ROOT}/gain", Kind.SETTING, (value,), ANNE))
    assert [arguments for _, _, arguments in notices(engine)] == [(-7.0,), (-8.0,), (-7.0,)]


def test_a_gesture_tells_what_it_moves_each_time(engine):
    for _ in range(3):
        engine.handler.apply(Event(f"{ROOT}/gain", Kind.SETTING, (-7.0,)))
    assert [arguments for _, _, arguments in notices(engine)] == [(-7.0,)] * 3


def finish(worker):
    """Wait until the worker has nothing left to do."""
    deadline = time.monotonic() + 60.0
    while not worker.idle:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def broken(*_arguments, **_settings):
    raise RuntimeError("the decoder is broken")


@pytest.mark.parametrize("latent_dim", [2, 3, 5])
def test_a_release_that_was_exported_again_under_its_name_is_taken_over(engine, folder, tiny, hopping, latent_dim):
    shutil.rmtree(folder / "tiny")
    tiny.write(folder, "tiny", latent_dim=latent_dim)
    engine.changes.releases.load("tiny")
    assert engine.synth_thread.performance.point.dim == latent_dim
    assert f"{ROOT}/latent/{latent_dim - 1}" in engine.rows
    assert f"{ROOT}/latent/{latent_dim}" not in engine.rows
    assert engine.hop().any()


def test_a_release_that_cannot_render_is_refused_before_it_sounds(engine, hopping, monkeypatch):
    renderer = engine.synth_thread.synth.renderer
    monkeypatch.setattr("instrument.synthesis.decoders.Decoder.__call__", broken)
    with pytest.raises(ReleaseError, match="tiny cannot be played: the decoder is broken"):
        engine.changes.releases.load("tiny")
    assert engine.synth_thread.synth.renderer is renderer


def test_a_hop_that_fails_is_silent_and_told_once(engine, said, monkeypatch):
    monkeypatch.setattr(engine.synth_thread.synth, "render", broken)
    for _ in range(3):
        y = engine.hop()
        assert len(y) == 128
        assert not y.any()
    assert [address for _, address, _ in notices(engine)] == ["/error"]
    assert said == ["The synthesis failed: RuntimeError('the decoder is broken')"]
    monkeypatch.undo()
    assert engine.hop().any()


def test_a_synthesis_that_fails_for_a_second_ends_the_engine_as_failed(engine, said, monkeypatch):
    monkeypatch.setattr(engine.synth_thread.synth, "render", broken)
    monkeypatch.setattr(engine.output, "wait", lambda: 0.0)
    engine.synth_thread.run(engine.handler)
    assert engine.synth_thread.stopped.is_set()
    assert engine.failed
    assert said[-1].startswith("The synthesis has ended")


def test_a_closed_terminal_fails_nothing():
    def closed(line):
        raise ValueError("I/O operation on closed file")

    publisher = Publisher(closed)
    publisher.warn("Hello.")
    assert notices(SimpleNamespace(publisher=publisher)) == [(None, "/error", ("Hello.",))]


def test_an_event_that_fails_costs_the_others_of_its_hop_nothing(engine):
    engine.timeline.post([Event("/x", Kind.SETTING, (1,), ANNE), Event(f"{ROOT}/speed", Kind.SETTING, (2.0,), ANNE)])
    assert engine.hop().any()
    assert engine.synth_thread.performance.speed == 2.0
    peer, address, (path, _) = notices(engine)[0]
    assert (peer, address, path) == (ANNE, "/fail", "/x")


def test_a_gesture_has_nothing_in_it_that_was_refused(engine):
    take = engine.gestures.begin("wave", engine.synth_thread.performance, engine.rows)
    for path, values in ((f"{ROOT}/latent", (1.0,)), (f"{ROOT}/pad/axes", (9, 0)), (f"{ROOT}/speed", (2.0,))):
        engine.timeline.post([Event(path, Kind.SETTING, values, ANNE, arrived=1.0)])
    engine.hop()
    assert [address for _, address, _ in notices(engine)] == ["/fail", "/fail", f"{ROOT}/speed"]
    assert [path for _, path, _ in take.events] == [f"{ROOT}/speed"]


def test_a_device_that_hangs_when_it_is_lost_holds_up_nobody(engine, said):
    gate, closed = threading.Event(), threading.Event()

    class Lost(NullOutput):
        underruns = 3

        def wait(self):
            raise OutputError("It has gone.")

        def close(self):
            gate.wait(60.0)
            closed.set()

    engine.synth_thread.output = Lost(44_100.0)
    engine.output.underruns = 3
    engine.synth_thread.wait_for_output(engine.handler)
    assert said[0].startswith("It has gone. Playing on without sound")
    assert engine.worker.idle
    assert not closed.is_set()
    assert engine.underruns >= 3  # what the lost device counted is not forgotten
    gate.set()


class Elsewhere(NullOutput):
    """Another device, which remembers whether it was closed."""

    closed = False

    def close(self):
        self.closed = True


def test_moving_to_another_output_closes_what_it_leaves(engine, hopping, monkeypatch):
    left, there = engine.output, Elsewhere(48_000.0)
    left.underruns = 5
    closed = []
    monkeypatch.setattr(engine.synth_thread.synth.renderer.source, "close", lambda: closed.append(True))
    engine.changes.devices.move_to(there)
    assert engine.output is there
    assert engine.recorder.sample_rate == 48_000.0
    assert engine.underruns >= 5
    assert closed
    assert not there.closed


def test_an_output_that_cannot_start_is_closed_and_named(engine, hopping, monkeypatch):
    left, there = engine.output, Elsewhere(48_000.0)
    monkeypatch.setattr(there, "start", broken)
    with pytest.raises(OutputError, match="cannot be started: the decoder is broken"):
        engine.changes.devices.move_to(there)
    assert there.closed
    assert engine.output is left


def test_an_output_of_another_rate_is_refused_and_closed_while_a_recording_runs(engine, hopping):
    engine.recorder.start("take.wav")
    there = Elsewhere(48_000.0)
    with pytest.raises(OutputError, match="stop the recording first"):
        engine.changes.devices.move_to(there)
    engine.recorder.stop()
    assert there.closed


@pytest.fixture
def device(engine):
    """A device that plays and can be reopened; it refuses blocks of more than 1,024 frames."""
    opened = []

    class Device(Elsewhere):
        name = "USB"

        def __init__(self, device, blocksize, channels=()):
            if blocksize > 1024:
                raise OutputError("USB cannot be opened: no such block.")
            if max(channels, default=0) > 4:
                raise OutputError("USB cannot be opened: no such output.")
            super().__init__(44_100.0)
            opened.append((device, blocksize, *channels))

        def check_block(self, frames):
            pass

    engine.synth_thread.output = Device("USB", 0)
    reloader = SimpleNamespace(refresh=lambda: None, free_old=lambda: None)
    changes = DeviceChanges(
        engine.synth_thread, engine.recorder, engine.publisher, reloader, OutputCloser(), EngineOptions(), Device
    )
    return SimpleNamespace(changes=changes, opened=opened)


def test_another_block_opens_the_same_device_anew_and_the_same_one_does_not(engine, hopping, device):
    before = engine.output
    device.changes.set_block(256)
    device.changes.set_block(256)
    assert device.opened == [("USB", 0), ("USB", 256)]
    assert before.closed
    assert device.changes.blocksize == 256


def test_a_block_that_the_device_refuses_changes_nothing(engine, hopping, device):
    before = engine.output
    with pytest.raises(OutputError, match="no such block"):
        device.changes.set_block(2048)
    assert (engine.output, device.changes.blocksize) == (before, 0)


def test_other_outputs_open_the_same_device_anew_and_those_that_it_lacks_change_nothing(engine, hopping, device):
    device.changes.set_channels(3, 4)
    device.changes.set_channels(3, 4)
    device.changes.set_channels(2, 0)
    assert device.opened == [("USB", 0), ("USB", 0, 3, 4), ("USB", 0, 2)]
    for left, right, sentence in ((5, 6, "no such output"), (3, 3, "the same output"), (0, 1, "without a left one")):
        with pytest.raises(OutputError, match=sentence):
            device.changes.set_channels(left, right)
        assert device.changes.channels == (2,)


def test_a_device_of_another_rate_is_returned_to_once_the_recording_has_ended(engine, hopping, device, said):
    engine.synth_thread.output = Elsewhere(48_000.0)  # plays on silently, as after a loss
    device.changes.awaited = "USB"
    engine.recorder.start("take.wav")
    device.changes.return_to_device()
    assert device.changes.awaited == "USB"
    engine.recorder.stop()
    device.changes.return_to_device()
    assert (device.changes.awaited, engine.output.name) == (None, "USB")


def test_many_changes_of_look_ahead_make_one_renderer(engine, hopping):
    made = []
    thread = engine.synth_thread
    take_renderer = thread.take_renderer
    thread.take_renderer = lambda renderer: (made.append(renderer.lookahead), take_renderer(renderer))
    for lookahead in (1, 2, 3):
        engine.synth_thread.performance.lookahead = lookahead
    for _ in range(3):
        engine.changes.releases.change_lookahead()
    assert made == [3]


def test_a_new_hop_length_gets_a_new_clock(engine, folder, tiny, hopping):
    clock = engine.synth_thread.stream_clock
    engine.changes.releases.load("tiny")
    assert engine.synth_thread.stream_clock is clock
    tiny.write(folder, "slow", latent_dim=3, n_fft=1024, hop_length=256)
    engine.changes.releases.load("slow")
    assert engine.synth_thread.stream_clock.hop_seconds == engine.synth_thread.synth.renderer.hop_seconds


def test_a_command_that_is_done_is_told_to_the_others(engine, folder, tiny, hopping):
    tiny.write(folder, "wide", latent_dim=5)
    engine.commands.run(Task(Event(f"{ROOT}/release/load", Kind.COMMAND, ("wide",), ANNE)))
    notices = engine.publisher.drain()
    notices = [(notice.peer, notice.to_others, notice.address, notice.arguments) for notice in notices]
    assert (ANNE, False, "/done") in [notice[:3] for notice in notices]
    assert (ANNE, True, f"{ROOT}/release/load", ("wide",)) in notices


def test_a_recalled_snapshot_is_told_to_the_others(engine, hopping, tmp_path):
    engine.synth_thread.performance.apply(f"{ROOT}/gain", (-6.0,))
    engine.synth_thread.performance.apply(f"{ROOT}/latent", (1.0, 0.0, 0.5))
    SnapshotStore(tmp_path / "s.json").save("calm", engine.synth_thread.performance.snapshot())
    engine.synth_thread.performance.apply(f"{ROOT}/gain", (0.0,))
    engine.commands.run(Task(Event(f"{ROOT}/snapshot/recall", Kind.COMMAND, ("calm", 0.5), ANNE)))
    told = [(message.peer, message.address, message.arguments) for message in engine.publisher.drain()]
    assert told[0] == (None, f"{ROOT}/gain", (-6.0,))


def test_a_snapshot_is_of_its_place_among_the_settings(engine, tmp_path):
    """In a bundle of a gain, a snapshot and another gain, it holds the first."""
    setting = f"{ROOT}/gain"
    engine.timeline.post([
        Event(setting, Kind.SETTING, (-6.0,)),
        Event(f"{ROOT}/snapshot/save", Kind.COMMAND, ("calm",)),
        Event(setting, Kind.SETTING, (-12.0,)),
    ])  # fmt: skip
    engine.hop()
    engine.worker.start()
    engine.timeline.post([Event("/sync", Kind.COMMAND, (1,), ANNE)])
    engine.hop()
    finish(engine.worker)
    assert (ANNE, "/synced", (1,)) in notices(engine)
    assert SnapshotStore(tmp_path / "s.json").get("calm").settings["/gain"] == [-6.0]


def test_what_plays_is_told_to_those_who_ask_without_arguments(engine):
    engine.timeline.post([
        Event(f"{ROOT}/release/load", Kind.COMMAND, None, ANNE),
        Event(f"{ROOT}/device/set", Kind.COMMAND, None, ANNE),
    ])  # fmt: skip
    engine.hop()
    assert [arguments for _, _, arguments in notices(engine)] == [("tiny",), (engine.output.name,)]


def test_a_question_waits_for_no_hop_but_for_the_changes_before_it(engine):
    gain = f"{ROOT}/gain"
    question = [Event(gain, Kind.SETTING, None, ANNE)]
    assert engine.answer(question)
    assert notices(engine) == [(ANNE, gain, (0.0,))]
    engine.timeline.post([Event(gain, Kind.SETTING, (-12.0,))])
    assert not engine.answer(question)
    assert notices(engine) == []
    engine.hop()
    notices(engine)
    assert engine.answer(question)
    assert notices(engine) == [(ANNE, gain, (-12.0,))]


def test_nothing_is_answered_while_a_hop_applies_its_changes(engine, monkeypatch):
    """One setting of two has been applied: an answer between the two would show half of a change."""
    answered = []
    gain = f"{ROOT}/gain"
    apply = engine.handler.apply
    question = [Event(gain, Kind.SETTING, None, ANNE)]
    monkeypatch.setattr(engine.handler, "apply", lambda event: (answered.append(engine.answer(question)), apply(event)))
    engine.timeline.post([Event(gain, Kind.SETTING, (-12.0,)), Event(f"{ROOT}/pan", Kind.SETTING, (0.5,))])
    engine.hop()
    assert answered == [False, False]
    assert engine.timeline.is_idle


@pytest.mark.parametrize("path", ["gain", "note", "snapshot/save"])
def test_what_changes_something_is_left_to_its_hop(engine, path):
    values = {"gain": (-12.0,), "note": (60, 100), "snapshot/save": ("calm",)}[path]
    kind = engine.rows[f"{ROOT}/{path}"].kind
    assert not engine.answer([Event(f"{ROOT}/gain", Kind.SETTING, None, ANNE), Event(f"{ROOT}/{path}", kind, values)])
    assert notices(engine) == []


def test_a_sync_waits_for_the_commands_before_it_and_for_no_hop(engine):
    engine.worker.start()
    assert engine.answer([Event("/sync", Kind.SERVER, (3,), ANNE)])
    finish(engine.worker)
    assert notices(engine) == [(ANNE, "/synced", (3,))]


def test_nobody_waits_for_a_hop_that_never_comes(engine):
    engine.synth_thread.stopped.set()
    ran = []
    with pytest.raises(MessageError, match="ending"):
        engine.synth_thread.at_next_hop(lambda: ran.append(True))
    engine.hop()
    assert ran == []


def test_closing_drops_queued_work_and_reports_a_recording_that_failed(engine, said, monkeypatch):
    loaded = []
    engine.in_background(lambda: loaded.append(True))
    engine.recorder.start("take.wav")
    monkeypatch.setattr(engine.recorder, "stop", lambda: (_ for _ in ()).throw(OutputError("The disk is full.")))
    engine.osc.start()
    engine.worker.close()
    engine.worker.start()
    engine.close()
    monkeypatch.undo()
    assert loaded == []
    assert said == ["The disk is full."]


def test_a_segment_that_cannot_be_decoded_is_told_and_the_last_one_plays_on(engine, said, monkeypatch):
    failure = [RuntimeError("no")]
    source = engine.synth_thread.synth.renderer.source
    monkeypatch.setattr(source, "take_failure", lambda: failure.pop() if failure else None)
    engine.publish()
    assert said == ["A segment could not be decoded, so the last one plays on: no"]
    assert engine.hop().shape == (128, 2)


def test_an_input_that_nobody_knows_gets_what_says_nothing(open_release, perform):
    from aitunes.release.card import TensorSpec
    from instrument.synthesis.release_renderer import ReleaseRenderer

    class TwoInputs:
        def __init__(self, decoder):
            self.decoder = decoder

        def run(self, outputs, inputs, options=None):
            assert np.array_equal(inputs["wind"], np.full((1, 1), 0.5, np.float32))
            return self.decoder.run(outputs, {"z": inputs["z"]})

    release = open_release("tiny")
    wind = TensorSpec("wind", ("batch", 1), (0.5, 1.0))
    card = replace(release.card, inputs=(*release.card.inputs, wind))
    renderer = ReleaseRenderer(replace(release, card=card, decoder=TwoInputs(release.decoder)), 44_100.0, 1)
    assert renderer.render(np.zeros(3, np.float32), perform(release)).shape == (128, 2)


def test_an_output_that_fails_in_any_way_is_a_lost_one(engine, said, monkeypatch):
    monkeypatch.setattr(engine.output, "wait", broken)
    engine.synth_thread.wait_for_output(engine.handler)
    assert said[0].startswith("The output none (silent) failed: the decoder is broken.")


def test_what_is_left_is_freed_without_the_collector_which_is_off(engine, folder, tiny, hopping):
    tiny.write(folder, "segment", latent_dim=2, frames=64)
    engine.changes.releases.load("segment")
    left = weakref.ref(engine.synth_thread.synth.renderer)
    session = weakref.ref(engine.synth_thread.synth.renderer.release.decoder)
    gc.disable()
    try:
        engine.changes.releases.load("tiny")
        deadline = time.monotonic() + 60.0
        while left() or session():  # its decoding thread takes a moment to end
            assert time.monotonic() < deadline
            time.sleep(0.001)
    finally:
        gc.enable()


def test_the_card_that_is_told_is_the_one_that_plays(engine, folder, tiny):
    shutil.rmtree(folder / "tiny")
    tiny.write(folder, "tiny", latent_dim=7)
    engine.commands.run(Task(Event(f"{ROOT}/release/info", Kind.REQUEST, (), ANNE)))
    ((_, _, (text,)),) = notices(engine)
    assert json.loads(text)["latent_dim"] == 3


def test_a_card_that_no_datagram_carries_is_told_without_its_axes(engine, folder, tiny, hopping):
    tiny.write(folder, "many", latent_dim=128)
    engine.changes.releases.load("many")
    engine.commands.run(Task(Event(f"{ROOT}/release/info", Kind.REQUEST, (), ANNE)))
    (text,) = notices(engine)[-1][-1]
    assert json.loads(text)["latent_dim"] == 128
    assert json.loads(text)["latent"]["axes"] is None


def test_long_names_are_shortened_in_refusals(engine):
    name = "x" * 5_000
    engine.worker.submit(Task(Event(f"{ROOT}/release/load", Kind.COMMAND, (name,), ANNE)))
    engine.worker.start()
    finish(engine.worker)
    ((_, address, (_, reason)),) = notices(engine)
    assert address == "/fail"
    assert "There is no release named" in reason
    assert len(reason) < 400


def test_an_overload_costs_quality_and_ease_brings_it_back(engine, clock, monkeypatch):
    now = [100.0]

    def take(seconds):
        now[0] += seconds

    clock.elapsed = clock.wall = lambda: now[0]
    engine.synth_thread.output = NullOutput(44_100.0, clock.elapsed, take)
    frames, iterations = engine.synth_thread.synth.renderer.source.frames, []

    def decode(z, performance):
        """One second of ease, one in which it takes most of the hop, and eight of ease."""
        iterations.append(engine.status().iterations)
        seconds = now[0] - 100.0
        take(0.95 * HOP if 1.0 <= seconds < 2.0 else 0.1 * HOP)
        if seconds > 10.0:
            engine.quit()
        return frames(z, performance)

    monkeypatch.setattr(engine.synth_thread.synth.renderer.source, "frames", decode)
    engine.output.start()
    engine.synth_thread.run(engine.handler)
    assert [number for number, _ in groupby(iterations)] == [1, 0, 1]
    overloaded = iterations.index(0) * HOP
    assert 1.0 < overloaded < 1.2
    assert 2.0 + LOW_LOAD_SECONDS < overloaded + iterations.count(0) * HOP < 2.2 + LOW_LOAD_SECONDS
    assert engine.synth_thread.performance.iterations == 1  # what the player asked for stands
    assert engine.output.underruns == 0


def test_an_overload_that_lasts_is_told_once(engine):
    for _ in range(round(12.0 / HOP)):
        engine.synth_thread.limit_effort(2.0 * HOP)
    assert [address for _, address, _ in notices(engine)] == []  # it has not sounded yet: nothing is known
    engine.hop()
    for _ in range(round(12.0 / HOP)):
        engine.synth_thread.limit_effort(2.0 * HOP)
    ((_, address, (sentence,)),) = notices(engine)
    assert address == "/error"
    assert "carries 0 of 1 iterations" in sentence


def test_three_thousand_notes_a_second_neither_silence_it_nor_hang(releases, tmp_path):
    options = EngineOptions("notes", osc_port=0, iterations=1, recordings=tmp_path, snapshots=tmp_path / "s.json")
    options = replace(options, gestures=tmp_path / "gestures")
    engine = Engine(NullOutput(44_100.0), Library([releases]), options, log=print)
    try:
        count, struck, levels = 0, set(), []
        engine.handler.apply(Event(f"{ROOT}/voices", Kind.SETTING, (MAX_VOICES,), ANNE))
        for _ in range(700):  # two seconds
            notes = [(46 + n % 36, 100 if n % 3 else 0) for n in range(count, count + 9)]
            assert engine.timeline.post([Event(f"{ROOT}/note", Kind.ACTION, note, ANNE) for note in notes])
            count += len(notes)
            levels.append(float(np.abs(engine.hop()).max()))
            struck |= {(tone.slot, tone.note_on) for tone in engine.synth_thread.performance.tones}
        assert engine.timeline.ready_events == 0
        assert min(levels[10:]) > 0.01
        assert len(struck - {(0, 0)}) <= MAX_STRIKES + STRIKES_A_HOP * len(levels)
        engine.handler.apply(Event(f"{ROOT}/notes/off", Kind.ACTION, (), ANNE))
        for _ in range(700):
            level = float(np.abs(engine.hop()).max())
        assert level < 1e-3
    finally:
        engine.close()
        gc.unfreeze()


def test_quitting_says_so_at_once(engine):
    asked = []
    engine.asked_to_end = lambda: asked.append(engine.synth_thread.stopping.is_set())
    engine.handler.apply(Event(f"{ROOT}/gain", Kind.SETTING, (-7.0,), ANNE))
    assert asked == []
    engine.quit()
    assert asked == [True]
