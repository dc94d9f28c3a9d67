"""Tests what is followed in a recorded note: attack, decay, release, timbre, and the share of noise."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="pip install aitunes[training]")

from aitunes.audio_generation.waves import time_axis
from aitunes.features import AudioFeatures
from aitunes.motion.note_level import find_marks
from aitunes.pitch import midi_to_hz
from training.data.note_motion import follow_note, noise_shares

pytestmark = pytest.mark.training

FEATURES = AudioFeatures(n_fft=2048, hop_length=256, scale="linear", f_max=22_050.0, db_range=(-60.0, 60.0))
FRAME_RATE = FEATURES.frame_rate


def tone(midi, envelope):
    t = np.arange(len(envelope)) / 44_100
    y = sum(np.sin(2 * np.pi * n * midi_to_hz(midi) * t) / n for n in range(1, 9))
    return (0.2 * y * envelope).astype(np.float32)


def encode(S):
    """Two numbers of each frame: its centre and its width."""
    bins = np.arange(S.shape[1])
    weights = S[:, :, 0] ** 4
    centre = (weights @ bins) / weights.sum(axis=1)
    return np.stack([centre, np.sqrt(np.maximum(weights @ bins**2 / weights.sum(axis=1) - centre**2, 0.0))], axis=1)


def held(attack, seconds, release):
    """An envelope that rises, stays, and falls by 60 dB."""
    rise = np.linspace(0.001, 1.0, int(attack * 44_100))
    fall = 10.0 ** (-3.0 * time_axis(release, 44_100) / release)
    return np.concatenate([rise, np.ones(int(seconds * 44_100)), fall])


def test_a_pluck_falls_as_it_does_and_has_no_release():
    envelope = 10.0 ** (-12.0 * time_axis(3.0, 44_100) / 20.0)
    track = follow_note(tone(57.0, envelope), 57.0, FEATURES, encode)
    attack, start, stop, release, end = track.marks
    assert attack < 0.05 * FRAME_RATE
    assert end - release < 0.06 * FRAME_RATE  # where the recording is cut
    seconds = np.arange(start, stop) / FRAME_RATE
    assert np.polyfit(seconds, track.level[start:stop], 1)[0] == pytest.approx(-12.0, abs=0.5)


@pytest.mark.parametrize("attack", [0.03, 0.3])
def test_a_held_note_has_its_attack_its_loop_and_its_release(attack):
    track = follow_note(tone(60.0, held(attack, 1.0, 0.3)), 60.0, FEATURES, encode)
    begin, start, stop, release, end = track.marks / FRAME_RATE
    assert begin == pytest.approx(attack, abs=0.05)
    assert release == pytest.approx(attack + 1.0, abs=0.06)
    assert end - release == pytest.approx(0.25, abs=0.08)
    assert begin <= start < stop <= release


def test_the_noise_of_a_room_around_a_note_is_no_part_of_it(rng):
    envelope = np.concatenate([np.zeros(30_000), held(0.05, 1.0, 0.3), np.zeros(30_000)])
    room = 0.02 * rng.standard_normal(len(envelope)).astype(np.float32)
    begin, _, _, release, end = follow_note(tone(60.0, envelope) + room, 60.0, FEATURES, encode).marks / FRAME_RATE
    assert begin < 0.12
    assert release == pytest.approx(1.05, abs=0.1)
    assert end < 1.45


def test_marks_rise_whatever_the_level_does(rng):
    for _ in range(50):
        level = np.cumsum(rng.normal(size=rng.integers(30, 400)))
        marks = find_marks(level - level.max(), FRAME_RATE)
        assert marks[0] <= marks[1] < marks[2] <= marks[3] <= marks[4]


def test_silence_and_a_click_have_no_motion():
    assert follow_note(np.zeros(44_100, np.float32), 60.0, FEATURES, encode) is None
    assert follow_note(tone(60.0, np.ones(1_000)), 60.0, FEATURES, encode) is None


def test_noise_is_noise_and_a_tone_is_none(rng):
    t = np.arange(44_100) / 44_100
    y = np.sin(2 * np.pi * midi_to_hz(81.0) * t)
    hiss = rng.standard_normal(44_100)
    windows = [np.lib.stride_tricks.sliding_window_view(x, 2048)[::256] * np.hanning(2048) for x in (y, hiss, y + hiss)]
    pure, noisy, mixed = (np.abs(np.fft.rfft(part, axis=1)).T.astype(np.float32) for part in windows)
    assert noise_shares(pure, 81.0, FEATURES)[0].max() < 0.02
    assert noise_shares(noisy, 81.0, FEATURES)[1].min() > 0.6
    near, between = noise_shares(mixed, 81.0, FEATURES)[:, 2]
    assert near < 0.1 < 0.7 < between
