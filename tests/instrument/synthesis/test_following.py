"""Tests what an input that is heard does to the sound."""

import numpy as np
import pytest

from aitunes.release.reader import read_release
from instrument.namespace import ROOT
from instrument.storage.paths import bundled_releases
from instrument.synthesis.following import Heard
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.synth import Synth

RATE = 48_000
HOP = 128 / 44_100


class Ear:
    """Hears what the test says."""

    output_gain = 1.0

    def __init__(self):
        self.now = Heard(release="first-light")

    def heard(self):
        return self.now

    def dry(self, length):
        return np.full(length, 0.25, np.float32)

    def hears(self, **values):
        self.now = self.now._replace(**values)


@pytest.fixture
def ear():
    return Ear()


@pytest.fixture
def performance(ear):
    performance = Performance.of(read_release(bundled_releases() / "first-light").card, iterations=1)
    performance.following.ear = ear
    return performance


def sound(performance, seconds=HOP):
    """The tones after that time."""
    for _ in range(max(1, round(seconds / HOP))):
        coordinates = performance.advance(HOP)
        performance.sound(HOP)
    return coordinates, performance.tones


def test_the_drone_has_the_inputs_pitch_and_level_and_is_silent_where_the_input_is(performance, ear):
    ear.hears(sounding=True, level_db=-12.0, pitch=64.0, onsets=1)
    _, (tone,) = sound(performance)
    assert tone.pitch == 64.0
    assert 20 * np.log10(tone.gain) + tone.level_db == pytest.approx(-12.0, abs=0.01)
    ear.hears(sounding=False, level_db=-80.0)
    assert sound(performance, 0.5)[1] == ()


def test_the_input_is_heard_beside_notes_and_leaves_them_alone(performance, ear):
    performance.apply(f"{ROOT}/note", (72, 127))
    ear.hears(sounding=True, level_db=0.0, pitch=55.0, onsets=1)
    assert [tone.pitch for tone in sound(performance)[1]] == [55.0, 72.0]


def test_each_sound_of_the_input_begins_anew(performance, ear):
    ear.hears(sounding=True, level_db=0.0, pitch=55.0, onsets=1)
    first = sound(performance)[1][0].note_on
    ear.hears(onsets=2)
    assert sound(performance)[1][0].note_on != first


@pytest.mark.parametrize(("heard", "transpose", "played"), [(60, 12.0, 72.0), (40, 0.0, 52.0), (60, 48.0, 96.0)])
def test_pitch_is_transposed_and_folded_into_the_releases_range(performance, ear, heard, transpose, played):
    performance.apply(f"{ROOT}/input/transpose", (transpose,))
    ear.hears(sounding=True, level_db=0.0, pitch=heard, onsets=1)
    assert sound(performance)[1][0].pitch == played


def test_amounts_of_nothing_leave_the_sound_as_it_is(performance, ear):
    before = sound(performance)
    for name in ("timbre", "pitch", "level"):
        performance.apply(f"{ROOT}/input/follow/{name}", (0.0,))
    ear.hears(sounding=True, level_db=-20.0, pitch=50.0, onsets=1, coordinates=np.ones(8, np.float32))
    after = sound(performance, 0.1)
    assert after[0] is before[0]
    assert after[1][0].pitch == 69.0
    assert after[1][0].gain == 1.0


def test_half_an_amount_moves_half_the_way(performance, ear):
    for name in ("timbre", "pitch", "level"):
        performance.apply(f"{ROOT}/input/follow/{name}", (0.5,))
    ear.hears(sounding=True, level_db=-200.0, pitch=59.0, onsets=1, coordinates=np.ones(8, np.float32))
    coordinates, (tone,) = sound(performance, 0.3)
    assert tone.pitch == 64.0
    assert tone.gain * 10 ** (tone.level_db / 20) == pytest.approx(0.5, abs=0.01)
    assert coordinates == pytest.approx(np.full(8, 0.5), abs=0.1)


def test_the_pad_offsets_what_is_heard(performance, ear):
    performance.apply(f"{ROOT}/latent", (0.5,) + (0.0,) * 7)
    ear.hears(sounding=True, coordinates=np.full(8, 1.0, np.float32))
    assert sound(performance, 0.3)[0] == pytest.approx([1.5] + [1.0] * 7, abs=0.1)


def test_what_another_release_has_heard_moves_nothing(performance, ear):
    ear.hears(sounding=True, release="other", coordinates=np.ones(8, np.float32))
    assert sound(performance, 0.3)[0] == pytest.approx(np.zeros(8))


def test_hold_keeps_timbre_pitch_and_level_when_the_input_ends(performance, ear):
    ear.hears(sounding=True, level_db=-6.0, pitch=62.0, onsets=1, coordinates=np.ones(8, np.float32))
    sound(performance, 0.3)
    performance.apply(f"{ROOT}/input/hold", (True,))
    ear.hears(sounding=False, level_db=-90.0, pitch=40.0, coordinates=np.zeros(8, np.float32))
    coordinates, (tone,) = sound(performance, 1.0)
    assert tone.pitch == 62.0
    assert 20 * np.log10(tone.gain) + tone.level_db == pytest.approx(-6.0, abs=0.01)
    assert coordinates == pytest.approx(np.ones(8), abs=0.1)
    performance.apply(f"{ROOT}/input/hold", (False,))
    assert sound(performance, 0.5)[1] == ()


def test_an_input_that_is_turned_off_leaves_the_drone_as_it_was(performance, ear):
    ear.hears(sounding=True, level_db=-6.0, pitch=62.0, onsets=1)
    sound(performance)
    ear.now = None
    _, (tone,) = sound(performance)
    assert (tone.pitch, tone.gain, tone.note_on) == (69.0, 1.0, 0)


def test_mix_plays_the_input_itself_and_a_dip_softens_all(performance, ear):
    release = read_release(bundled_releases() / "first-light")
    synth = Synth(ReleaseRenderer(release, RATE, 1), performance, RATE)
    performance.apply(f"{ROOT}/input/mix", (0.0,))
    for _ in range(60):
        y = synth.render()
    assert y == pytest.approx(np.full_like(y, 0.25), abs=1e-3)
    ear.output_gain = 0.5
    synth.render()
    assert np.abs(synth.render()).max() == pytest.approx(0.125, abs=1e-3)


def test_a_snapshot_keeps_how_the_sound_follows_and_not_the_rooms_gain(performance):
    performance.apply(f"{ROOT}/input/follow/level", (0.25,))
    settings = performance.snapshot().settings
    assert settings["/input/follow/level"] == [0.25]
    assert "/input/gain" not in settings
