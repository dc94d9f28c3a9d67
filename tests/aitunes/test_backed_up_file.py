"""A damaged file costs as little as possible: it is put aside, and its backup or what can be read takes its place."""

from datetime import datetime

import pytest

from aitunes.backed_up_file import BackedUpFile, backup_of
from aitunes.damaged_json import read_entries, read_items

NOW = datetime(2026, 11, 26, 14, 30)


class Lines:
    """Lines of small letters."""

    def parse(self, text):
        lines = text.split()
        kept = [line for line in lines if line.islower()]
        return kept, kept == lines

    def merge(self, backup, rescued):
        return backup

    def dump(self, value):
        return "\n".join(value)


@pytest.fixture
def sentences():
    return []


@pytest.fixture
def file(tmp_path, sentences):
    return BackedUpFile(tmp_path / "home" / "letters", 100, Lines(), "The letters", sentences.append, lambda: NOW)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "letters"


def test_no_file_is_none(file):
    assert file.read() is None


def test_what_is_written_is_read_and_stands_twice(file, path):
    file.write(["a", "b"])
    assert file.read() == ["a", "b"]
    assert backup_of(path).read_bytes() == path.read_bytes()
    file.delete()
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("content", [b"a\nB", b"a\n\xff", b"a" * 101])
def test_a_damaged_file_is_put_aside_once_and_its_backup_read(file, path, sentences, content):
    file.write(["a", "b"])
    path.write_bytes(content)
    assert [file.read(), file.read()] == [["a", "b"]] * 2
    assert path.with_name("letters.damaged-2026-11-26-143000").read_bytes() == content
    assert sentences == [
        f"The letters in {path} are damaged; the backup beside it was read. "
        "The damaged file is now letters.damaged-2026-11-26-143000."
    ]


def test_the_mark_that_some_editors_put_before_a_text_is_no_damage(file, path, sentences):
    path.parent.mkdir()
    path.write_bytes(b"\xef\xbb\xbfa b")
    assert file.read() == ["a", "b"]
    assert sentences == []


def test_without_a_backup_what_can_be_read_is_kept(file, path, sentences):
    path.parent.mkdir()
    path.write_bytes(b"a\nB\nc")
    assert file.read() == ["a", "c"]
    assert "what could be read of it is kept" in sentences[0]


def test_damage_of_the_same_second_has_names_of_its_own(file, path):
    for content in (b"A", b"B", b"C"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        file.read()
    names = [f"letters.damaged-2026-11-26-143000{end}" for end in ("", "-2", "-3")]
    assert [path.with_name(name).read_bytes() for name in names] == [b"A", b"B", b"C"]


def test_on_a_full_disk_the_damaged_file_stays_and_is_read_all_the_same(file, path, sentences, monkeypatch):
    file.write(["a"])
    path.write_bytes(b"B")

    def fail(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("aitunes.backed_up_file.write_text", fail)
    assert file.read() == ["a"]
    assert path.read_bytes() == b"B"
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["letters", "letters.bak"]
    assert sentences[0].endswith("It stays as it is: nothing can be written there.")


def test_a_folder_in_its_place_makes_way(file, path):
    path.mkdir(parents=True)
    file.write(["a"])
    assert file.read() == ["a"]
    assert path.with_name("letters.damaged-2026-11-26-143000").is_dir()


def test_numbers_of_any_length_are_read():
    assert read_entries('{"a": ' + "9" * 400 + "}") == ([("a", float("inf"))], True)
    assert read_items('[{"a": ' + "9" * 5_000 + "}]") == ([{"a": float("inf")}], True)


def test_an_entry_that_stands_twice_is_damage():
    assert read_entries('{"a": 1, "a": 2}') == ([("a", 2)], False)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 50_000, '"' * 100_000, '{"' + "\\" * 50_000])
def test_deep_and_endless_damage_is_read_as_nothing(text):
    assert read_entries(text) == ([], False)
    assert read_items(text)[1] is False
