"""Tests that preferences are kept, and that damaged or hostile ones do no harm."""

import json
import os
import re
from dataclasses import asdict

import pytest

from instrument.pad.json_file import JsonFileError
from instrument.pad.preferences import Preferences, PreferencesFile


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "pad.json"


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_what_is_written_is_read(path):
    preferences = Preferences("first-light", 2, 7.5)
    preferences.geometry_bytes = bytes(range(66))
    PreferencesFile(path).write(preferences)
    assert PreferencesFile(path).read() == (preferences, "")
    assert preferences.geometry_bytes == bytes(range(66))


def test_the_first_start_has_defaults(path):
    assert PreferencesFile(path).read() == (Preferences(), "")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tab", str(10**20)),
        ("tab", "9" * 400),
        ("tab", "-1"),
        ("tab", "true"),
        ("tab", '"2"'),
        ("tab", "1e400"),
        ("morph_seconds", "9" * 400),
        ("morph_seconds", "NaN"),
        ("morph_seconds", "-Infinity"),
        ("morph_seconds", "61"),
        ("morph_seconds", "[1]"),
        ("release", "7"),
        ("release", json.dumps("x" * 10_000)),
        ("geometry", json.dumps("A" * 10_000)),
        ("geometry", "null"),
        ("unknown", "1"),
    ],
)
def test_a_value_out_of_range_is_its_default_and_the_others_stay(path, name, text):
    values = {"release": "tiny", "tab": 3, "morph_seconds": 2.5, "geometry": "QQ=="}
    fields = {key: json.dumps(value) for key, value in values.items()} | {name: text}
    write(path, "{" + ", ".join(f'"{key}": {value}' for key, value in fields.items()) + "}")
    preferences, sentence = PreferencesFile(path).read()
    expected = values | {key: value for key, value in asdict(Preferences()).items() if key == name}
    if (name, text) == ("tab", "true"):
        expected["tab"] = 1  # a boolean is a whole number
    assert (asdict(preferences), sentence) == (expected, "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"tab": 1' + b" " * 70_000 + b"}",
        b'{"tab": ' + b"9" * 5_000,
    ],
)
def test_a_damaged_file_is_put_aside_with_a_sentence(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    preferences, sentence = PreferencesFile(path).read()
    assert preferences == Preferences()
    assert re.search(r"are damaged; .* The damaged file is now pad\.json\.damaged-[-\d]+\.$", sentence)
    (aside,) = path.parent.glob("pad.json.damaged-*")
    assert aside.read_bytes() == content
    PreferencesFile(path).write(preferences)
    assert PreferencesFile(path).read() == (preferences, "")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFOs in folders")
def test_a_pipe_in_its_place_does_not_stop_the_start(path):
    path.parent.mkdir()
    os.mkfifo(path)
    preferences, sentence = PreferencesFile(path).read()
    assert preferences == Preferences()
    assert "are damaged" in sentence
    PreferencesFile(path).write(Preferences(tab=2))
    assert PreferencesFile(path).read() == (Preferences(tab=2), "")


def test_after_any_flipped_bit_the_other_settings_are_kept(path):
    stored = Preferences("tiny", 3, 2.5, "QQ==")
    PreferencesFile(path).write(stored)
    content = path.read_bytes()
    for bit in range(0, 8 * len(content), 29):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        path.with_name("pad.json.bak").unlink(missing_ok=True)
        found = asdict(PreferencesFile(path).read()[0])
        assert sum(found[name] != value for name, value in asdict(stored).items()) <= 2, damaged


def test_geometry_that_is_no_base64_is_none():
    assert Preferences(geometry="no base64!").geometry_bytes == b""


def test_the_settings_of_earlier_versions_are_taken_over(path):
    text = "[General]\nrelease=chamber\nmorph_seconds=2.5\n\n[window]\ngeometry=@ByteArray(\\x1\\xd9)\ntab=2\n"
    write(path.with_suffix(".ini"), text)
    assert PreferencesFile(path).read() == (Preferences("chamber", 2, 2.5), "")


def test_an_object_in_the_settings_of_earlier_versions_is_never_built(path, tmp_path):
    """Read a Qt @Variant with a pickled object, which QSettings would load and so run `touch`."""
    pickle = r"\x80\x4\x95)\0\0\0\0\0\0\0\x8c\x5posix\x8c\x6system\x93\x8c" + f"touch {tmp_path}/run" + r"\x85R."
    variant = r"@Variant(\0\0\0\x7f\0\0\0\x18PySide::PyObjectWrapper\0\0\0\0" + pickle + ")"
    write(path.with_suffix(".ini"), f"[General]\nrelease={variant}\nmorph_seconds={variant}\n[window]\ntab={variant}\n")
    preferences, _ = PreferencesFile(path).read()
    assert (preferences.tab, preferences.morph_seconds) == (0, 1.0)
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "home").write_text("")
    with pytest.raises(JsonFileError, match="cannot be kept"):
        PreferencesFile(tmp_path / "home" / "pad.json").write(Preferences())
