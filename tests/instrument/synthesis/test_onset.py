"""A note sounds at once: half of its level within a hop or so of its note-on, in tune and without a click."""

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from aitunes.pitch import midi_to_hz
from instrument.storage.library import Library
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer

ITERATIONS = 8
SAMPLE_RATE = 44_100
MAX_ONSET = {"first-light": 160, "chamber": 256}
"""Samples from the hop of a note-on to half of the note's level."""
BEGINS, STRIKES = 10, 70


@pytest.fixture(scope="module", params=list(MAX_ONSET))
def release(request):
    return Library().open(request.param)


@pytest.fixture
def play(release):
    """`play({hop: [(note, velocity)]})`: the sound of notes that hold still, left, and a hop's length."""

    def play(notes, voices=4, hops=160):
        renderer = ReleaseRenderer(release, SAMPLE_RATE, ITERATIONS, background=False)
        performance = Performance.of(release.card, ITERATIONS)
        settings = {"envelope": (0.0, 0.3), "motion": (0.0,), "drone": (False,), "voices": (voices,)}
        for name, values in settings.items():
            performance.apply(f"/aitunes/{name}", values)
        blocks = []
        for hop in range(hops):
            for note, velocity in notes.get(hop, ()):
                performance.apply("/aitunes/note", (note, velocity))
            coordinates = performance.advance(renderer.hop_seconds)
            performance.sound(renderer.hop_seconds)
            blocks.append(renderer.render(coordinates, performance)[:, 0].copy())
        return np.concatenate(blocks), len(blocks[0])

    return play


@pytest.mark.parametrize("note", [50, 69, 81])
def test_a_note_has_half_of_its_level_at_once_and_silence_before(release, play, note):
    y, hop = play({BEGINS: [(note, 100)]})
    before, after = np.split(np.abs(y), [BEGINS * hop])
    level = np.percentile(after[8_000:12_000], 99)
    assert before.max() == 0.0
    assert np.argmax(after >= 0.5 * level) <= MAX_ONSET[release.card.name]


def high_band_db(y):
    """Energy above 8 kHz of a few milliseconds before which there was silence."""
    high_pass = butter(4, 8_000.0, "highpass", fs=SAMPLE_RATE, output="sos")
    return 10.0 * np.log10((sosfilt(high_pass, y) ** 2).sum())


@pytest.mark.parametrize("note", [50, 69, 81])
def test_a_note_begins_without_a_click(play, note):
    y, hop = play({BEGINS: [(note, 100)]})
    y, length = y[BEGINS * hop :], SAMPLE_RATE // 200
    fade = np.minimum(np.arange(length) / (0.003 * SAMPLE_RATE), 1.0)
    # The steady note may be cut at a zero crossing or at a peak: take the energy of a typical cut.
    cuts = [y[begin : begin + length] for begin in range(10_000, 10_400, 25)]
    bar = np.median([high_band_db(cut * fade) for cut in cuts]) + 6.0
    assert high_band_db(y[:length]) < bar
    assert np.median([high_band_db(cut) for cut in cuts]) > bar  # a hard start clicks


@pytest.mark.parametrize("note", [50, 69, 81])
def test_a_note_is_in_tune_after_two_periods(play, note):
    y, hop = play({BEGINS: [(note, 100)]})
    period = SAMPLE_RATE / midi_to_hz(note)
    y = y[BEGINS * hop + round(2 * period) :]
    width, lags = round(3 * period), np.arange(int(0.9 * period), int(1.1 * period) + 2)
    likeness = np.array([np.corrcoef(y[:width], y[lag : lag + width])[0, 1] for lag in lags])
    best = int(np.argmax(likeness[1:-1])) + 1
    a, b, c = likeness[best - 1 : best + 2]
    found = lags[best] + 0.5 * (a - c) / (a - 2.0 * b + c)
    assert likeness[best] > 0.95
    assert abs(1200.0 * np.log2(period / found)) < 10.0


@pytest.mark.parametrize(
    ("notes", "voices"),
    [
        pytest.param({BEGINS: [(57, 100)], STRIKES: [(57, 0), (57, 100)]}, 4, id="struck again"),
        pytest.param({BEGINS: [(57, 100), (60, 100)], STRIKES: [(70, 100)]}, 2, id="stolen"),
        pytest.param({BEGINS: [(57, 100)], STRIKES: [(64, 100)]}, 1, id="legato"),
    ],
)
def test_a_note_that_takes_a_sounding_voice_does_not_click(play, notes, voices):
    y, hop = play(notes, voices)
    strike = STRIKES * hop
    jumps = np.abs(np.diff(y, 4))
    steady = max(jumps[strike - 20 * hop : strike - 2 * hop].max(), jumps[strike + 40 * hop : strike + 60 * hop].max())
    assert jumps[strike - 10 : strike + 3 * hop].max() < 1.5 * steady


def test_a_stolen_voice_has_its_new_note_at_once(release, play):
    y, hop = play({BEGINS: [(57, 100)], STRIKES: [(57, 0), (76, 127)]}, voices=2)
    strike = STRIKES * hop
    period = round(SAMPLE_RATE / midi_to_hz(76))
    after = y[strike + MAX_ONSET[release.card.name] :]
    likeness = [np.corrcoef(after[:1024], after[lag : lag + 1024])[0, 1] for lag in (period - 1, period, period + 1)]
    assert max(likeness) > 0.7
