"""A folder of audio: every file a track, its first-level folder the label. The other readers build on this one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aitunes.errors import AiTunesError
from aitunes.places import check_reachable, place

DATA_VARIABLE = "AITUNES_DATA"

SUFFIXES = (".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".w64", ".wav")
"""Of files that libsndfile reads."""

UNLABELLED = "unlabelled"


class DataSetError(AiTunesError):
    """A data set that is not there or not as it should be, and what to do."""


@dataclass(frozen=True)
class Track:
    """One audio file.

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
    """A data set of audio files.

    Args:
        name, licence: for the card.
        tracks: sorted by name.
    """

    name: str
    licence: str
    tracks: tuple[Track, ...]


def data_folder(chosen: Path | None, purpose: str = "the data") -> Path:
    """The folder that the user named, on the command line or in `AITUNES_DATA`; a path or a URL.

    Raises:
        DataSetError: neither, or it is no folder.
        PlaceError: it is an object store that does not answer.
    """
    named = chosen or (place(os.environ[DATA_VARIABLE]) if os.environ.get(DATA_VARIABLE) else None)
    if named is None:
        raise DataSetError(f"Where is {purpose}? Name its folder with --data-dir or {DATA_VARIABLE}.")
    check_reachable(named)
    if not named.is_dir():
        raise DataSetError(f"There is no folder {named}; name the one that holds {purpose}.")
    return named


def candidates(root: Path, prefix: str) -> list[Path]:
    """The folder itself, and those in it whose name starts with the data set's."""
    inside = sorted(path for path in root.iterdir() if path.is_dir() and path.name.lower().startswith(prefix))
    return [root, *inside]


def audio_files(root: Path) -> list[Path]:
    """Audio files below a folder, by their suffix, sorted; hidden ones left out."""
    found = (path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(root).parts))


def read_folder(root: Path) -> Tracks:
    """Every audio file below a folder; a file at its root is `unlabelled`.

    Raises:
        DataSetError: no such folder, or no audio in it.
    """
    root = data_folder(root, "your audio")
    tracks = [Track(path, path.relative_to(root).as_posix(), _label(path, root)) for path in audio_files(root)]
    if not tracks:
        raise DataSetError(
            f"There is no audio in {root}: put files in it that end in {', '.join(SUFFIXES)}, "
            "those of one kind in a folder of their own."
        )
    return in_order(root.resolve().name, "the files' own", tracks)


def in_order(name: str, licence: str, tracks: Iterable[Track]) -> Tracks:
    """Tracks in the order of their names, whatever the disk says."""
    return Tracks(name, licence, tuple(sorted(tracks, key=lambda track: track.name)))


def _label(path: Path, root: Path) -> str:
    parts = path.relative_to(root).parts
    return parts[0] if len(parts) > 1 else UNLABELLED
