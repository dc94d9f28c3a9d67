import os
import shutil
import unicodedata

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


def test_a_folder_of_several_such_folders_is_one_set_of_notes(folder, tmp_path_factory):
    both = tmp_path_factory.mktemp("both")
    for name in ("winds", "more winds"):
        shutil.copytree(folder, both / name)
    data = read_notes(both)
    assert data.name == "more winds, winds"
    assert [note.name for note in data.notes if "a/0" in note.name] == ["more winds/a/0.wav", "winds/a/0.wav"]
    assert "bass (someone/bass)" in data.licence
    assert data.notes[0].read(44_100).shape == (44_100,)


def test_recordings_at_several_dynamics_have_the_name_of_their_instrument(folder):
    lines = ("a/0.wav,tuba_vel,60,pp\n", "a/1.wav,tuba_vel,60,ff\n", "b/2.wav,low_pf,40,\n")
    (folder / "labels.csv").write_text("path,instrument,midi,dynamic\n" + "".join(lines))
    assert [(note.label, note.dynamic) for note in read_notes(folder).notes] == [
        ("tuba", "pp"),
        ("tuba", "ff"),
        ("low_pf", ""),
    ]


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
        (HEADER + "a/0.wav,flute,loud,,CC0,\n", "line 2, has the pitch 'loud'"),
        ("path,midi\na/0.wav,60\n", "lacks the column instrument"),
        ("path,instrument,midi,MIDI\na/0.wav,flute,60,61\n", "has the column midi twice"),
        (HEADER + "a/0.wav,flute,60,,,\na/0.wav,flute,61,,,\n", "'a/0.wav' with 2 pitches"),
        (HEADER + "a/0.wav,flute,60,,,\n./a//0.wav,flute,61,,,\n", "'a/0.wav' with 2 pitches"),
        (HEADER + "a/0.wav,flute,60,,,\na/0.wav,harp,60,,,\n", "'a/0.wav' with 2 instruments"),
        (HEADER + ".,flute,60,,,\n", "line 2, names '.', which is not inside"),
        (HEADER + "a/0\0.wav,flute,60,,,\n", "line 2, names .* which is not inside"),
        (HEADER + "a/0.wav,,60,,,\n", "line 2, has no instrument"),
        (HEADER + "\n" + "../x.wav,flute,60,,,\n", "line 3, names '../x.wav', which is not inside"),
        (HEADER + "/etc/x.wav,flute,60,,,\n", "line 2, names '/etc/x.wav', which is not inside"),
        (HEADER + "C:\\x.wav,flute,60,,,\n", "line 2, names 'C:/x.wav', which is not inside"),
    ],
)
def test_a_list_that_says_too_little_is_refused(folder, text, sentence):
    (folder / "labels.csv").unlink()
    if text is not None:
        (folder / "labels.csv").write_text(text)
    with pytest.raises(DataSetError, match=sentence):
        read_notes(folder)


@pytest.mark.parametrize("midi", ["nan", "inf", "-inf", "1000", "440 Hz", "-200", "", "A4", "1e400", "6_0", "0x3c"])
def test_a_pitch_that_is_no_midi_note_is_refused_with_its_line(folder, midi):
    (folder / "labels.csv").write_text(f"path,instrument,midi\na/1.wav,flute,60\na/0.wav,flute,{midi}\n")
    with pytest.raises(DataSetError, match=r"line 3, has the pitch .* 0 to 127"):
        read_notes(folder)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("header", ["path,instrument,midi", "Path,Instrument,MIDI", " File name , Label , midi_note "])
def test_a_list_is_read_as_spreadsheets_write_it(folder, encoding, separator, header):
    lines = [header, "a/1.wav, Flöte , 60 ", "a\\0.wav,Flöte,72", ",,"]
    text = "\r\n".join(line.replace(",", separator) for line in lines)
    (folder / "labels.csv").write_bytes(text.encode(encoding))
    assert [(note.name, note.label, note.midi) for note in read_notes(folder).notes] == [
        ("a/0.wav", "Flöte", 72.0),
        ("a/1.wav", "Flöte", 60.0),
    ]


@pytest.mark.parametrize("before", ["sep=;\r\n", '"sep=;"\r\n', "\r\n\r\n", ";;;;\r\n"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_what_spreadsheets_put_before_the_header_is_passed_over(folder, before, end):
    text = f"{before}path;instrument;midi\r\n1, 2 und 3/a.wav;flute;60,5\r\n"
    (folder / "labels.csv").write_bytes(text.replace("\r\n", end).encode())
    assert [(note.name, note.midi) for note in read_notes(folder).notes] == [("1, 2 und 3/a.wav", 60.5)]


@pytest.mark.parametrize("header", ["Pitch (MIDI)", "Note number", "MIDI-Note", "midi pitch"])
def test_a_pitch_has_many_names(folder, header):
    (folder / "labels.csv").write_text(f"File path,Class,{header}\na/0.wav,flute,60\n")
    assert read_notes(folder).notes[0].midi == 60.0


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents_may_stand_apart_from_their_letters(folder, forms):
    listed, kept = (unicodedata.normalize(form, "Flöte é.wav") for form in forms)
    (folder / kept).write_bytes(b"")
    (folder / "labels.csv").write_text(f"path,instrument,midi\n{listed},flute,60\n", encoding="utf-8")
    assert read_notes(folder).notes[0].path.exists()


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_a_list_and_names_of_an_old_system_are_read(folder):
    (folder / "a").rename(folder / os.fsdecode(b"fl\xf6te"))
    lines = "path,instrument,midi\nflöte/0.wav,Flöte,60\nb/2.wav,bass,40\n"
    (folder / "labels.csv").write_bytes(lines.encode("latin-1"))
    data = read_notes(folder)
    assert [note.name for note in data.notes] == ["b/2.wav", "flöte/0.wav"]
    assert data.notes[1].read(44_100).shape == (44_100,)


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_folders_whose_names_are_no_utf_8_are_read(folder, tmp_path_factory):
    both = tmp_path_factory.mktemp("both")
    for name in (b"w\xffnds", b"more"):
        shutil.copytree(folder, both / os.fsdecode(name))
    data = read_notes(both)
    assert data.name == r"more, w\xffnds"
    assert [note.name for note in data.notes][3:] == [rf"w\xffnds/{name}.wav" for name in ("a/0", "a/1", "b/2")]
    assert len({note.read(44_100).shape for note in data.notes}) == 1


def test_notes_left_out_for_their_licence_are_counted_aloud(folder):
    assert read_notes(folder).sentences == ("1 of 4 notes are left out for their licence: 1 under CC-BY-3.0.",)


def test_the_licence_of_ones_own_notes_is_ones_own_business(folder):
    text = "path,instrument,midi,licence\na/0.wav,flute,72,all rights reserved\na/1.wav,flute,60,\n"
    (folder / "labels.csv").write_text(text)
    assert len(read_notes(folder).notes) == 2


@pytest.mark.data
def test_the_real_notes_are_252_of_18_instruments(shared_data):
    data = read_notes(shared_data / "notes")
    assert len(data.notes) == 252
    assert len({note.label for note in data.notes}) == 18
