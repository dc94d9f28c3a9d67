"""Gestures in a folder: every one is a score, by its own name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aitunes.atomic import write_text
from aitunes.backed_up_file import BackedUpFile
from aitunes.bounded_files import NotASmallFileError, read_bounded
from aitunes.errors import reason
from aitunes.unfinished_files import FileInUseError, abandoned, finish_beside, intended_path, is_unfinished
from instrument.scores.gesture_journal import GestureJournal
from instrument.scores.gestures import GestureError, Take, score_line
from instrument.scores.score import END, last_second, without_damage
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
        """Return all names, sorted.

        Raises:
            GestureError: the folder cannot be read.
        """
        try:
            found = [path.stem for path in self._folder.glob(f"*{_SUFFIX}") if path.is_file()]
        except OSError as error:
            raise GestureError(f"{self._folder} cannot be read: {reason(error)}") from error
        return sorted(name for name in found if _is_plain(name) and not is_unfinished(self._path(name)))

    def check(self, name: str) -> None:
        """See whether a gesture can be kept under that name.

        Raises:
            PathError: it is no plain name.
            GestureError: there are too many.
        """
        if is_unfinished(self._path(name)):
            raise GestureError(f"names such as {name} belong to gestures that are being recorded; choose another name")
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
            return read_bounded(path, _MAX_BYTES).decode("utf-8-sig", errors="replace")
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

    def journal(self, take: Take) -> GestureJournal:
        """Begin to write a gesture while it is being recorded.

        Raises:
            GestureError: it cannot be written, or another engine records one of that name.
        """
        try:
            return GestureJournal(self._path(take.name), take)
        except (FileExistsError, FileInUseError) as error:
            raise GestureError(f"another AiTunes is recording a gesture {take.name}; choose another name") from error
        except OSError as error:
            raise GestureError(f"gestures cannot be kept in {self._folder}: {reason(error)}") from error

    def rescue(self) -> list[str]:
        """Keep the gestures that were being recorded when an earlier engine was killed.

        Returns:
            A sentence for each.
        """
        sentences = []
        for unfinished in abandoned(self._folder, _SUFFIX):
            name = intended_path(unfinished).stem
            try:
                score = without_damage(read_bounded(unfinished, _MAX_BYTES).decode("utf-8", errors="replace"))
                seconds = last_second(score)
                if seconds is not None:
                    write_text(unfinished, f"{score}{score_line(seconds, END, ())}\n")
                    kept = finish_beside(unfinished, self._path(name)).stem
                    sentences.append(f"The gesture {name} was interrupted; its {seconds:.1f} s are kept as {kept}.")
                else:
                    unfinished.unlink()
            except (OSError, PathError) as error:
                why = reason(error) if isinstance(error, OSError) else str(error)
                sentences.append(f"{unfinished} is left of a gesture that was interrupted: {why}.")
        return sentences

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
