"""Reads a release's files with a bound on their size, and regular files only: no pipe, no device, no endless hole."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

from aitunes.errors import ReleaseError, reason

MAX_CARD_BYTES = 1 << 20
MAX_MAP_BYTES = 64 << 20
MAX_PICTURE_BYTES = 32 << 20
MAX_FILE_BYTES = 512 << 20
"""Largest file of a release; decoders that play in real time are far smaller."""
MAX_RELEASE_BYTES = 1 << 30

_CHUNK_BYTES = 1 << 20


def open_bounded(path: Path, max_bytes: int, what: str) -> BinaryIO:
    """Open a regular file that has at most so many bytes.

    Args:
        what: begins the sentence of a refusal, such as "The map of first-light".

    Raises:
        ReleaseError: it is missing, no regular file, or larger.
    """
    try:
        # Without O_NONBLOCK, opening a pipe waits for somebody to write into it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise ReleaseError(f"{what} cannot be read: {why}.") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ReleaseError(f"{what} cannot be read: {path.name} is no regular file. Copy it again.")
        if found.st_size > max_bytes:
            raise ReleaseError(
                f"{what} has {found.st_size:,} bytes; at most {max_bytes:,} are read. Export it again, smaller."
            )
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_bounded(path: Path, max_bytes: int, what: str) -> bytes:
    """Return the content of a regular file that has at most so many bytes.

    Raises:
        ReleaseError: it is missing, no regular file, larger, or cannot be read.
    """
    with open_bounded(path, max_bytes, what) as stream:
        try:
            content = stream.read(max_bytes + 1)
        except OSError as error:
            raise ReleaseError(f"{what} cannot be read: {reason(error)}.") from error
    if len(content) > max_bytes:  # it has grown since its size was asked
        raise ReleaseError(f"{what} has more than {max_bytes:,} bytes, which is as many as are read.")
    return content


def read_text(path: Path, max_bytes: int, what: str) -> str:
    """Return the text of a regular UTF-8 file that has at most so many bytes.

    Raises:
        ReleaseError: as `read_bounded`, or it is no UTF-8.
    """
    try:
        return read_bounded(path, max_bytes, what).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ReleaseError(f"{what} is no text in UTF-8; copy it again.") from error


def bounded_sha256(path: Path, max_bytes: int, what: str) -> str:
    """Return the SHA-256, in hexadecimal, of a regular file that has at most so many bytes.

    Raises:
        ReleaseError: it is missing, no regular file, larger, or cannot be read.
    """
    digest, left = hashlib.sha256(), max_bytes
    with open_bounded(path, max_bytes, what) as stream:
        try:
            while left > 0 and (chunk := stream.read(min(_CHUNK_BYTES, left))):
                digest.update(chunk)
                left -= len(chunk)
        except OSError as error:
            raise ReleaseError(f"{what} cannot be read: {reason(error)}.") from error
    return digest.hexdigest()
