import numpy as np
import pytest

from aitunes.audio_generation.notes import FAMILIES, HIGHEST, LOWEST, GeneratedNote
from aitunes.errors import InvalidSoundError


@pytest.mark.parametrize("index", range(2 * len(FAMILIES)))
def test_a_note_has_the_pitch_that_it_names(index):
    note = GeneratedNote(index)
    y = note.read(44_100)
    spectrum = np.abs(np.fft.rfft(y * np.hanning(y.size), 1 << 18))
    hz = 440 * 2 ** ((note.midi - 69) / 12)
    near = np.arange(1, 4)[:, None] * hz * 2.0 ** (np.linspace(-6, 6, 241) / 12)
    comb = np.log(spectrum[np.round(near * (1 << 18) / 44_100).astype(int)] + 1e-6).sum(axis=0)
    assert abs(np.linspace(-6, 6, 241)[comb.argmax()]) < 0.5
    assert LOWEST <= note.midi <= HIGHEST
    assert np.isfinite(y).all()
    assert 0.01 < np.abs(y).max() <= 1.6


def test_the_same_number_and_seed_give_the_same_note():
    assert np.array_equal(GeneratedNote(5, 1).read(22_050), GeneratedNote(5, 1).read(22_050))
    assert not np.array_equal(GeneratedNote(5, 1).read(22_050), GeneratedNote(5, 2).read(22_050))


def test_notes_count_from_0():
    with pytest.raises(InvalidSoundError, match="count from 0"):
        GeneratedNote(-1).midi  # noqa: B018
