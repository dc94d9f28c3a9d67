"""Reads a folder of audio: every file a track, its first-level folder the label. Other readers build on this one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
from typing_extensions import override

from aitunes.errors import AiTunesError
from aitunes.remote_paths import check_reachable, is_remote, parse_path

DATA_VARIABLE = "AITUNES_DATA"

SUFFIXES = (".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".w64", ".wav")
"""Of files that libsndfile reads."""

UNLABELLED = "unlabelled"


class DataSetError(AiTunesError):
    """Says why a data set cannot be read, and what to do."""


@dataclass(frozen=True)
class Track:
    """Names one audio file.

    Args:
        path: where it lies.
        name: its path inside the data set, with slashes; no two tracks share one.
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
    """

    name: str
    licence: str
    tracks: Sequence[Track]


class TrackList(Sequence[Track]):
    """Lists the tracks below a folder, sorted by name; each `Track` is made when it is asked for.

    Kept is the name alone, some tens of bytes, because a corpus may have very many.

    Args:
        root: the folder that the names start from.
        names: of the files, in any order.
        label_of: the label of a name.

    Attributes:
        names: sorted, [tracks].

    Raises:
        DataSetError: a name is no text.
    """

    def __init__(self, root: Path, names: Iterable[str], label_of: Callable[[str], str]) -> None:
        self._root, self._label_of = root, label_of
        try:
            self.names = np.fromiter(names, np.dtypes.StringDType())
        except UnicodeEncodeError as error:
            raise DataSetError(f"{error.object!r} in {root} is no name in UTF-8; rename that file.") from error
        self.names.sort()

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
        return Track(self._root / name, name, self._label_of(name))


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


def audio_names(root: Path) -> Iterator[str]:
    """Find audio files below a folder, by their suffix, as paths inside it with slashes; hidden ones left out."""
    if is_remote(root):
        inside = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
        yield from (name for name in inside if _is_audio(name) and not any(p.startswith(".") for p in name.split("/")))
        return
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        inside_root = Path(folder).relative_to(root)
        for name in files:
            if _is_audio(name) and not name.startswith(".") and Path(folder, name).is_file():
                yield (inside_root / name).as_posix()


def read_folder(root: Path) -> Tracks:
    """List every audio file below a folder; a file at its root is `unlabelled`.

    Raises:
        DataSetError: no such folder, or no audio in it.
    """
    root = data_folder(root, "your audio")
    tracks = TrackList(root, audio_names(root), first_folder)
    if not tracks:
        raise DataSetError(
            f"There is no audio in {root}: put files in it that end in {', '.join(SUFFIXES)}, "
            "those of one kind in a folder of their own."
        )
    return Tracks(root.resolve().name, "the files' own", tracks)


def first_folder(name: str) -> str:
    """Return the label of a track: the first folder of its name."""
    folder, slash, _ = name.partition("/")
    return folder if slash else UNLABELLED


def _is_audio(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)
