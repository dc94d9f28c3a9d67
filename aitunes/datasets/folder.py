"""Reads a folder of audio: every file a track, its first-level folder the label. Other readers build on this one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from aitunes.errors import AiTunesError
from aitunes.file_names import spelled
from aitunes.folder_walk import walk_folders
from aitunes.remote_paths import check_reachable, is_remote, parse_path

DATA_VARIABLE = "AITUNES_DATA"

SUFFIXES = (
    ".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".snd", ".w64",
    ".wav", ".wave",
)  # fmt: skip
"""Of files that libsndfile reads."""

UNREADABLE_SUFFIXES = (".aac", ".ac3", ".alac", ".amr", ".ape", ".dsf", ".m4a", ".m4b", ".mka", ".mpc", ".wma", ".wv")
"""Of audio files that it does not read, which are counted and named."""

OWN_FILES = frozenset({"run.json", "last.ckpt", "card.json", "index.json"})
"""Names by which a folder of AiTunes' own runs, releases or features is recognised."""

UNLABELLED = "unlabelled"


class DataSetError(AiTunesError):
    """Says why a data set cannot be read, and what to do."""


@dataclass(frozen=True)
class Track:
    """Names one audio file.

    Args:
        path: where it lies.
        name: its path inside the data set, with slashes, as text; no two tracks share one.
        label: what it is.
    """

    path: Path
    name: str
    label: str


@dataclass(frozen=True)
class Tracks:
    """Lists a data set of audio files.

    Args:
        name, licence: for the card.
        tracks: sorted by name.
        notes: sentences about files that were left out.
    """

    name: str
    licence: str
    tracks: Sequence[Track]
    notes: tuple[str, ...] = ()


class TrackList(Sequence[Track]):
    """Lists the tracks below a folder, sorted by name; each `Track` is made when it is asked for.

    Kept is the name alone, some tens of bytes, because a corpus may have very many.

    Args:
        root: the folder that the names start from.
        names: of the files, in any order.
        label_of: the label of a name.

    Attributes:
        names: sorted, as text, [tracks].

    Raises:
        DataSetError: two names are the same as text.
    """

    def __init__(self, root: Path, names: Iterable[str], label_of: Callable[[str], str]) -> None:
        self._root, self._label_of = root, label_of
        self._no_text: dict[str, str] = {}
        self.names: NDArray[Any] = np.fromiter(map(self._spelled, names), np.dtypes.StringDType())
        self.names.sort()
        twice = self.names[1:][self.names[1:] == self.names[:-1]]
        if len(twice) and self._no_text:
            raise DataSetError(f"{root} has two files named {twice[0]}; one of them is no name in UTF-8: rename it.")

    def _spelled(self, name: str) -> str:
        text = spelled(name)
        if text != name:
            self._no_text[text] = name
        return text

    @override
    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, n: int) -> Track: ...

    @overload
    def __getitem__(self, n: slice) -> Sequence[Track]: ...

    @override
    def __getitem__(self, n: int | slice) -> Track | Sequence[Track]:
        if isinstance(n, slice):
            return [self[one] for one in range(*n.indices(len(self)))]
        name = str(self.names[n])
        return Track(self._root / self._no_text.get(name, name), name, self._label_of(name))


def data_folder(chosen: Path | None, purpose: str = "the data") -> Path:
    """Find the folder that the user named, on the command line or in `AITUNES_DATA`; a path or a URL.

    Raises:
        DataSetError: neither, or it is no folder.
        RemotePathError: it is an object store that does not answer.
    """
    named = chosen or (parse_path(os.environ[DATA_VARIABLE]) if os.environ.get(DATA_VARIABLE) else None)
    if named is None:
        raise DataSetError(
            f"Where is {purpose}? Name its folder with --data-dir or {DATA_VARIABLE}; in the window, under Data."
        )
    check_reachable(named)
    if not named.is_dir():
        raise DataSetError(f"There is no folder {named}; name the one that holds {purpose}.")
    return named


def candidates(root: Path, prefix: str) -> list[Path]:
    """List the folder itself, and those in it whose name starts with the data set's."""
    inside = sorted(path for path in root.iterdir() if path.is_dir() and path.name.lower().startswith(prefix))
    return [root, *inside]


@dataclass
class LeftOut:
    """Counts what below a folder of audio is not read, and says so.

    Args:
        formats: files of each ending that is audio, but not libsndfile's.
        folders: that may not be entered.
        own: folders of AiTunes' own runs, releases and features.
    """

    formats: dict[str, int] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)

    @property
    def sentences(self) -> tuple[str, ...]:
        """One sentence for each kind."""
        texts = []
        if self.formats:
            counts = ", ".join(f"{count} {suffix}" for suffix, count in sorted(self.formats.items()))
            texts.append(f"Files of formats that cannot be read are left out: {counts}; convert them to FLAC or WAV.")
        if self.folders:
            texts.append(f"Folders that may not be read, or lie too deep, are left out: {_listed(self.folders)}.")
        if self.own:
            texts.append(f"Runs, releases and features of AiTunes are left out: {_listed(self.own)}.")
        return tuple(texts)


def _listed(names: list[str], count: int = 5) -> str:
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(map(spelled, sorted(names)[:count])) + more


def audio_names(root: Path, left_out: LeftOut | None = None) -> Iterator[str]:
    """Find audio files below a folder, by their suffix, as paths inside it with slashes; hidden ones left out.

    Links to folders are followed, each real folder once.

    Args:
        left_out: filled in while names are drawn.
    """
    left_out = left_out or LeftOut()
    if is_remote(root):
        names = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
        yield from (name for name in names if not _is_hidden(name) and _is_audio(name, left_out))
        return
    seen: set[tuple[int, int]] = set()

    def note_folder(error: OSError) -> None:
        left_out.folders.append(Path(error.filename or "?").relative_to(root).as_posix())

    for folder, folders, files in walk_folders(root, note_folder):
        inside_root, stat = folder.relative_to(root), folder.stat()
        if (stat.st_dev, stat.st_ino) in seen or (inside_root.parts and _is_own(files, left_out, inside_root)):
            folders.clear()
            continue
        seen.add((stat.st_dev, stat.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if not name.startswith(".") and _is_audio(name, left_out) and (folder / name).is_file():
                yield (inside_root / name).as_posix()


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def _is_own(files: Iterable[str], left_out: LeftOut, folder: Path) -> bool:
    """Recognise a run, a release or prepared features, whose sounds AiTunes has made itself."""
    if not OWN_FILES & set(files):
        return False
    left_out.own.append(folder.as_posix())
    return True


def read_folder(root: Path) -> Tracks:
    """List every audio file below a folder; a file at its root is `unlabelled`.

    Raises:
        DataSetError: no such folder, or no audio in it.
    """
    root = data_folder(root, "your audio")
    left_out = LeftOut()
    tracks = TrackList(root, audio_names(root, left_out), first_folder)
    if not tracks:
        raise DataSetError(
            f"There is no audio in {root}: put files in it that end in {', '.join(SUFFIXES)}, "
            f"those of one kind in a folder of their own.{''.join(f' {sentence}' for sentence in left_out.sentences)}"
        )
    return Tracks(spelled(root.resolve().name), "the files' own", tracks, left_out.sentences)


def first_folder(name: str) -> str:
    """Return the label of a track: the first folder of its name."""
    folder, slash, _ = name.partition("/")
    return folder if slash else UNLABELLED


def _is_audio(name: str, left_out: LeftOut) -> bool:
    suffix = f".{name.lower().rpartition('.')[2]}"
    if suffix in UNREADABLE_SUFFIXES:
        left_out.formats[suffix] = left_out.formats.get(suffix, 0) + 1
    return suffix in SUFFIXES
