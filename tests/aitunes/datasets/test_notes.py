import numpy as np
import pytest

from aitunes.datasets.folder import DataSetError
from aitunes.datasets.notes import read_notes

HEADER = "path,instrument,midi,midi_measured,licence,repo\n"
LINES = [
    "b/2.wav,bass,40,40.2,CC0-1.0,someone/bass\n",
    "a/1.wav,flute,60,,Public domain (Iowa),someone/winds\n",
    "c/3.wav,wurlitzer,60,60.1,CC-BY-3.0,someone/keys\n",
    "a/0.wav,flute,72,71.9,,\n",
]


@pytest.fixture
def folder(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    for name in ("a/0", "a/1", "b/2", "c/3"):
        path = tmp_path / f"{name}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, np.zeros((22_050, 2)), 22_050)
    (tmp_path / "labels.csv").write_text(HEADER + "".join(LINES))
    return tmp_path


def test_notes_come_in_order_with_the_pitch_that_was_played(folder):
    data = read_notes(folder)
    assert [note.name for note in data.notes] == ["a/0.wav", "a/1.wav", "b/2.wav"]
    assert [note.midi for note in data.notes] == [71.9, 60.0, 40.2]
    assert data.notes[0].read(44_100).shape == (44_100,)


def test_what_asks_for_attribution_is_left_out_and_the_others_are_named(folder):
    data = read_notes(folder)
    assert "wurlitzer" not in data.licence
    assert "CC0-1.0: bass (someone/bass)" in data.licence
    assert "Public domain (Iowa): flute (someone/winds)" in data.licence
    assert len(read_notes(folder, ("cc-by",)).notes) == 2  # with that of the user's own


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "has no labels.csv"),
        (HEADER, "lists no notes"),
        (HEADER + "a/0.wav,flute,loud,,CC0,\n", "without path, instrument or MIDI note"),
        ("path,midi\na/0.wav,60\n", "without path, instrument or MIDI note"),
    ],
)
def test_a_list_that_says_too_little_is_refused(folder, text, sentence):
    (folder / "labels.csv").unlink()
    if text is not None:
        (folder / "labels.csv").write_text(text)
    with pytest.raises(DataSetError, match=sentence):
        read_notes(folder)


@pytest.mark.data
def test_the_real_notes_are_252_of_18_instruments(shared_data):
    data = read_notes(shared_data / "notes")
    assert len(data.notes) == 252
    assert len({note.label for note in data.notes}) == 18
