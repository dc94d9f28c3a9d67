"""A file is whole, old or new, whatever happens while it is written."""

import os
import stat

import pytest

from aitunes.atomic import SUFFIX, finish, replacing, unfinished_path, write_buffers, write_text


def test_text_replaces_a_file_with_the_same_bytes_on_every_system(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    write_text(path, "ä\nb\n")
    assert path.read_bytes() == "ä\nb\n".encode()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("durable", [True, False])
def test_buffers_are_written_one_after_the_other(tmp_path, durable):
    write_buffers(tmp_path / "a", [b"1", memoryview(b"23")], durable=durable)
    assert (tmp_path / "a").read_bytes() == b"123"


@pytest.mark.parametrize("failure", [OSError("full"), KeyboardInterrupt()])
def test_a_failure_leaves_the_older_file_and_nothing_else(tmp_path, failure):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def half():
        yield b"half"
        raise failure

    with pytest.raises(type(failure)):
        write_buffers(path, half())
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"old"]


def test_what_is_no_file_stays(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(OSError, match="no regular file"):
            write_text(path, "x")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_an_error_names_the_file_that_was_meant(tmp_path):
    with pytest.raises(FileNotFoundError) as failure:
        write_text(tmp_path / "missing" / "a", "x")
    assert failure.value.filename == str(tmp_path / "missing" / "a")


def test_until_the_end_the_older_file_is_read(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with replacing(path) as stream:
        stream.write(b"new")
        stream.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_writers_of_one_name_do_not_meet(tmp_path):
    path = tmp_path / "a"
    with replacing(path) as first:
        with replacing(path) as second:
            second.write(b"second")
        first.write(b"first")
    assert path.read_bytes() == b"first"


def test_a_file_of_a_library_gets_its_name_when_it_is_closed(tmp_path):
    path = tmp_path / "take.wav"
    unfinished = unfinished_path(path)
    assert unfinished.name.startswith(".take.wav.")
    assert unfinished.name.endswith(SUFFIX)
    unfinished.write_bytes(b"sound")
    finish(unfinished, path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("take.wav", b"sound")]


def test_a_missing_folder_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "none" / "a", "x")
