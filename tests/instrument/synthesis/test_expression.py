"""Notes with an identity: two of one key sound apart, each with its bend, pressure and timbre; and a panic ends all."""

import doctest

import numpy as np
import pytest

from instrument.namespace import ROOT, MessageError
from instrument.synthesis import keys
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.synth import Synth
from instrument.synthesis.tones import PitchRange
from instrument.synthesis.voice_allocator import MAX_KEYS, VoiceAllocator

RATE = 44_100.0
HOP = 128 / 44_100


@pytest.fixture
def allocator():
    """Eight voices that begin and end at once, without the drone."""
    allocator = VoiceAllocator(PitchRange(36.0, 84.5))
    allocator.drone, allocator.voices = False, 8
    allocator.attack_seconds = allocator.release_seconds = 0.0
    return allocator


def tones(allocator):
    allocator.advance(HOP)
    return sorted(allocator.tones, key=lambda tone: tone.note_on)


def test_the_examples_in_the_documentation_hold():
    assert doctest.testmod(keys).failed == 0


def test_two_notes_of_one_key_sound_and_end_apart(allocator):
    allocator.play(60, 100, 7)
    allocator.play(60, 100, 8)
    allocator.express(8, bend=0.5)
    assert [tone.pitch for tone in tones(allocator)] == [60.0, 60.5]
    allocator.play(60, 0, 7)
    assert [tone.pitch for tone in tones(allocator)] == [60.5]


def test_a_note_without_identity_is_another_one_and_takes_no_expression(allocator):
    allocator.play(60, 100)
    allocator.play(60, 100, 7)
    allocator.express(0, bend=5.0)
    assert [tone.pitch for tone in tones(allocator)] == [60.0, 60.0]
    allocator.play(60, 0)
    allocator.express(7, bend=1.0)
    assert [tone.pitch for tone in tones(allocator)] == [61.0]


def test_a_note_that_fades_may_still_be_bent_and_one_that_has_ended_is_none(allocator):
    allocator.release_seconds = 1.0
    allocator.play(60, 100, 7)
    tones(allocator)
    allocator.play(60, 0, 7)
    allocator.express(7, bend=2.0)
    assert [tone.pitch for tone in tones(allocator)] == [62.0]
    allocator.express(9, bend=2.0)


def test_bends_of_the_note_and_of_all_add_up(allocator):
    allocator.play(60, 100, 7)
    allocator.express(7, bend=-3.0)
    allocator.bend_semitones = 1.0
    assert tones(allocator)[0].pitch == 58.0


def test_full_pressure_brings_a_note_to_full_level_as_far_as_is_set(allocator):
    allocator.play(60, 64, 7)
    (struck,) = tones(allocator)
    allocator.express(7, pressure=1.0)
    assert tones(allocator)[0].level_db == 0.0
    allocator.expression = allocator.expression._replace(pressure_level=0.5)
    assert tones(allocator)[0].level_db == pytest.approx(0.5 * struck.level_db)


def test_with_one_voice_each_key_has_its_own_bend(allocator):
    allocator.voices = 1
    allocator.play(60, 100, 7)
    allocator.express(7, bend=1.0)
    allocator.play(64, 100, 8)
    assert tones(allocator)[0].pitch == 64.0
    allocator.play(64, 0, 8)
    assert tones(allocator)[0].pitch == 61.0


def test_keys_that_nobody_lets_go_are_bounded(allocator):
    for number in range(1, 5_000):
        allocator.play(40 + number % 40, 100, number)
    assert len(tones(allocator)) == 8
    for number in range(5_000 - MAX_KEYS, 5_000):
        allocator.play(40 + number % 40, 0, number)
    assert tones(allocator) == []


@pytest.fixture
def synth(open_release, perform):
    """A synth on the release `notes`, its drone at rest."""
    release = open_release("notes")
    synth = Synth(ReleaseRenderer(release, RATE, 4, background=False), perform(release), RATE)
    act(synth, "/drone", False)
    play(synth, 0.2)
    return synth


def act(synth, path, *values):
    synth.performance.apply(ROOT + path, values)


def play(synth, seconds):
    return np.concatenate([synth.render().mean(axis=1) for _ in range(round(seconds / synth.hop_seconds))])


def brightness(y):
    S = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    return float(S @ np.fft.rfftfreq(len(y), 1 / RATE) / S.sum())


@pytest.mark.training
def test_timbre_moves_one_note_along_a_direction_and_leaves_the_others(synth):
    act(synth, "/voice/timbre/axis", 0, 2.0)
    act(synth, "/note", 60, 100, 7)
    play(synth, 0.1)
    plain = brightness(play(synth, 0.3))
    act(synth, "/voice/timbre", 7, 1.0)
    play(synth, 0.1)
    up = brightness(play(synth, 0.3))
    act(synth, "/voice/timbre", 7, 0.0)
    play(synth, 0.1)
    down = brightness(play(synth, 0.3))
    assert min(abs(up - plain), abs(down - plain)) > 20.0
    assert (up - plain) * (down - plain) < 0.0
    act(synth, "/voice/timbre", 7, 0.5)
    play(synth, 0.1)
    assert brightness(play(synth, 0.3)) == pytest.approx(plain, rel=0.01)


@pytest.mark.training
def test_pressure_is_louder_and_bend_is_higher(synth, frequency):
    act(synth, "/note", 60, 40, 7)
    play(synth, 0.2)
    soft = np.sqrt(np.mean(play(synth, 0.3) ** 2))
    act(synth, "/voice/pressure", 7, 1.0)
    act(synth, "/voice/bend", 7, 7.0)
    play(synth, 0.2)
    y = play(synth, 0.5)
    assert 20 * np.log10(np.sqrt(np.mean(y**2)) / soft) > 6.0
    assert frequency(y, RATE) == pytest.approx(440.0 * 2 ** ((67 - 69) / 12), rel=0.003)


@pytest.mark.training
def test_an_axis_that_the_release_lacks_is_refused(synth):
    with pytest.raises(MessageError, match="coordinates 0 to 1"):
        act(synth, "/voice/timbre/axis", 2, 1.0)


@pytest.mark.training
def test_a_panic_is_silence_within_eight_milliseconds_and_the_next_note_sounds(synth):
    act(synth, "/envelope", 0.01, 20.0)
    act(synth, "/drone", True)
    for note in (60, 64, 67):
        act(synth, "/note", note, 100)
    assert np.abs(play(synth, 0.3)).max() > 0.1
    act(synth, "/panic")
    y = play(synth, 0.2)
    # The ring and the device hold 12 ms more (`/status`), so this is 20 ms for whoever listens.
    assert not y[round(0.008 * RATE) :].any()
    act(synth, "/note", 72, 100)
    act(synth, "/drone", False)
    assert np.abs(play(synth, 0.3)).max() > 0.05
    assert synth.performance.allocator.held_notes == [72]


@pytest.mark.training
def test_a_stop_is_none_that_a_note_ends(synth):
    act(synth, "/stop")
    act(synth, "/note", 60, 100)
    assert not synth.performance.playing
