"""Writes files whole or not at all, however the process or the machine ends."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

SUFFIX = ".partial"
"""Ends the name of every unfinished file."""
_numbers = itertools.count()


def unfinished_path(path: Path) -> Path:
    """Return a hidden name beside a file, which no other writer uses."""
    return path.with_name(f".{path.name}.{os.getpid()}-{next(_numbers)}{SUFFIX}")


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open a file under another name; it takes the place of `path` when the context ends without an error.

    Args:
        path: the file; its folder exists.
        durable: wait until the disk has it, which takes longer than most writing.

    Raises:
        OSError: it cannot be written; an older file still stands.
    """
    check_replaceable(path)
    unfinished = unfinished_path(path)
    try:
        with unfinished.open("xb") as stream:
            yield stream
            if durable:
                _sync(stream)
        unfinished.replace(path)
    except OSError as error:
        if error.filename == str(unfinished):  # a name that says nothing to whoever chose the other one
            error.filename = str(path)
        raise
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()
    if durable:
        sync_folder(path.parent)


def check_replaceable(path: Path) -> None:
    """Refuse to put a file in the place of something that is none, such as `/dev/null`.

    Raises:
        OSError: a folder, a device or a pipe has that name.
    """
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(errno.EINVAL, "it is no regular file, and nothing can take its place", str(path))


def write_buffers(path: Path, buffers: Iterable[Any], *, durable: bool = True) -> None:
    """Write buffers, one after the other, in place of a file.

    Raises:
        OSError: it cannot be written; an older file still stands.
    """
    with replacing(path, durable=durable) as stream:
        for buffer in buffers:
            stream.write(buffer)


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Write UTF-8 text in place of a file, with `\\n` at the ends of lines on every system.

    Raises:
        OSError: it cannot be written; an older file still stands.
    """
    write_buffers(path, [text.encode()], durable=durable)


def finish(unfinished: Path, path: Path) -> None:
    """Give a file its name once a library has written and closed it under its unfinished one.

    Raises:
        OSError: it cannot be renamed; both files still stand.
    """
    sync_path(unfinished)
    unfinished.replace(path)
    sync_folder(path.parent)


def sync_path(path: Path) -> None:
    """Have the disk keep the content of a file that is closed.

    Raises:
        OSError: it cannot be opened, or the disk is gone.
    """
    with path.open("r+b") as stream:
        _sync(stream)


def sync_folder(folder: Path) -> None:
    """Have the disk keep the names in a folder, where the system can."""
    # Windows opens no folders, and some network file systems refuse to sync them.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sync(stream: IO[bytes]) -> None:
    stream.flush()
    os.fsync(stream.fileno())
