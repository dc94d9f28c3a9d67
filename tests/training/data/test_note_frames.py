import numpy as np
import pytest

pytest.importorskip("scipy", reason="pip install aitunes[training]")
pytest.importorskip("joblib", reason="pip install aitunes[training]")

from aitunes.audio_generation.waves import partials, time_axis
from aitunes.audio_processing.levels import FULL_LEVEL_DB, frame_levels_db
from aitunes.datasets.notes import Notes, RecordedNote
from aitunes.errors import TrainingError
from aitunes.features import AudioFeatures
from training.data.note_frames import note_segments, prepare_notes

pytestmark = pytest.mark.training

FEATURES = AudioFeatures(n_fft=2048, hop_length=256, scale="linear", f_max=22_050.0, db_range=(-60.0, 60.0))


def tone(midi, seconds=1.0, decay_seconds=0.3, vibrato=0.0):
    t = time_axis(seconds, 44_100)
    hz = 440 * 2 ** ((midi + vibrato * np.sin(2 * np.pi * 2 * t) - 69) / 12)
    phase = 2 * np.pi * np.cumsum(hz) / 44_100
    y = sum(np.sin(n * phase) / n for n in range(1, 9)) * np.exp(-t / decay_seconds)
    return (0.1 * y).astype(np.float32)


@pytest.mark.parametrize("midi", [40.0, 57.3, 69.0, 84.6])
def test_pitch_is_found_within_five_cents_though_the_label_is_half_a_semitone_off(midi):
    _, conditions = note_segments(tone(midi), midi + 0.45, FEATURES, 1000)
    assert np.abs(np.median(conditions[:, 0]) - midi) < 0.05


def test_pitch_follows_a_vibrato():
    _, conditions = note_segments(tone(60.0, decay_seconds=9.0, vibrato=0.5), 60.0, FEATURES, 1000)
    inside = conditions[10:-10, 0]
    assert np.ptp(inside) == pytest.approx(1.0, abs=0.2)


def test_levels_fall_from_0_as_the_note_decays():
    _, conditions = note_segments(tone(60.0), 60.0, FEATURES, 1000)
    level = conditions[:, 1]
    assert level.max() == pytest.approx(0.0, abs=1e-4)
    fall = np.polyfit(np.arange(20, 100) * 256 / 44_100, level[20:100], 1)[0]
    assert fall == pytest.approx(-20 * np.log10(np.e) / 0.3, rel=0.03)


def test_the_loudest_frame_has_the_full_level_however_quiet_the_file():
    for gain in (1.0, 0.01):
        S, _ = note_segments(gain * tone(60.0), 60.0, FEATURES, 1000)
        levels = frame_levels_db(FEATURES.denormalise(S[:, :, 0].T))
        assert levels.max() == pytest.approx(FULL_LEVEL_DB, abs=0.05)


def test_segments_follow_each_other_from_the_start():
    from dataclasses import replace

    y = tone(60.0, decay_seconds=9.0)
    frames, told = note_segments(y, 60.0, FEATURES, 1000)
    segments, means = note_segments(y, 60.0, replace(FEATURES, frames=8), 5)
    assert segments.shape == (5, 1025, 8)
    assert np.allclose(segments[0], frames[:8, :, 0].T)
    assert means[3] == pytest.approx(told[24:32].mean(axis=0), abs=1e-3)


@pytest.mark.parametrize("y", [np.zeros(44_100, np.float32), np.zeros(10, np.float32)])
def test_silence_gives_no_segment(y):
    S, conditions = note_segments(y, 60.0, FEATURES, 10)
    assert S.shape == (0, 1025, 1)
    assert conditions.shape == (0, 2)


def test_a_note_that_cannot_be_read_is_skipped_with_a_sentence(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    soundfile.write(tmp_path / "a.wav", tone(60.0), 44_100)
    notes = tuple(RecordedNote(tmp_path / name, name, "tone", 60.0) for name in ("a.wav", "b.wav"))
    told = []
    data = prepare_notes(Notes("tones", "CC0", notes), FEATURES, 1, lambda *progress: told.append(progress[:2]))
    assert set(data.note) == {0}
    assert "no file" in data.skipped[0]
    assert told == [(1, 2), (2, 2)]
    with pytest.raises(TrainingError, match="None of the 1 notes"):
        prepare_notes(Notes("tones", "CC0", notes[1:]), FEATURES, 1, lambda *progress: None)


def test_stiff_strings_do_not_mislead_the_pitch():
    t, n = time_axis(1.0, 44_100), np.arange(1, 11)
    y = partials(440 * n * np.sqrt(1 + 2e-4 * n**2), 1.0 / n, t, 44_100)
    _, conditions = note_segments(y.astype(np.float32), 69.0, FEATURES, 1000)
    assert np.abs(np.median(conditions[:, 0]) - 69.0) < 0.15
