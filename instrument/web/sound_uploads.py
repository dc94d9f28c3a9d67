"""Keeps the sounds that a page brings, piece by piece, in a temporary folder whose names are made here."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
import unicodedata
from pathlib import Path, PurePosixPath

from aitunes.errors import reason
from aitunes.file_names import is_device_name
from instrument.web.problems import ProblemError

MAX_FILES = 3_000
"""As many as learning opens."""
MAX_BYTES = 2 << 30
MAX_PIECE_BYTES = 1 << 20
ENDINGS = (
    ".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".w64", ".wav",
    ".wave",
)  # fmt: skip
"""Of files that are taken, all of which learning reads, some of them through ffmpeg."""

_SPARE_BYTES = 256 << 20
"""That stay free on the disk, for the release among others."""
_MAX_NAME = 80
_MAX_FOLDERS = 3
_KEPT = frozenset(" #+-_()[]&,'")
_FULL = (errno.ENOSPC, errno.EDQUOT)


class SoundUploads:
    """Holds the sounds of one instrument.

    Nothing of a request is a path: folder and files have names made of the letters and digits of what was sent, and a
    file's number leads to it.

    Args:
        name: of what the sounds are together, such as that of the folder they are in.
        files, size: how many there will be, and their bytes in all.
        within: folder for the temporary one; by default the system's.

    Raises:
        ProblemError: there are too many, or the disk has no room.
    """

    def __init__(self, name: str, files: int, size: int, within: Path | None = None) -> None:
        if files > MAX_FILES or size > MAX_BYTES:
            raise ProblemError(413, f"At most {MAX_FILES:,} sounds and {MAX_BYTES >> 30} GB are taken; bring fewer.")
        self.id = secrets.token_urlsafe(12)
        self.files, self.size = files, size
        self.received = 0
        self._files: dict[int, Path] = {}
        self._taken: set[str] = set()
        self._copies: dict[str, int] = {}  # of each name that several sounds have
        try:
            self._home = Path(tempfile.mkdtemp(prefix="aitunes-sounds-", dir=within))
        except OSError as error:
            raise _refusal(error, within) from error
        self.folder = self._home / (safe_name(name) or "My sounds")
        free = shutil.disk_usage(self._home).free
        if size + _SPARE_BYTES > free:
            self.remove()
            raise ProblemError(
                507,
                f"The disk is full: {free / 1e6:,.0f} MB are free for temporary files, and these sounds need "
                f"{(size + _SPARE_BYTES) / 1e6:,.0f} MB. Make room, or bring fewer sounds.",
            )

    @property
    def name(self) -> str:
        """Return what the sounds are together."""
        return self.folder.name

    @property
    def is_whole(self) -> bool:
        """Tell whether everything has arrived."""
        return len(self._files) == self.files and self.received == self.size

    def write(self, number: int, name: str, at: int, piece: bytes) -> None:
        """Add a piece to a file; a piece that is there already changes nothing.

        Args:
            number: of the file, from 0.
            name: its path as the page knows it, in which only the words are of interest.
            at: of its first byte in the file.

        Raises:
            ProblemError: it does not fit what was announced, or the disk is full.
        """
        if not 0 <= number < self.files:
            raise ProblemError(422, f"number: sounds are 0 to {self.files - 1}.")
        try:
            path = self._files.get(number) or self._open(number, name)
            size = path.stat().st_size if path.exists() else 0
            if at + len(piece) == size:
                return
            if at != size:
                raise ProblemError(409, f"at: the next byte of sound {number} is {size}.")
            if self.received + len(piece) > self.size:
                raise ProblemError(413, "This is more than was announced; bring the sounds once more.")
            with path.open("ab") as file:
                file.write(piece)
        except OSError as error:
            raise _refusal(error, self._home) from error
        self.received += len(piece)

    def remove(self) -> None:
        """Delete everything."""
        shutil.rmtree(self._home, ignore_errors=True)

    def _open(self, number: int, name: str) -> Path:
        *folders, file = safe_path(name)
        path = self.folder.joinpath(*folders, file)
        asked = str(path).casefold()
        while str(path).casefold() in self._taken:
            self._copies[asked] = copy = self._copies.get(asked, 1) + 1
            path = path.with_name(f"{Path(file).stem} ({copy}){path.suffix}")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._taken.add(str(path).casefold())
        self._files[number] = path
        return path


def safe_path(name: str) -> tuple[str, ...]:
    """Return folders and a file name made of the words of a sound's path: its label first, its last folders then.

    >>> safe_path("strings/pizz/violin C#4 (mf).WAV")
    ('strings', 'pizz', 'violin C#4 (mf).wav')
    >>> safe_path("../../etc/.hidden\\x00/con.wav")
    ('etc', 'hidden', 'con_.wav')

    Raises:
        ProblemError: its ending is that of no sound.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ProblemError(422, f"name: sounds end with {', '.join(ENDINGS)}.")
    folders = [folder for part in path.parent.parts if (folder := safe_name(part))]
    if len(folders) > _MAX_FOLDERS:
        folders = [folders[0], *folders[1 - _MAX_FOLDERS :]]
    return *folders, (safe_name(path.stem) or "sound") + ending


def safe_name(text: str) -> str:
    """Return a name for a file or a folder, made of the letters, digits and a few signs of a text; it may be empty."""
    kept = (letter if letter.isalnum() or letter in _KEPT else " " for letter in unicodedata.normalize("NFC", text))
    name = " ".join("".join(kept).split())[:_MAX_NAME]
    while len(os.fsencode(name)) > 2 * _MAX_NAME:
        name = name[:-1]
    name = name.strip()
    return f"{name}_" if is_device_name(name) else name


def _refusal(error: OSError, place: Path | None) -> ProblemError:
    if error.errno in _FULL:
        return ProblemError(507, "The disk is full; make room for temporary files, and bring the sounds once more.")
    return ProblemError(500, f"The sounds cannot be kept: {reason(error)}.")
