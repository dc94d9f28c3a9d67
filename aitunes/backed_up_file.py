"""Keeps a small file of a person's so that damage costs as little as possible: with a backup, and never deleted."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from aitunes.atomic import write_text
from aitunes.bounded_files import NotASmallFileError, read_bounded

_DAMAGED = "damaged"

T = TypeVar("T")


class Format(Protocol[T]):
    """Says how the content of a file is read and written."""

    def parse(self, text: str) -> tuple[T, bool]:
        """Return what can be read, and whether all of it could; never raises."""

    def merge(self, backup: T, rescued: T) -> T:
        """Combine the content of the backup with what could be read of a damaged file."""

    def dump(self, value: T) -> str:
        """Return the text to write."""


class BackedUpFile(Generic[T]):
    """Reads and writes a file with a second copy beside it, `NAME.bak`.

    A damaged file is put aside as `NAME.damaged-DATE`, and the backup and what can be read of it take its place.

    Args:
        path: the file.
        max_bytes: how large it may be.
        kind: how its content is read.
        what: begins the sentence about damage, in the plural, such as "The snapshots".
        report: takes that sentence.
        now: dates what is put aside.
    """

    def __init__(
        self,
        path: Path,
        max_bytes: int,
        kind: Format[T],
        what: str,
        report: Callable[[str], None],
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._format = kind
        self._what = what
        self._report = report
        self._now = now

    @property
    def backup(self) -> Path:
        """Return the path of the second copy."""
        return backup_of(self._path)

    def read(self) -> T | None:
        """Return the content; None where there is no file.

        Raises:
            OSError: the system does not let it be read.
        """
        found = self._parsed(self._path)
        if found is None:
            return None
        value, is_whole = found
        if is_whole:
            return value
        backup = self.read_backup()
        if backup is not None:
            value = self._format.merge(backup, value)
        aside = self._put_aside(value)
        source = "the backup beside it was read" if backup is not None else "what could be read of it is kept"
        where = (
            f"The damaged file is now {aside.name}." if aside else "It stays as it is: nothing can be written there."
        )
        self._report(f"{self._what} in {self._path} are damaged; {source}. {where}")
        return value

    def write(self, value: T) -> None:
        """Write the content, completely or not at all, and its backup.

        Raises:
            OSError: it cannot be written; the older file still stands.
        """
        self.write_alone(value)
        self._write_backup(self._format.dump(value))

    def write_alone(self, value: T) -> None:
        """Write the content, completely or not at all, and leave the backup, which is better.

        Raises:
            OSError: it cannot be written; the older file still stands.
        """
        text = self._format.dump(value)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists() and not self._path.is_file():
            self._keep_aside()
        write_text(self._path, text)

    def back_up(self, value: T) -> None:
        """Have the backup hold what was read, which somebody else may have written."""
        text = self._format.dump(value)
        with contextlib.suppress(OSError):
            if read_bounded(self.backup, self._max_bytes) == text.encode():
                return
        self._write_backup(text)

    def read_backup(self) -> T | None:
        """Return what can be read of the backup; None where there is none."""
        with contextlib.suppress(OSError):
            found = self._parsed(self.backup)
            return None if found is None else found[0]
        return None

    def _write_backup(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the file itself is whole
            write_text(self.backup, text, durable=False)

    def delete(self) -> None:
        """Delete the file and its backup.

        Raises:
            OSError: there is none, or it stays.
        """
        self._path.unlink()
        self.backup.unlink(missing_ok=True)

    def _parsed(self, path: Path) -> tuple[T, bool] | None:
        try:
            content = read_bounded(path, self._max_bytes)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (NotASmallFileError, IsADirectoryError):
            return self._format.parse("")[0], False
        try:
            return self._format.parse(content.decode("utf-8-sig"))  # some editors put a mark before a text
        except UnicodeDecodeError:
            return self._format.parse(content.decode("utf-8", errors="replace"))[0], False

    def _put_aside(self, value: T) -> Path | None:
        """Keep the damaged file by another name and write what was read of it; None where that cannot be."""
        try:
            aside = self._keep_aside()
        except OSError:
            return None
        try:
            self.write(value)
        except OSError:  # the disk is full
            with contextlib.suppress(OSError):
                if os.path.lexists(self._path):
                    aside.unlink()
                else:
                    aside.rename(self._path)
            return None
        return aside

    def _keep_aside(self) -> Path:
        """Give what lies there a second name, or another one where it cannot have two."""
        aside = next(path for path in self._aside_paths() if not os.path.lexists(path))
        try:
            if not self._path.is_file():
                raise OSError("nothing takes the place of a pipe or a folder")
            os.link(self._path, aside)  # so that there is no moment without a file
        except OSError:
            self._path.rename(aside)
        return aside

    def _aside_paths(self) -> Iterator[Path]:
        name = f"{self._path.name}.{_DAMAGED}-{self._now():%Y-%m-%d-%H%M%S}"
        yield self._path.with_name(name)
        yield from (self._path.with_name(f"{name}-{number}") for number in itertools.count(2))


def backup_of(path: Path) -> Path:
    """Return the name of a file's second copy."""
    return path.with_name(f"{path.name}.bak")
