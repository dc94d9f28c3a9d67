"""Reads small files of other people's: regular ones alone, and no more than a bound."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO, cast


class NotASmallFileError(OSError):
    """Says that something is no regular file, or larger than such a file may be."""


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """Read a file whole.

    Raises:
        OSError: there is none; it is a pipe, a device or a folder; or it has more than `max_bytes`.
    """
    with open_regular(path) as stream:
        data = bytes(stream.read(max_bytes + 1))
    if len(data) > max_bytes:
        raise NotASmallFileError(f"{path} has more than {max_bytes} bytes")
    return data


def read_tail(path: Path, max_bytes: int) -> bytes:
    """Read at most the last `max_bytes` of a file.

    Raises:
        OSError: there is none, or it is a pipe, a device or a folder.
    """
    with open_regular(path) as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - max_bytes))
        return bytes(stream.read(max_bytes))


def open_regular(path: Path) -> BinaryIO:
    """Open a file to be read.

    Raises:
        OSError: there is none, or it is a pipe, a device or a folder.
    """
    # Looked at before it is opened: opening a pipe waits for a writer. What is no Path is in an object store.
    if isinstance(path, Path) and not stat.S_ISREG(path.stat().st_mode):
        raise NotASmallFileError(f"{path} is no regular file")
    return cast(BinaryIO, path.open("rb"))
