"""A file of mappings: a mistake of a person's costs nothing meanwhile, damage costs nothing at all."""

import pytest

from instrument.midi.mapping import Control, Mapping, Source
from instrument.midi.setup import Setup
from instrument.midi.setup_file import SetupFile

GAIN = Mapping("/aitunes/gain", Source(Control.CONTROLLER, 3))
PAD = Mapping("/aitunes/pad/x", Source(Control.NOTE, 60), low=0.25)
SETUP = Setup().with_mapping(GAIN).with_mapping(PAD)


@pytest.fixture
def sentences():
    return []


@pytest.fixture
def path(tmp_path):
    return tmp_path / "midi" / "default.toml"


@pytest.fixture
def file(path, sentences):
    return SetupFile(path, sentences.append)


def test_no_file_is_an_empty_set_up(file):
    assert file.read().active == []


def test_what_is_written_is_read(file):
    file.write(SETUP)
    assert file.read().text == SETUP.text


def test_any_flipped_bit_loses_no_mapping_or_leaves_a_valid_file(file, path):
    file.write(SETUP)
    whole = path.read_bytes()
    for place in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        for other in path.parent.glob("*.damaged*"):
            other.unlink()
        path.write_bytes(flipped)
        path.with_name("default.toml.bak").write_bytes(whole)
        read = file.read()
        if read.faults:
            assert {GAIN.address, PAD.address} <= {mapping.address for mapping in read.active}, bytes(flipped)
        elif read.text.encode() != bytes(flipped):
            assert (read.text, path.read_bytes()) == (SETUP.text, whole)
        file.write(read.learned(GAIN))


def test_what_is_no_text_is_put_aside_and_the_last_good_version_read(file, path, sentences):
    file.write(SETUP)
    path.write_bytes(b"\0" * 100)
    assert file.read().mappings == [GAIN, PAD]
    assert path.read_text() == SETUP.text
    assert len(list(path.parent.glob("*.damaged*"))) == 1
    assert sentences[0].startswith("The MIDI mappings in ")


def test_a_mistake_stays_as_it_is_and_costs_no_mapping_meanwhile(file, path, sentences):
    file.write(SETUP)
    path.write_text(SETUP.text.replace("controller = 3", "controller = 4x"))
    mistaken = path.read_text()
    read = file.read()
    assert (read.mappings, read.spare) == ([PAD], [GAIN])
    assert (path.read_text(), sentences) == (mistaken, [])
    file.write(read.learned(PAD))
    assert file.read().spare == [GAIN]


def test_a_version_edited_by_hand_is_the_last_good_one(file, path):
    file.write(SETUP)
    path.write_text(SETUP.text.replace("controller = 3", "controller = 4"))
    file.read()
    path.write_text("[[mapping]]\nwrong\n")
    assert [mapping.source.number for mapping in file.read().active] == [4, 60]


def test_what_is_forgotten_meanwhile_does_not_come_back(file, path):
    file.write(SETUP)
    path.write_text("[[mapping]]\nwrong\n")
    assert file.read().without(GAIN.address).active == [PAD]
