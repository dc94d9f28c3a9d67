"""The causal pitch tracker: tones, glides and noise that the test makes, and real notes where there are some."""

import csv

import numpy as np
import pytest

from aitunes.audio_generation.notes import FAMILIES, GeneratedNote
from aitunes.audio_processing.pitch_tracker import PitchTracker
from aitunes.pitch import midi_to_hz

RATE, BLOCK, LEAD = 44_100, 128, 2_000


def with_noise(y, snr_db, rng):
    """Put noise of the whole band under a sound, also before it begins."""
    power = np.mean(y**2) * 10.0 ** (-0.1 * snr_db)
    silent = np.concatenate([np.zeros(LEAD), y])
    return (silent + np.sqrt(power) * rng.standard_normal(len(silent))).astype(np.float32)


def track(y, onset=LEAD, block=BLOCK, rate=RATE):
    """End of each block, samples; pitch, 0 where there is none; clarity."""
    tracker, looks = PitchTracker(rate), []
    for at in range(0, len(y) - block + 1, block):
        if at <= onset < at + block:
            tracker.begin(at - onset)
        looks.append((at + block, *tracker.look(y[at : at + block])))
    return np.array(looks)


def figures(sounds):
    """Share of right pitches (50 cents) and of octave errors, of all looks from 30 ms after the onset on."""
    right, octaves, count = 0, 0, 0
    for y, onset, pitch in sounds:
        for end, midi, _ in track(y, onset):
            wanted = pitch(int(end))
            if end < onset + 0.03 * RATE or not wanted:
                continue
            count += 1
            apart = abs(midi - wanted)
            right += apart < 0.5
            octaves += midi > 0.0 and any(abs(apart - interval) < 0.5 for interval in (12, 19, 24, 28, 31, 36))
    return right / count, octaves / count


def harmonics(midi, seconds=0.3, count=8, rate=RATE):
    t = np.arange(round(seconds * rate)) / rate
    y = sum(np.sin(2 * np.pi * midi_to_hz(midi) * n * t + n) / n for n in range(1, count + 1))
    return (0.2 * y / np.abs(y).max()).astype(np.float32)


@pytest.mark.parametrize("snr_db", [10, 20, 30])
def test_95_of_100_pitches_are_right_and_fewer_than_1_is_an_octave_off_in_noise(snr_db, rng):
    notes = [GeneratedNote(n, seed=5) for n in range(2 * len(FAMILIES))]
    sounds = [(with_noise(note.read(RATE)[: RATE // 2], snr_db, rng), LEAD, lambda _, m=note.midi: m) for note in notes]
    right, octaves = figures(sounds)
    assert right >= 0.95
    assert octaves < 0.01


@pytest.mark.parametrize("snr_db", [10, 30])
def test_glides_with_vibrato_are_followed(snr_db, rng):
    def glide():
        low, high = rng.uniform(45, 80) + np.array([0.0, rng.uniform(-12, 12)])
        t = np.arange(RATE // 2) / RATE
        midi = low + (high - low) * 2.0 * t + 0.3 * np.sin(2 * np.pi * 5.5 * t)
        phase = np.cumsum(2 * np.pi * midi_to_hz(midi) / RATE)
        y = 0.1 * sum(np.sin(n * phase) / n for n in range(1, 7))
        # What is heard at the end of a block is the pitch of its last periods.
        return with_noise(y, snr_db, rng), LEAD, lambda end: midi[min(max(end - LEAD - 400, 0), len(midi) - 1)]

    right, octaves = figures([glide() for _ in range(8)])
    assert right >= 0.95
    assert octaves < 0.01


@pytest.mark.parametrize(("midi", "most_ms"), [(48, 30.0), (60, 20.0), (72, 15.0)])
def test_a_pitch_is_known_soon_after_the_onset(midi, most_ms, rng):
    looks = track(with_noise(harmonics(midi), 30, rng))
    after = looks[looks[:, 0] > LEAD]
    first = after[np.argmax(np.abs(after[:, 1] - midi) < 0.5)]
    assert abs(first[1] - midi) < 0.5
    assert 1e3 * (first[0] - LEAD) / RATE <= most_ms


@pytest.mark.parametrize("midi", [34, 45, 60, 76, 88, 95])
def test_a_steady_tone_has_its_pitch_to_a_few_cents(midi):
    looks = track(harmonics(midi), onset=0)
    assert looks[-1, 1] == pytest.approx(midi, abs=0.05)
    assert looks[-1, 2] > 0.95


def test_noise_is_not_clear(rng):
    looks = track(rng.standard_normal(RATE // 2).astype(np.float32), onset=0)
    assert np.mean(looks[20:, 2] > 0.6) < 0.05


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_silence_and_an_offset_have_no_pitch(level):
    assert track(np.full(RATE // 8, level, np.float32), onset=0)[-20:, 1].max() == 0.0


@pytest.mark.parametrize("block", [32, 100, 256, 3_000])
def test_the_size_of_blocks_changes_nothing_in_what_is_heard(block):
    looks = track(harmonics(57, 0.4), onset=0, block=block)
    assert looks[-1, 1] == pytest.approx(57.0, abs=0.02)


@pytest.mark.parametrize("rate", [22_050, 48_000, 96_000])
def test_other_sample_rates(rate):
    looks = track(harmonics(62, rate=rate), onset=0, rate=rate)
    assert looks[-1, 1] == pytest.approx(62.0, abs=0.05)


@pytest.mark.data
def test_recorded_notes_have_the_pitch_that_their_player_meant(shared_data):
    import soundfile

    folder = shared_data / "notes"
    rows = list(csv.DictReader((folder / "labels.csv").open(encoding="utf-8")))
    right, count = 0, 0
    for row in rows[::8]:
        midi = float(row["midi_measured"] or row["midi"])
        if not 36 <= midi <= 95:
            continue
        y, rate = soundfile.read(folder / row["path"], dtype="float32", always_2d=True)
        y = y.mean(axis=1)
        begin = int(np.argmax(np.abs(y) > 0.3 * np.abs(y).max()))  # some files begin with silence, or very softly
        looks = track(y[begin : begin + rate // 2], onset=0, rate=rate)
        loud = looks[-60:-10]
        right += abs(float(np.median(loud[:, 1])) - midi) < 1.0  # singers and strings waver about it
        count += 1
    assert count >= 20
    assert right / count >= 0.95
