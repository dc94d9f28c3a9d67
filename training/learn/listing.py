"""Lists the audio files below a folder, and counts what is passed over, so that nothing is ignored without a word."""

from __future__ import annotations

import os
import shutil
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aitunes.datasets.folder import SUFFIXES, UNLABELLED, first_folder
from aitunes.errors import TrainingError, reason
from aitunes.file_names import spelled
from aitunes.folder_walk import walk_folders

LIBSNDFILE = tuple(sorted({*SUFFIXES, ".aifc", ".mp1", ".mp2", ".snd", ".voc", ".wave"}))
"""Endings of files that libsndfile reads; how it reads one, it learns from the contents."""

FFMPEG = (".3gp", ".aac", ".alac", ".ape", ".m4a", ".m4b", ".mka", ".mp4", ".wma", ".webm", ".wv")
"""Endings of files that are read through the program ffmpeg, where it is installed."""

_SIDE_SUFFIXES = (".asd", ".pkf", ".reapeaks", ".sfk", ".sfl", ".ovw", ".wfm", ".peak")
_SIDE_NAMES = ("desktop.ini", "thumbs.db")
_OWN_MARKS = ("card.json", "run.json", "last.ckpt")
"""Files that mark a release or a run: sounds below their folder are ours, not the user's."""

_MAX_ENTRIES = 500_000


@dataclass(frozen=True)
class SoundFile:
    """A file that should hold sound.

    Args:
        path: where it lies.
        name: its path inside the folder, with slashes, as text.
        size: bytes.
    """

    path: Path
    name: str
    size: int

    @property
    def label(self) -> str:
        """The first-level folder it lies in."""
        return first_folder(self.name)

    @property
    def through_ffmpeg(self) -> bool:
        """True where libsndfile has no decoder for it."""
        return self.name.lower().endswith(FFMPEG)


@dataclass
class Listing:
    """Counts what a folder holds.

    Args:
        root: the folder.
        files: sorted by name.
        side_files: of editors and systems (`.asd`, `._x.wav`, …), which hold no sound.
        others: files of other endings, by ending.
        undecodable: names of files that want ffmpeg, which is not installed.
        unreadable: folders and links that cannot be followed, and why.
        own_folders: folders of releases and runs, which are left out.
        empty: names of audio files of no bytes.
        is_whole: false where the folder has too many entries to list.
    """

    root: Path
    files: list[SoundFile] = field(default_factory=list)
    side_files: int = 0
    others: Counter[str] = field(default_factory=Counter)
    undecodable: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    own_folders: int = 0
    empty: list[str] = field(default_factory=list)
    is_whole: bool = True

    @property
    def title(self) -> str:
        """The folder's own name, as text."""
        return spelled(self.root.resolve().name)

    def label_of(self, file: SoundFile) -> str:
        """Return the first-level folder of a file; of a file beside such folders, the name of the whole folder."""
        return self.title or UNLABELLED if file.label == UNLABELLED else file.label


def list_folder(root: Path, max_entries: int = _MAX_ENTRIES) -> Listing:
    """Walk a folder, links included, each folder once.

    Args:
        root: the folder, or one audio file.
        max_entries: files and folders that are looked at.

    Raises:
        TrainingError: there is no such folder, or it cannot be read.
    """
    if not root.exists():
        raise TrainingError(f"There is no folder {root}; name the one that holds your sounds.")
    listing = Listing(root if root.is_dir() else root.parent)
    has_ffmpeg = shutil.which("ffmpeg") is not None
    if not root.is_dir():
        _add(listing, root, spelled(root.name), has_ffmpeg)
        return listing
    if not os.access(root, os.R_OK | os.X_OK):
        raise TrainingError(f"{root} cannot be read: you have no permission. Change its rights, or copy it.")
    for n, (path, name) in enumerate(_walk(listing)):
        if n >= max_entries:
            listing.is_whole = False
            break
        _add(listing, path, name, has_ffmpeg)
    listing.files.sort(key=lambda file: file.name)
    return listing


def _walk(listing: Listing) -> Iterator[tuple[Path, str]]:
    """Files below the folder and their names inside it; folders of ours and hidden ones are left out."""
    root = listing.root
    seen: set[tuple[int, int]] = set()

    def note_failure(error: OSError) -> None:
        listing.unreadable.append(f"{_inside(root, Path(error.filename or root))} ({reason(error)})")

    for folder, folders, names in walk_folders(root, note_failure):
        state = folder.stat()
        is_root, is_own = folder == root, any(mark in names for mark in _OWN_MARKS)
        if (state.st_dev, state.st_ino) in seen or (is_own and not is_root):
            listing.own_folders += is_own
            folders.clear()
            continue
        # A link to a folder above, or two links to one folder, lead to what is listed already.
        seen.add((state.st_dev, state.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            yield folder / name, spelled((folder / name).relative_to(root).as_posix())


def _add(listing: Listing, path: Path, name: str, has_ffmpeg: bool) -> None:
    """Count a file as what it is."""
    lower = path.name.lower()
    if lower.startswith(".") or lower.endswith(_SIDE_SUFFIXES) or lower in _SIDE_NAMES:
        listing.side_files += 1
        return
    if not lower.endswith((*LIBSNDFILE, *FFMPEG)):
        listing.others[path.suffix.lower() or "no ending"] += 1
        return
    try:
        state = path.stat()
    except OSError as error:
        listing.unreadable.append(f"{name} ({reason(error)})")
        return
    file = SoundFile(path, name, state.st_size)
    if not stat.S_ISREG(state.st_mode):
        listing.unreadable.append(f"{name} (it is no plain file)")
    elif not state.st_size:
        listing.empty.append(name)
    elif file.through_ffmpeg and not has_ffmpeg:
        listing.undecodable.append(name)
    else:
        listing.files.append(file)


def _inside(root: Path, path: Path) -> str:
    return spelled(path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path))
