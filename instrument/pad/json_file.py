"""Keeps plain values of the pad in backed-up JSON files, and says in a sentence why that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aitunes.backed_up_file import BackedUpFile, Format, T
from aitunes.errors import AiTunesError, reason


class JsonFileError(AiTunesError):
    """Says why a file cannot be read or written."""


class JsonFile(BackedUpFile[T]):
    """Is a backed-up file whose refusals are sentences.

    Args:
        path, max_bytes, kind, report: as of `BackedUpFile`.
        what: begins each sentence, in the plural, such as "The anchors of chamber".
    """

    def __init__(
        self, path: Path, max_bytes: int, kind: Format[T], what: str, report: Callable[[str], None] = lambda line: None
    ) -> None:
        super().__init__(path, max_bytes, kind, what, report)
        self._of_whom, self._where = what, path

    def read(self) -> T | None:
        """Return the content; None where there is no file.

        Raises:
            JsonFileError: the system does not let it be read.
        """
        try:
            return super().read()
        except OSError as error:
            raise JsonFileError(f"{self._of_whom} cannot be read: {reason(error)}.") from error

    def write(self, value: T) -> None:
        """Write the content, completely or not at all, and its backup.

        Raises:
            JsonFileError: the folder cannot be written.
        """
        try:
            super().write(value)
        except OSError as error:
            raise JsonFileError(f"{self._of_whom} cannot be kept in {self._where.parent}: {reason(error)}.") from error
