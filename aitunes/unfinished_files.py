"""Names files that are being written so that people find them, and tells those that nobody finishes any more."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from aitunes.atomic import sync_folder, sync_path

MARK = ".unfinished"
"""Stands before the ending of a file that is being written: `take.unfinished.wav`."""


def unfinished_name(path: Path) -> Path:
    """Return the name of a file while it is written.

    >>> unfinished_name(Path("take.wav")).name
    'take.unfinished.wav'
    """
    return path.with_name(f"{path.stem}{MARK}{path.suffix}")


def is_unfinished(path: Path) -> bool:
    """Tell whether a name is one of a file that is being written, or was."""
    return path.stem.endswith(MARK)


def intended_path(path: Path) -> Path:
    """Return the name that an unfinished file was to have.

    >>> intended_path(Path("take.unfinished.wav")).name
    'take.wav'
    """
    return path.with_name(path.stem.removesuffix(MARK) + path.suffix)


class Claim:
    """Marks a file as being written; the system takes the mark away as the process ends, however it does.

    Args:
        path: an existing file.

    Raises:
        FileInUseError: another writer has it.
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        try:
            _lock(self._descriptor)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise FileInUseError(f"{path} is being written by another program") from error

    def write_at(self, position: int, content: bytes) -> None:
        """Overwrite some bytes of the file."""
        os.lseek(self._descriptor, position, os.SEEK_SET)
        os.write(self._descriptor, content)

    def read_at(self, position: int, size: int) -> bytes:
        """Read some bytes of the file."""
        os.lseek(self._descriptor, position, os.SEEK_SET)
        return os.read(self._descriptor, size)

    def release(self) -> None:
        """Take the mark away."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class FileInUseError(OSError):
    """Says that another program writes a file."""


def abandoned(folder: Path, ending: str) -> Iterator[Path]:
    """Yield the unfinished files of a folder that no living process writes."""
    for path in sorted(folder.glob(f"*{MARK}{ending}")):
        try:
            if not path.is_file():
                continue
            Claim(path).release()
        except OSError:  # it is being written, or may not be
            continue
        yield path


def rescue(path: Path) -> Path | None:
    """Give what is left of an interrupted writing its name, or the next free one.

    Args:
        path: the name that it was to have.

    Returns:
        The name that it has; None where nothing is left.

    Raises:
        FileInUseError: another program is writing it.
        OSError: it cannot be renamed.
    """
    unfinished = unfinished_name(path)
    try:
        Claim(unfinished).release()
    except FileNotFoundError:
        return None
    return finish_beside(unfinished, path)


def finish_beside(unfinished: Path, path: Path) -> Path:
    """Give a written file its name, or the next free one: no file is ever replaced.

    Returns:
        The name that it has.

    Raises:
        OSError: it cannot be renamed; it still stands.
    """
    with contextlib.suppress(OSError):
        sync_path(unfinished)
    for number in itertools.count(1):
        target = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        try:
            _rename_to_new(unfinished, target)
        except FileExistsError:
            continue
        sync_folder(path.parent)
        return target
    raise AssertionError("the numbers have ended")


def _rename_to_new(unfinished: Path, target: Path) -> None:
    """Rename a file, unless there is one of that name.

    Raises:
        FileExistsError: there is.
    """
    if os.name == "nt":  # whose rename never replaces
        unfinished.rename(target)
        return
    try:
        os.link(unfinished, target)
    except FileExistsError:
        raise
    except OSError:  # a disk without links, as memory cards have: an empty file keeps the name
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        unfinished.replace(target)
    else:
        unfinished.unlink()


def _lock(descriptor: int) -> None:
    """Lock an open file, where the system can.

    Raises:
        BlockingIOError: another descriptor has locked it.
    """
    try:
        import fcntl
    except ImportError:  # Windows, where a file that is open keeps its name
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # a network's disk without locks
        return
