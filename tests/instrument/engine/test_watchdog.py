"""A decoder that fails or hangs costs its release, never the instrument, which always ends when it is asked to."""

import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from aitunes.release.writer import write_release
from instrument.engine.engine import Engine
from instrument.engine.options import EngineOptions
from instrument.namespace import ROOT, Kind
from instrument.outputs.null import NullOutput
from instrument.storage.library import Library
from instrument.synthesis.timeline import Event

pytestmark = pytest.mark.training

ANNE = ("127.0.0.1", 1)
TRAP = 0.5
"""The first coordinate, in standard deviations, at which the decoder of `trap` never comes back."""


HUGE = 1_200_000_000
"""Numbers of 4 bytes, more than an instrument may hold."""


def write_trap(tiny, parent, endless=True, name="trap", huge=False):
    """A release that plays like any other but around `TRAP`: there it counts for ever, takes all memory, or fails."""
    card = tiny.card(name, latent_dim=2)
    n_mels, latent = card.features.bands, card.latent
    misfit = """
        other = Reshape (sum, wrong_shape)
        next = ReduceSum <keepdims = 0> (other)
    """
    much = """
        many_ones = ConstantOfShape (size)
        next = ReduceSum <keepdims = 0> (many_ones)
    """
    steps = f"""
        off = Sub (z, trap)
        distance = Abs (off)
        farthest = ReduceMax <keepdims = 0> (distance)
        caught = Less (farthest, near)
        times = Where (caught, many, once)
        count = Loop (times, yes, zero) <body = body (int64 n, bool condition, float sum) => (bool go_on, float next) {{
            go_on = Identity (condition)
            {"next = Add (sum, one)" if endless else much if huge else misfit}
        }}>
        nothing = Mul (count, zero)
        projected = MatMul (z, flat_z)
        biased = Add (projected, bias)
        flat = Add (biased, nothing)
        segment = Reshape (flat, shape)
        S = Clip (segment, zero, one)
    """
    constants = {
        "trap": (latent.mean + TRAP * np.sqrt(latent.variance[0]) * np.array(latent.axes[0]))[None],
        "near": 0.05,
        "many": 2**62 if endless else 1,
        "once": 0,
        "yes": True,
        "zero": 0.0,
        "one": 1.0,
        "shape": [-1, n_mels, 1],
        "bias": np.full((1, n_mels), 0.5),
        "flat_z": np.zeros((2, n_mels)),
        **({} if endless else {"size": [HUGE]} if huge else {"wrong_shape": [7, 5, 3]}),
    }
    return write_release(parent, card, tiny.files(card, tiny.model(card, steps, **constants)))


@pytest.fixture
def folder(tiny, tmp_path):
    folder = tmp_path / "releases"
    tiny.write(folder, "tiny", latent_dim=3)
    write_trap(tiny, folder)
    write_trap(tiny, folder, endless=False, name="failing")
    return folder


@pytest.fixture
def said():
    return []


@pytest.fixture
def play(folder, tmp_path, said):
    """Start engines that end with the test."""
    engines = []

    def start(release):
        options = EngineOptions(release, osc_port=0, iterations=0, recordings=tmp_path, snapshots=tmp_path / "s.json")
        options = replace(options, gestures=tmp_path / "gestures")
        engine = Engine(NullOutput(44_100.0), Library([folder]), options, log=said.append)
        engines.append(engine)
        engine.start()
        return engine

    yield start
    for engine in engines:
        engine.close()


def until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def move(engine, *coordinates):
    engine.timeline.post([Event(f"{ROOT}/latent", Kind.SETTING, coordinates, ANNE)])


def load(engine, name):
    engine.changes.releases.load(name)
    assert engine.synth_thread.performance.release == name


@pytest.mark.parametrize("release", ["trap", "failing"])
def test_a_release_that_hangs_or_fails_gives_way_to_the_one_before(play, said, release):
    engine = play("tiny")
    load(engine, release)
    move(engine, TRAP, 0.0)
    until(lambda: engine.synth_thread.performance.release == "tiny")
    until(lambda: said[-1:] == [f"The release {release} has failed; tiny plays again."])
    until(lambda: engine.synth_thread.synth.output.peak > 0.0)
    assert not engine.failed


@pytest.mark.parametrize("release", ["trap", "failing"])
def test_without_a_release_before_silence_plays_and_another_one_can_be_loaded(play, said, release):
    engine = play(release)
    move(engine, TRAP, 0.0)
    until(lambda: "so nothing sounds" in said[-1] if said else False)
    engine.synth_thread.at_next_hop(lambda: None)  # hops go on
    load(engine, "tiny")
    until(lambda: not engine.synth_thread.synth.abandoned and engine.synth_thread.synth.output.rms > 0.0)


class Stuck:
    """A decoder that cannot be interrupted."""

    def __init__(self, decoder):
        self.decoder = decoder
        self.stuck, self.free, self.caught = False, threading.Event(), threading.Event()

    def run(self, outputs, inputs, options=None):
        if self.stuck:
            self.caught.set()
            self.free.wait(120.0)
        return self.decoder.run(outputs, inputs)


@pytest.fixture
def stuck(play, folder, monkeypatch):
    """An engine whose decoder can be made to hang for good."""
    decoders = []

    class StuckLibrary(Library):
        def open(self, name):
            release = super().open(name)
            decoders.append(Stuck(release.decoder))
            return replace(release, decoder=decoders[-1])

    monkeypatch.setattr(f"{__name__}.Library", StuckLibrary)
    engine = play("tiny")
    yield engine, decoders[0]
    for decoder in decoders:
        decoder.free.set()


def test_a_decoder_that_cannot_be_interrupted_is_left_to_itself(stuck, said):
    engine, decoder = stuck
    decoder.stuck = True
    move(engine, 1.0, 0.0, 0.0)
    assert decoder.caught.wait(60.0)
    until(lambda: engine.synth_thread.synth.abandoned)
    engine.synth_thread.at_next_hop(lambda: None)  # hops go on, on another thread
    assert "takes more than 1 s" in said[0]
    assert engine.hanging
    load(engine, "tiny")
    decoder.free.set()
    until(lambda: engine.synth_thread.synth.output.rms > 0.0)
    engine.synth_thread.at_next_hop(lambda: None)  # the thread that comes back ends, and ends nothing else
    assert not engine.synth_thread.stopped.is_set()


def test_the_engine_ends_when_it_is_asked_to_though_its_decoder_hangs(stuck):
    engine, decoder = stuck
    decoder.stuck = True
    move(engine, 1.0, 0.0, 0.0)
    assert decoder.caught.wait(60.0)
    engine.quit()
    engine.wait()
    engine.close()
    assert engine.hanging


@pytest.mark.skipif(sys.platform != "linux", reason="the system bounds no memory")
def test_a_decoder_that_takes_all_memory_fails_alone(start, tiny, tmp_path):
    write_trap(tiny, tmp_path / "releases", endless=False, huge=True)
    words = ("--releases", tmp_path / "releases", "--release", "trap")
    engine = start("play", "--output", "none", "--osc-port", 0, *words)
    client = engine.client()
    client.command("/notify", 1)
    client.send(f"{ROOT}/latent", TRAP, 0.0)
    assert "allocate memory" in client.expect("/error")[0]  # at once, instead of after minutes of filling it
    client.send("/quit")
    assert engine.ends() == 0


@pytest.mark.parametrize("way", ["quit", "signal"])
def test_the_process_ends_though_its_decoder_hangs(start, tiny, tmp_path, way):
    write_trap(tiny, tmp_path / "releases")
    engine = start(
        "play", "--output", "none", "--osc-port", 0, "--releases", tmp_path / "releases", "--release", "trap"
    )
    client = engine.client()
    client.command("/notify", 1)
    client.send(f"{ROOT}/latent", TRAP, 0.0)
    client.expect("/error", where=lambda arguments: "takes more than" in arguments[0])
    if way == "quit":
        client.send("/quit")
    else:
        engine.process.terminate()
    assert engine.ends() == 0
