"""Where data lie: on a disk, or in an object store that is named by a URL, `s3://bucket/folder` for one.

What stands for a URL has pathlib's methods (universal-pathlib's UPath over fsspec), so that everybody else just takes
a path; the few things that the two do differently are here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from aitunes.errors import AiTunesError

Range = tuple[int, int]
"""First byte of a piece, and the one after its last."""

_EXTRAS = {"s3": "'aitunes[cluster]'", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}


class PlaceError(AiTunesError):
    """A place that cannot be used, and why."""


def place(text: str) -> Path:
    """A path, or for a URL what behaves like one.

    Raises:
        PlaceError: no library here knows such URLs.

    >>> place("music/loops").name
    'loops'
    """
    if "://" not in text:
        return Path(text)
    scheme = text.split("://")[0]
    try:
        from upath import UPath

        found = UPath(text)
        found.fs  # noqa: B018 - finds the library that reads such places
    except ImportError as error:
        wanted = _EXTRAS.get(scheme, "'aitunes[cluster]'")
        raise PlaceError(f"{text} needs a library that is not here: pip install {wanted}.") from error
    except ValueError as error:
        raise PlaceError(f"{text} is no place that is known here: {error}.") from error
    return cast(Path, found)


def is_remote(path: Path) -> bool:
    """Whether it lies in an object store."""
    return not isinstance(path, Path)


def check_reachable(path: Path) -> None:
    """Refuse an object store that does not answer.

    Raises:
        PlaceError: it does not, or it does not let us in.
    """
    if not is_remote(path):
        return
    try:
        fs, name = _store(path)
        fs.exists(name)
    except Exception as error:  # every store's library has errors of its own
        raise PlaceError(f"{path} cannot be reached: {error}. Are its address and credentials right?") from error


def write_whole(path: Path, contents: Iterable[Any], durable: bool = True) -> None:
    """Write a file under another name, then give it its own; an object store shows what is whole only.

    Args:
        contents: buffers, one after the other.
        durable: wait until the disk has it, which takes longer than most writing.
    """
    if is_remote(path):
        with path.open("wb") as stream:
            for piece in contents:
                stream.write(memoryview(piece).cast("B"))
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with unfinished.open("wb") as stream:
            for piece in contents:
                stream.write(piece)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def sizes(folder: Path) -> dict[str, int]:
    """Names of a folder's files and how many bytes they have, none where there is none; in an object store at once."""
    try:
        if not is_remote(folder):
            with os.scandir(folder) as entries:
                return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}
        fs, root = _store(folder)
        fs.invalidate_cache(root)  # others write as well
        found = fs.ls(root, detail=True)
    except FileNotFoundError:
        return {}
    return {entry["name"].rsplit("/", 1)[-1]: int(entry["size"]) for entry in found if entry["type"] == "file"}


def read_ranges(path: Path, ranges: Sequence[Range]) -> list[bytes]:
    """Pieces of a file; of an object store all at the same time.

    Raises:
        OSError: they cannot be read.
    """
    if not is_remote(path):
        with path.open("rb", buffering=0) as stream:
            return [os.pread(stream.fileno(), end - start, start) for start, end in ranges]
    fs, name = _store(path)
    starts, ends = zip(*ranges, strict=True)
    return list(fs.cat_ranges([name] * len(ranges), list(starts), list(ends)))


def _store(path: Path) -> tuple[Any, str]:
    """fsspec's file system and its name of a place."""
    from fsspec import url_to_fs

    # Asked for anew each time: a process that was forked must not use the connections of its parent.
    fs, name = url_to_fs(str(path), **cast(Any, path).storage_options)
    return fs, name
