import numpy as np
import pytest

pytest.importorskip("joblib", reason="pip install aitunes[training]")

from aitunes.audio_processing.note_pitch import guess_note, track_pitch
from training.learn.listing import list_folder
from training.learn.note_frames import held_out_notes
from training.learn.note_set import HeardNote, decide_kind, label_notes
from training.learn.sounds import read_header

pytestmark = pytest.mark.training
RATE = 44_100


def _harmonic(midi, seconds=0.5, partials=8, first=1):
    t = np.arange(round(seconds * RATE)) / RATE
    hz = 440.0 * 2.0 ** ((midi - 69) / 12)
    numbers = [n for n in range(first, first + partials) if n * hz < 0.45 * RATE]
    return sum(np.sin(2 * np.pi * n * hz * t + n) / n for n in numbers).astype(np.float32)


@pytest.mark.parametrize("midi", [21, 28.3, 40, 57.5, 60, 76, 88.2, 100, 107])
def test_a_harmonic_sound_has_its_pitch(midi):
    guess = guess_note(track_pitch(_harmonic(midi), RATE))
    assert guess.midi == pytest.approx(midi, abs=0.15)
    assert guess.confidence > 0.9


@pytest.mark.parametrize("midi", [45, 60, 72])
def test_a_missing_fundamental_is_heard(midi):
    assert guess_note(track_pitch(_harmonic(midi, first=2), RATE)).midi == pytest.approx(midi, abs=0.15)


def test_the_level_does_not_change_the_pitch():
    loud, quiet = (guess_note(track_pitch(gain * _harmonic(60), RATE)) for gain in (0.9, 1e-3))
    assert loud.midi == pytest.approx(quiet.midi, abs=1e-3)


def test_noise_silence_and_sweeps_hold_no_note(rng):
    t = np.arange(RATE) / RATE
    sweep = np.sin(2 * np.pi * (200 * t + 900 * t**2)).astype(np.float32)
    for y in (
        rng.standard_normal(RATE).astype(np.float32),
        np.zeros(RATE, np.float32),
        sweep,
        np.ones(RATE, np.float32),
    ):
        assert guess_note(track_pitch(y, RATE)).confidence < 0.4


def test_a_vibrato_is_one_note():
    t = np.arange(RATE) / RATE
    phase = 2 * np.pi * 440 * t + 2.0 * np.sin(2 * np.pi * 5.5 * t)
    guess = guess_note(track_pitch(np.sin(phase).astype(np.float32), RATE))
    assert guess.midi == pytest.approx(69, abs=0.2)
    assert guess.confidence > 0.8


def _opened(folder):
    listing = list_folder(folder)
    return listing, [(file, read_header(file)) for file in listing.files]


def test_single_notes_are_told_from_noises(sounds):
    for n in range(8):
        sounds.note(f"tuned/{n}.wav", 50 + 3 * n)
        sounds.noise(f"noises/{n}.wav", seed=n)
    _, opened = _opened(sounds.folder / "tuned")
    kind = decide_kind(opened)
    assert kind.is_notes
    assert kind.pitched == kind.tried == 8
    assert not decide_kind(_opened(sounds.folder / "noises")[1]).is_notes
    assert not decide_kind(_opened(sounds.folder)[1]).is_notes


def test_long_recordings_are_textures_without_a_listen(sounds):
    for n in range(4):
        sounds.note(f"{n}.wav", 60, seconds=25.0)
    kind = decide_kind(_opened(sounds.folder)[1])
    assert not kind.is_notes
    assert kind.tried == 0


def _speech(seed, seconds=3.0):
    """Syllables on a voice that rises and falls, with pauses and hissed consonants between them."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * 22_050)) / 22_050
    hz = rng.uniform(100, 180) * 2.0 ** (0.4 * np.sin(2 * np.pi * 0.9 * t + seed) - 0.15 * t)
    voice = np.sign(np.sin(2 * np.pi * np.cumsum(hz) / 22_050)) * (np.sin(2 * np.pi * 2.3 * t + seed) > -0.2)
    hiss = rng.standard_normal(t.size) * (np.sin(2 * np.pi * 2.3 * t + seed) < -0.7)
    return 0.2 * np.convolve(voice, np.hanning(12) / 6, mode="same") + 0.05 * hiss


def test_speech_is_taken_for_textures(sounds):
    for n in range(6):
        sounds.write(f"{n}.wav", _speech(n))
    kind = decide_kind(_opened(sounds.folder)[1])
    assert not kind.is_notes
    assert kind.pitched < kind.tried == 6


def _labelled(folder):
    listing, opened = _opened(folder)
    return label_notes(opened, listing.label_of, 1, lambda done, total: None)


def test_names_check_the_tracker_and_give_the_octave(sounds):
    for midi, name in ((48, "C2"), (52, "E2"), (55, "G2"), (60, "C3"), (63, "Ds3")):  # a maker who calls 60 C3
        sounds.note(f"harp_{name}.wav", midi)
    sounds.noise("harp_A4.wav")
    found = _labelled(sounds.folder)
    assert [round(note.midi) for note in found.notes] == [48, 60, 63, 52, 55]  # in the order of the names
    assert (found.named, found.agreeing, found.octaves_moved) == (5, 5, 1)
    assert found.others == ("harp_A4.wav",)
    assert {note.label for note in found.notes} == {"harp"}


def test_folders_name_the_instruments(sounds):
    for n in range(3):
        sounds.note(f"harp/{n}.wav", 50 + n)
        sounds.note(f"bells/{n}.wav", 70 + n)
    assert {note.name: note.label for note in _labelled(sounds.folder).notes}["bells/0.wav"] == "bells"


def _notes(*labels_and_pitches):
    return tuple(HeardNote(None, label, midi, 1.0) for label, midi in labels_and_pitches)


def test_held_out_notes_lie_inside_the_range_of_their_instrument():
    notes = _notes(*[("a", 40 + n) for n in range(16)], *[("b", 60 + n) for n in range(4)], ("c", 50))
    held = held_out_notes(notes)
    kept = np.array([note.midi for note in notes])[~held]
    assert held.sum() == 3
    assert not held[-1]
    for label, low, high in (("a", 40, 55), ("b", 60, 63)):
        assert {low, high} <= set(kept[[n.label == label for n in np.array(notes, object)[~held]]])
