"""Gestures in a folder: every one is a score, by its own name."""

from __future__ import annotations

from pathlib import Path

from aitunes.atomic import write_text
from aitunes.errors import reason
from instrument.scores.gestures import GestureError
from instrument.storage.paths import PathError, plain_name

_SUFFIX = ".txt"
_MAX_BYTES = 1 << 24
MAX_GESTURES = 1_000


class GestureStore:
    """The gestures of one folder, which is made when the first one is kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Return all names, sorted.

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
        """Return the score.

        Raises:
            GestureError: there is none of that name, or it cannot be read.
        """
        path = self._path(name)
        try:
            if path.stat().st_size > _MAX_BYTES:
                raise GestureError(f"{path} is longer than {_MAX_BYTES >> 20} MiB, too long for a gesture")
            return path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise GestureError(f"there is no gesture named {name!r}") from error
        except OSError as error:
            raise GestureError(f"{path} cannot be read: {reason(error)}") from error
        except UnicodeDecodeError as error:
            raise GestureError(f"{path} is no text") from error

    def write(self, name: str, score: str) -> None:
        """Keep a gesture, in place of one of the same name.

        Raises:
            GestureError: it cannot be written; an older one still stands.
        """
        path = self._path(name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_text(path, score)
        except OSError as error:
            raise GestureError(f"gestures cannot be kept in {self._folder}: {reason(error)}") from error

    def delete(self, name: str) -> None:
        """Drop a gesture.

        Raises:
            GestureError: there is none of that name, or it stays.
        """
        try:
            self._path(name).unlink()
        except FileNotFoundError as error:
            raise GestureError(f"there is no gesture named {name!r}") from error
        except OSError as error:
            raise GestureError(f"the gesture {name} cannot be deleted: {reason(error)}") from error

    def _path(self, name: str) -> Path:
        return self._folder / (plain_name(name) + _SUFFIX)


def _is_plain(name: str) -> bool:
    try:
        plain_name(name)
    except PathError:
        return False
    return True
