"""Opens local paths and the URLs of object stores, such as `s3://bucket/folder`, in the same way.

What stands for a URL has pathlib's methods (universal-pathlib's UPath over fsspec), so that every other module just
takes a path; the few operations in which the two differ are here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from aitunes.atomic import write_buffers
from aitunes.errors import AiTunesError

Range = tuple[int, int]
"""First byte of a piece, and the one after its last."""

_SCHEMES = ("s3", "gs", "gcs", "az", "abfs", "abfss")
_EXTRAS = {"s3": "'aitunes[cluster]'", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}


class RemotePathError(AiTunesError):
    """Says why a path or URL cannot be used."""


def parse_path(text: str) -> Path:
    """Make a path of a text, or for a URL an object that behaves like one.

    Raises:
        RemotePathError: no library here knows such URLs.

    >>> parse_path("music/loops").name
    'loops'
    """
    if "://" not in text:
        return Path(text)
    scheme = text.split("://")[0].lower()
    if scheme not in _SCHEMES:
        known = ", ".join(_SCHEMES)
        raise RemotePathError(f"{text} names no file system that is known here ({known}); or give a plain path.")
    try:
        from upath import UPath

        path = UPath(text)
        path.fs  # noqa: B018 - finds the library that reads such URLs
    except ImportError as error:
        package = _EXTRAS.get(scheme, "'aitunes[cluster]'")
        raise RemotePathError(f"{text} needs a library that is not installed: pip install {package}.") from error
    except Exception as error:  # every store's library has errors of its own
        raise RemotePathError(f"{text} is no URL that can be used: {error}.") from error
    return cast(Path, path)


def is_remote(path: Path) -> bool:
    """Return True for a path in an object store."""
    return not isinstance(path, Path)


def check_reachable(path: Path) -> None:
    """Refuse an object store that does not answer.

    Raises:
        RemotePathError: it does not answer, or it denies access.
    """
    if not is_remote(path):
        return
    try:
        fs, name = _file_system(path)
        fs.exists(name)
    except Exception as error:  # every store's library has errors of its own
        raise RemotePathError(f"{path} cannot be reached: {error}. Are its address and credentials right?") from error


def write_whole(path: Path, contents: Iterable[Any], durable: bool = True) -> None:
    """Write a file under a temporary name, then rename it; an object store shows only whole files anyway.

    Args:
        contents: buffers, one after the other.
        durable: wait until the disk has it, which takes longer than most writing.
    """
    if is_remote(path):
        with path.open("wb") as stream:
            for piece in contents:
                stream.write(memoryview(piece).cast("B"))
        return
    write_buffers(path, contents, durable=durable)


def file_sizes(folder: Path) -> dict[str, int]:
    """Map the names of a folder's files to their sizes in bytes; a folder that is missing has none.

    An object store answers for all of them at once.
    """
    try:
        if not is_remote(folder):
            with os.scandir(folder) as entries:
                return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}
        fs, root = _file_system(folder)
        fs.invalidate_cache(root)  # others write as well
        entries = fs.ls(root, detail=True)
    except FileNotFoundError:
        return {}
    return {entry["name"].rsplit("/", 1)[-1]: int(entry["size"]) for entry in entries if entry["type"] == "file"}


def read_ranges(path: Path, ranges: Sequence[Range]) -> list[bytes]:
    """Read pieces of a file, in an object store all at the same time.

    Raises:
        OSError: they cannot be read.
    """
    if not is_remote(path):
        pieces = []
        with path.open("rb", buffering=0) as stream:
            for start, end in ranges:
                stream.seek(start)
                pieces.append(_read_fully(stream, end - start))
        return pieces
    fs, name = _file_system(path)
    starts, ends = zip(*ranges, strict=True)
    return list(fs.cat_ranges([name] * len(ranges), list(starts), list(ends)))


def _read_fully(stream: Any, count: int) -> bytes:
    """Read `count` bytes, or as many as there are: the system may return fewer in one call."""
    pieces = []
    while count > 0 and (piece := stream.read(count)):
        pieces.append(piece)
        count -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _file_system(path: Path) -> tuple[Any, str]:
    """Return fsspec's file system of a URL, and the path in it."""
    from fsspec import url_to_fs

    # Not kept: a process that was forked must not use the connections of its parent.
    fs, name = url_to_fs(str(path), **cast(Any, path).storage_options)
    return fs, name
