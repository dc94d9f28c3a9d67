"""Gestures in a folder: every one is a score, by its own name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aitunes.backed_up_file import BackedUpFile
from aitunes.bounded_files import NotASmallFileError, read_bounded
from aitunes.errors import reason
from instrument.scores.gestures import GestureError
from instrument.scores.score import without_damage
from instrument.storage.paths import PathError, plain_name

_SUFFIX = ".txt"
_MAX_BYTES = 1 << 24
MAX_GESTURES = 1_000


class GestureStore:
    """The gestures of one folder, which is made when the first one is kept.

    Args:
        folder: where they are.
        report: takes a sentence about a damaged one.
    """

    def __init__(self, folder: Path, report: Callable[[str], None] = lambda sentence: None) -> None:
        self._folder = folder
        self._report = report

    def names(self) -> list[str]:
        """All names, sorted.

        Raises:
            GestureError: the folder cannot be read.
        """
        try:
            found = [path.stem for path in self._folder.glob(f"*{_SUFFIX}") if path.is_file()]
        except OSError as error:
            raise GestureError(f"{self._folder} cannot be read: {reason(error)}") from error
        return sorted(name for name in found if _is_plain(name))

    def check(self, name: str) -> None:
        """See whether a gesture can be kept under that name.

        Raises:
            PathError: it is no plain name.
            GestureError: there are too many.
        """
        plain_name(name)
        names = self.names()
        if len(names) >= MAX_GESTURES and name not in names:
            raise GestureError(f"there are {MAX_GESTURES} gestures; delete one first")

    def read(self, name: str) -> str:
        """The score.

        Raises:
            GestureError: there is none of that name, or it cannot be read.
        """
        path = self._path(name)
        try:
            return read_bounded(path, _MAX_BYTES).decode("utf-8", errors="replace")
        except FileNotFoundError as error:
            raise GestureError(f"there is no gesture named {name!r}") from error
        except NotASmallFileError as error:
            raise GestureError(f"{path} is no file of at most {_MAX_BYTES >> 20} MiB, as gestures are") from error
        except OSError as error:
            raise GestureError(f"{path} cannot be read: {reason(error)}") from error

    def mend(self, name: str) -> str:
        """Return a score from its backup, or without its damaged lines; a damaged file is put aside.

        Raises:
            GestureError: as `read`.
        """
        try:
            return self._file(name).read() or ""
        except OSError as error:
            raise GestureError(f"{self._path(name)} cannot be read: {reason(error)}") from error

    def write(self, name: str, score: str) -> None:
        """Keep a gesture, in place of one of the same name.

        Raises:
            GestureError: it cannot be written; an older one still stands.
        """
        try:
            self._file(name).write(score)
        except OSError as error:
            raise GestureError(f"gestures cannot be kept in {self._folder}: {reason(error)}") from error

    def delete(self, name: str) -> None:
        """Drop a gesture.

        Raises:
            GestureError: there is none of that name, or it stays.
        """
        try:
            self._file(name).delete()
        except FileNotFoundError as error:
            raise GestureError(f"there is no gesture named {name!r}") from error
        except OSError as error:
            raise GestureError(f"the gesture {name} cannot be deleted: {reason(error)}") from error

    def _file(self, name: str) -> BackedUpFile[str]:
        return BackedUpFile(self._path(name), _MAX_BYTES, _ScoreFormat(), f"Lines of the gesture {name}", self._report)

    def _path(self, name: str) -> Path:
        return self._folder / (plain_name(name) + _SUFFIX)


class _ScoreFormat:
    """Reads and writes the text of a gesture."""

    def parse(self, text: str) -> tuple[str, bool]:
        """Leave out damaged lines."""
        found = without_damage(text)
        return found, found.splitlines() == text.splitlines()

    def merge(self, backup: str, rescued: str) -> str:
        """Take the backup."""
        return backup or rescued

    def dump(self, value: str) -> str:
        """Return it as it is."""
        return value


def _is_plain(name: str) -> bool:
    try:
        plain_name(name)
    except PathError:
        return False
    return True
