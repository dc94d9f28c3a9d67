import numpy as np
import pytest

from aitunes.audio_generation.chords import CHORDS, chord, chord_frequencies, note_frequency
from aitunes.errors import InvalidSoundError


@pytest.mark.parametrize(("note", "hz"), [("A4", 440.0), ("c4", 261.6256), ("F#3", 184.9972), ("B♭5", 932.3275)])
def test_notes_have_their_standard_frequency(note, hz):
    assert note_frequency(note) == pytest.approx(hz, abs=1e-3)


def test_an_accidental_may_cross_the_octave():
    assert note_frequency("B#3") == pytest.approx(note_frequency("C4"))
    assert note_frequency("Cb4") == pytest.approx(note_frequency("B3"))


@pytest.mark.parametrize("name", CHORDS)
def test_an_inversion_moves_notes_by_octaves_only(name):
    root = chord_frequencies(200.0, name)
    for inversion in range(len(CHORDS[name])):
        octaves = np.log2(chord_frequencies(200.0, name, inversion)[:, None] / root)
        assert (np.abs(octaves - octaves.round()) < 1e-9).any(axis=1).all()


def test_the_first_inversion_of_a_major_chord_starts_on_its_third():
    assert np.allclose(chord_frequencies(100.0, "major", 1), 100.0 * 2 ** (np.array([4, 7, 12]) / 12))


def test_a_chord_stays_below_its_amplitude():
    y = chord(220.0, "minor seventh", 0.2, amplitude=0.6)
    assert y.dtype == np.float32
    assert 0.2 < np.abs(y).max() <= 0.6


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: note_frequency("H2"), "letter"),
        (lambda: chord_frequencies(100.0, "happy"), "major"),
        (lambda: chord_frequencies(100.0, "major", 3), "inversions 0 to 2"),
    ],
)
def test_unknown_names_list_what_there_is(call, sentence):
    with pytest.raises(InvalidSoundError, match=sentence):
        call()
