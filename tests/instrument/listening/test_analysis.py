"""Tests what is heard of an input, with the releases that come with the instrument."""

import numpy as np
import pytest

from aitunes.pitch import midi_to_hz
from aitunes.release.reader import read_release
from instrument.listening.analysis import Analyser
from instrument.listening.timbre import TimbreEncoder
from instrument.storage.paths import bundled_releases
from instrument.synthesis.following import Following

RATE, BLOCK = 48_000, 128


@pytest.fixture(scope="module", params=["first-light", "chamber"])
def timbre(request):
    return TimbreEncoder(read_release(bundled_releases() / request.param))


@pytest.fixture
def settings():
    return Following().settings


def tone(midi, seconds, brightness=1.0, rate=RATE):
    t = np.arange(round(seconds * rate)) / rate
    y = sum(np.sin(2 * np.pi * midi_to_hz(midi) * n * t + n) * n**-brightness for n in range(1, 12))
    return (0.2 * y / np.abs(y).max()).astype(np.float32)


def hear(analyser, y, settings, block=BLOCK):
    """Return what is heard after each block."""
    heard = []
    for at in range(0, len(y) - block + 1, block):
        analyser.process(y[at : at + block].copy(), settings)
        heard.append(analyser.heard)
    return heard


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000, 96_000])
def test_pitch_and_level_of_a_tone_are_heard_at_any_rate(timbre, settings, rate):
    y = tone(57, 0.4, rate=rate)
    heard = hear(Analyser(rate, 48_000, timbre), y, settings)[-1]
    assert heard.sounding
    assert heard.onsets == 1
    assert heard.pitch == pytest.approx(57.0, abs=0.1)
    assert heard.level_db == pytest.approx(20 * np.log10(np.std(y)) + 20.0, abs=1.0)


def test_a_sound_is_heard_once_its_pitch_is_known_and_no_longer_when_it_ends(timbre, settings):
    silence = np.zeros(RATE // 5, np.float32)
    heard = hear(Analyser(RATE, 48_000, timbre), np.concatenate([silence, tone(60, 0.3), silence]), settings)
    sounding = [one for one in heard if one.sounding]
    begin = [one.sounding for one in heard].index(True) * BLOCK / RATE - 0.2
    assert begin < 0.03
    assert all(abs(one.pitch - 60.0) < 0.5 for one in sounding)
    assert not heard[-1].sounding
    assert heard[-1].pitch == pytest.approx(60.0, abs=0.5)  # what fades out keeps its pitch


def test_noise_is_heard_without_a_pitch(timbre, settings, rng):
    heard = hear(Analyser(RATE, 48_000, timbre), 0.1 * rng.standard_normal(RATE // 2).astype(np.float32), settings)
    assert heard[-1].sounding
    assert heard[-1].onsets >= 1


def test_another_timbre_lies_elsewhere_and_another_level_does_not(timbre, settings):
    def place(y):
        return hear(Analyser(RATE, 48_000, timbre), y, settings)[-1].coordinates

    dark, bright = place(tone(60, 0.4, brightness=2.5)), place(tone(60, 0.4, brightness=0.5))
    assert np.linalg.norm(bright - dark) > 1.0
    assert np.linalg.norm(place(0.3 * tone(60, 0.4, brightness=0.5)) - bright) < 0.3


def test_damaged_samples_and_an_offset_are_survived(timbre, settings):
    analyser = Analyser(RATE, 48_000, timbre)
    bad = tone(57, 0.3)
    bad[::7], bad[1::701], bad[2::703] = np.nan, np.inf, -1e30
    hear(analyser, bad, settings)
    assert hear(analyser, 0.5 + np.zeros(RATE // 2, np.float32), settings)[-1].sounding is False
    heard = hear(analyser, 0.5 + tone(57, 0.4), settings)[-1]
    assert heard.pitch == pytest.approx(57.0, abs=0.1)
    assert np.isfinite(heard.coordinates).all()


def test_what_comes_late_is_heard_as_it_is_now(timbre, settings):
    analyser = Analyser(RATE, 48_000, timbre)
    heard = hear(analyser, np.concatenate([tone(57, 0.3), tone(64, 0.3)]), settings, block=4_800)[-1]
    assert heard.pitch == pytest.approx(64.0, abs=0.2)


def test_gain_and_gate_decide_what_is_heard(timbre, settings):
    quiet = 1e-3 * tone(57, 0.3)
    assert not hear(Analyser(RATE, 48_000, timbre), quiet, settings)[-1].sounding
    assert hear(Analyser(RATE, 48_000, timbre), quiet, settings._replace(gain_db=30.0))[-1].sounding
    assert hear(Analyser(RATE, 48_000, timbre), quiet, settings._replace(gate_db=-80.0))[-1].sounding


def test_a_release_without_pitch_hears_its_timbre_at_once(settings):
    release = read_release(bundled_releases() / "weather")
    heard = hear(Analyser(RATE, 48_000, TimbreEncoder(release)), tone(57, 0.3), settings)
    assert [one.sounding for one in heard].index(True) * BLOCK / RATE < 0.01
    assert heard[-1].coordinates.shape == (release.card.latent_dim,)
