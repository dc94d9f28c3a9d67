"""A time tag is when a change is heard: within half a hop, early as often as late."""

import numpy as np
import pytest
import soundfile

from instrument.engine.engine import Engine
from instrument.engine.options import EngineOptions
from instrument.measures import Clock as EngineClock
from instrument.namespace import ROOT
from instrument.outputs.null import NullOutput
from instrument.scores.render import RenderOptions, render_score
from instrument.storage.library import Library
from instrument.synthesis.timeline import Call

pytestmark = pytest.mark.training

HOP = 128 / 44_100
EPOCH = 1.7e9


class Clock:
    """Seconds that pass only while somebody sleeps, who wakes up to a millisecond late."""

    def __init__(self, rng):
        self.now = 50.0
        self._rng = rng

    def sleep(self, seconds):
        self.now += seconds + self._rng.uniform(0.0, 1e-3)


class Device(NullOutput):
    """A device 5 ms from its loudspeaker, whose ring can be seen to half a millisecond only."""

    latency_seconds = 0.005

    def __init__(self, sample_rate, clock, rng):
        super().__init__(sample_rate, lambda: clock.now, clock.sleep)
        self._rng = rng

    @property
    def next_is_heard(self):
        """When the sample that is written next will be heard, in truth."""
        return EPOCH + self._end + self.latency_seconds

    def wait(self):
        return super().wait() + self._rng.uniform(-5e-4, 5e-4)


@pytest.fixture(params=[44_100.0, 48_000.0])
def engine(request, releases, tmp_path, rng):
    """An engine whose hops take no time but the clock's."""
    clock = Clock(rng)
    reading = EngineClock(lambda: clock.now, lambda: EPOCH + clock.now)
    options = EngineOptions("tiny", osc_port=0, iterations=0, gestures=tmp_path, snapshots=tmp_path / "s.json")
    engine = Engine(Device(request.param, clock, rng), Library([releases]), options, clock=reading)
    engine.output.start()
    yield engine
    engine.close()


def test_changes_of_the_engine_are_within_half_a_hop_of_their_tags(engine, rng):
    tags = np.sort(engine.output.next_is_heard + rng.uniform(2.0, 6.0, 400))
    heard = []

    def note():
        heard.append(engine.output.next_is_heard + engine.synth_thread.synth.change_seconds)

    for tag in tags:
        engine.timeline.post([Call(note, arrived=EPOCH)], tag)
    engine.timeline.post([Call(engine.quit)], tags[-1] + 0.1)
    engine.synth_thread.run(engine.handler)
    errors = np.array(heard) - tags
    # A fifth of a millisecond is what the stream's clock leaves of what cannot be seen better.
    assert np.abs(errors).max() < 0.5 * HOP + 2e-4
    assert abs(np.mean(errors)) < 0.1 * HOP
    assert engine.timeline.late_events == 0


def half_way(y, begin, end):
    """Return where one sound has half given way to another, in samples: the step that fits the spectra between best."""
    windows = np.lib.stride_tricks.sliding_window_view(y, 512)[begin - 256 : end - 256]
    S = np.abs(np.fft.rfft(windows * np.hanning(512)))
    third = len(S) // 3
    old, new = S[:third].mean(axis=0), S[-third:].mean(axis=0)
    share = (S - old) @ (new - old) / np.sum((new - old) ** 2)
    return begin + int(np.argmin(np.cumsum(2.0 * share - 1.0)))


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_changes_of_the_sound_are_within_half_a_hop_of_their_times(tmp_path, rng, rate):
    times = 0.25 + 0.12 * np.arange(20) + rng.uniform(0.0, 0.02, 20)
    lines = [f"{seconds} {ROOT}/pad/xy {(0.9, 0.1)[n % 2]} 0.5" for n, seconds in enumerate(times)]
    score = "\n".join([f"0 {ROOT}/pad/xy 0.1 0.5", *lines])
    path = tmp_path / "jumps.wav"
    render_score(score, path, Library(), RenderOptions("first-light", sample_rate=rate, depth="float"))
    y, _ = soundfile.read(path)
    y = y.mean(axis=1)
    around = round(0.05 * rate)
    heard = [half_way(y, round(seconds * rate) - around, round(seconds * rate) + around) / rate for seconds in times]
    errors = np.array(heard) - times
    # The half-way point of a change of such sounds is found to a third of a millisecond.
    assert np.abs(errors).max() < 0.5 * HOP + 4e-4
    assert abs(np.mean(errors)) < 0.2 * HOP


@pytest.mark.parametrize("name", ["first-light", "chamber"])
def test_notes_begin_and_end_within_half_a_hop_of_their_times(tmp_path, rng, name):
    begins = 0.25 + 0.3 * np.arange(8) + rng.uniform(0.0, 0.02, 8)
    ends = begins + 0.15
    lines = [f"{on} {ROOT}/note 69 100\n{off} {ROOT}/note 69 0" for on, off in zip(begins, ends, strict=True)]
    score = "\n".join([f"0 {ROOT}/envelope 0 0", f"0 {ROOT}/motion 0", f"0 {ROOT}/drone F", *lines])
    path = tmp_path / "notes.wav"
    library = Library()
    render_score(score, path, library, RenderOptions(name, depth="float"))
    y, rate = soundfile.read(path)
    loud = np.convolve(y.mean(axis=1) ** 2, np.ones(100) / 100, "same")
    loud = loud > np.percentile(loud, 95) / 4.0
    edges = np.flatnonzero(np.diff(loud.astype(int)))
    features = library.open(name).card.features
    # A period of the note is 100 samples, and that is how well its edges are seen.
    allowed = (0.5 * features.hop_length + 100) / rate
    for expected, step in ((begins, 1), (ends, -1)):
        seen = edges[np.diff(loud.astype(int))[edges] == step] / rate
        assert all(np.abs(seen - moment).min() < allowed for moment in expected)
