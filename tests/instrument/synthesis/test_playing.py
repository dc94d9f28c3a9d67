"""Tests what notes sound like: their pitch, their level, and no click; measured on the samples that leave the synth."""

import numpy as np
import pytest

from instrument.namespace import ROOT
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.synth import Synth

pytestmark = pytest.mark.training

RATE = 44_100.0


@pytest.fixture
def synth(open_release, perform):
    """A synth on the release `notes`, its drone at rest."""
    release = open_release("notes")
    synth = Synth(ReleaseRenderer(release, RATE, 8, background=False), perform(release), RATE)
    synth.performance.iterations = 8
    act(synth, "/drone", False)
    act(synth, "/envelope", 0.01, 0.1)
    play(synth, 0.5)
    return synth


def act(synth, path, *values):
    synth.performance.apply(ROOT + path, values)


def play(synth, seconds):
    return np.concatenate([synth.render().mean(axis=1) for _ in range(round(seconds / synth.hop_seconds))])


def hz(note):
    return 440.0 * 2.0 ** ((note - 69) / 12)


def level_db(y):
    """Root mean square of every 10 ms, dB."""
    blocks = y[: len(y) // 441 * 441].reshape(-1, 441)
    return 20.0 * np.log10(np.sqrt(np.mean(blocks**2, axis=1)) + 1e-9)


@pytest.mark.parametrize("iterations", [0, 8])
@pytest.mark.parametrize("note", [57, 64, 69, 72, 81])
def test_a_note_sounds_at_its_pitch(synth, frequency, note, iterations):
    act(synth, "/quality", iterations, 0)
    act(synth, "/note", note, 100)
    play(synth, 0.3)
    # Phases that are only propagated know a partial's frequency no better than its three loudest bins tell.
    assert 1200 * np.log2(frequency(play(synth, 1.0), RATE) / hz(note)) == pytest.approx(
        0.0, abs=5 if iterations else 12
    )


def test_bend_and_pitch_are_heard(synth, frequency):
    act(synth, "/pitch", 60.5)
    act(synth, "/bend", -2.0)
    play(synth, 0.3)
    assert frequency(play(synth, 1.0), RATE) == pytest.approx(hz(58.5), rel=0.003)


@pytest.mark.parametrize("chord", [(57, 61, 64), (60, 64, 67), (69, 73, 76)])
def test_every_note_of_a_chord_is_heard_though_their_partials_share_bins(synth, chord):
    for note in chord:
        act(synth, "/note", note, 100)
    play(synth, 0.3)
    y = play(synth, 1.0)
    S = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    S = 20.0 * np.log10(S / S.max() + 1e-9)
    peaks = [S[round(hz(note) * len(y) / RATE) + np.arange(-3, 4)].max() for note in chord]
    assert min(peaks) > -4.0


@pytest.mark.parametrize("iterations", [0, 8])
def test_a_held_note_keeps_its_level_within_a_decibel(synth, iterations):
    act(synth, "/quality", iterations, 0)
    act(synth, "/note", 64, 90)
    play(synth, 0.2)
    assert np.ptp(level_db(play(synth, 2.0))) < 1.0


def test_velocity_is_heard_as_level(synth):
    levels = []
    for velocity in (127, 64):
        act(synth, "/note", 60, velocity)
        play(synth, 0.3)
        levels.append(level_db(play(synth, 0.5)).mean())
        act(synth, "/notes/off")
        play(synth, 0.3)
    # The release's upper partials fall faster than its level, so that a little more than the curve's 11.9 dB is lost.
    assert 11.5 < levels[0] - levels[1] < 13.5


def test_attack_and_release_take_the_time_that_is_set(synth):
    act(synth, "/envelope", 0.5, 0.6)
    act(synth, "/note", 64, 127)
    rise = level_db(play(synth, 0.8))
    full = rise[-10:].mean()
    assert rise[25] - full == pytest.approx(-6.0, abs=1.5)
    assert rise[10] - full == pytest.approx(-14.0, abs=2.0)
    act(synth, "/note", 64, 0)
    fall = level_db(play(synth, 0.8))
    assert fall[30] - full == pytest.approx(-30.0, abs=2.0)
    assert fall[75:].max() - full < -60.0


def steepest(y):
    """The largest step between samples, relative to the loudest of these."""
    return np.abs(np.diff(y)).max() / np.abs(y).max()


@pytest.mark.parametrize("envelope", [(0.0, 0.0), (0.01, 0.1)])
def test_notes_begin_and_end_without_a_click(synth, envelope):
    act(synth, "/envelope", *envelope)
    act(synth, "/note", 57, 127)
    begin = play(synth, 0.3)
    held = steepest(play(synth, 0.5))
    act(synth, "/note", 57, 0)
    end = play(synth, 0.3)
    assert steepest(begin) < 1.3 * held
    assert steepest(end) < 1.3 * held


@pytest.mark.parametrize("voices", [1, 2])
def test_a_voice_that_is_taken_away_makes_no_click(synth, voices):
    act(synth, "/voices", voices)
    alone = []
    for note in (57, 60, 64):
        act(synth, "/note", note, 127)
        play(synth, 0.3)
        alone.append(np.abs(np.diff(play(synth, 0.3))).max())
        act(synth, "/notes/off")
        play(synth, 0.3)
    act(synth, "/note", 57, 127)
    act(synth, "/note", 60, 127)
    play(synth, 0.3)
    act(synth, "/note", 64, 127)
    assert np.abs(np.diff(play(synth, 0.3))).max() < 1.3 * sum(sorted(alone)[-voices:])


def test_after_the_last_note_all_is_silent_and_costs_no_reconstruction(synth, monkeypatch):
    act(synth, "/note", 64, 127)
    play(synth, 0.2)
    act(synth, "/notes/off")
    play(synth, 0.2)
    assert synth.resting
    monkeypatch.setattr(synth.renderer.voices, "render", None)  # whoever reconstructs now fails
    assert not play(synth, 0.2).any()


def test_a_note_after_silence_sounds_as_the_first_did(synth):
    takes = []
    for _ in range(2):
        act(synth, "/note", 64, 127)
        takes.append(play(synth, 0.3))
        act(synth, "/notes/off")
        play(synth, 0.5)
        assert synth.resting
    assert np.allclose(level_db(takes[0])[3:], level_db(takes[1])[3:], atol=0.5)


def test_notes_go_on_in_time_while_the_sound_is_stopped(synth):
    act(synth, "/note", 64, 127)
    act(synth, "/stop")
    play(synth, 0.5)
    act(synth, "/note", 64, 0)
    play(synth, 0.5)
    act(synth, "/play")
    assert not play(synth, 0.3).any()


def test_moving_the_pad_changes_the_timbre_and_not_the_pitch(synth, frequency):
    act(synth, "/note", 57, 100)
    heard = []
    for place in (-2.0, 2.0):
        act(synth, "/latent", place, 0.0)
        play(synth, 0.3)
        y = play(synth, 1.0)
        S = np.abs(np.fft.rfft(y * np.hanning(len(y)))) ** 2
        heard.append((frequency(y, RATE), np.sum(S * np.arange(len(S))) / np.sum(S)))
    assert heard[0][0] == pytest.approx(heard[1][0], rel=0.003)
    assert heard[1][1] > 1.1 * heard[0][1]


@pytest.mark.parametrize(("notes", "asked", "each"), [(1, 24, 24), (4, 24, 6), (3, 2, 2), (2, 1, 1), (2, 0, 0)])
def test_tones_share_the_refinements_of_a_hop(synth, notes, asked, each):
    act(synth, "/quality", asked, 0)
    for note in range(60, 60 + notes):
        act(synth, "/note", note, 100)
    play(synth, 0.1)
    voices = synth.renderer.voices
    assert (len(voices.sounding), voices.iterations) == (notes, each)
