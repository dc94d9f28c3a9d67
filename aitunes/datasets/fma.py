"""Reads FMA: clips of 30 s from the Free Music Archive, their genres in a table.

Reference:
    Defferrard, Benzi, Vandergheynst & Bresson, *FMA: A Dataset For Music Analysis*, ISMIR 2017.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from aitunes.bounded_files import open_regular
from aitunes.datasets.folder import (
    UNLABELLED,
    DataSetError,
    TrackList,
    Tracks,
    audio_names,
    candidates,
    data_folder,
)

NAME = "FMA"
LICENCE = "metadata CC BY 4.0; each clip under its own Creative Commons licence, named in tracks.csv"
TABLE = "fma_metadata/tracks.csv"
_GENRE = ("track", "genre_top")
_AUDIO_FOLDERS = ("fma_small", "fma_medium", "fma_large", "fma_full")


def read_fma(data_dir: Path | None) -> Tracks:
    """List the clips of `fma_medium/000/000002.mp3` (or small, large, full, or none of these) with their top genres.

    Args:
        data_dir: the folder that holds `fma_metadata`, or an `fma…` folder that does; None takes `AITUNES_DATA`.

    Raises:
        DataSetError: it is not there, has no clips, or its table does not fit the clips.
    """
    root = data_folder(data_dir, NAME)
    home = next((folder for folder in candidates(root, "fma") if (folder / TABLE).is_file()), None)
    if home is None:
        raise DataSetError(
            f"FMA is not in {root}. Get fma_metadata.zip and fma_medium.zip (or fma_small.zip) from "
            "https://github.com/mdeff/fma and unpack both there."
        )
    genres = read_genres(home / TABLE)
    clips = TrackList(home, _clips(home), lambda name: genres[_track_id(name)])
    if not clips:
        raise DataSetError(f"{home} has FMA's table but no clips; unpack fma_medium.zip (or fma_small.zip) there.")
    unknown = [name for name in clips.names if _track_id(name) not in genres]
    if unknown:
        raise DataSetError(
            f"{home / TABLE} has no row for {len(unknown)} of {len(clips)} clips, {unknown[0]} among them; "
            "take the table that was published with these clips."
        )
    return Tracks(NAME, LICENCE, clips)


def read_genres(table: Path) -> dict[int, str]:
    """Read the top genre of each track number.

    Raises:
        DataSetError: the file is not FMA's `tracks.csv`: three header rows, a number first in all others.
    """
    try:
        with io.TextIOWrapper(open_regular(table), encoding="utf-8", newline="") as stream:
            rows = csv.reader(stream)
            groups, columns, _ = next(rows), next(rows), next(rows)
            genre = list(zip(groups, columns, strict=True)).index(_GENRE)
            return {int(row[0]): sys.intern(row[genre]) or UNLABELLED for row in rows if row}
    except (OSError, ValueError, IndexError, StopIteration, csv.Error) as error:
        raise DataSetError(
            f"{table} is not FMA's table of tracks (three header rows, a column track/genre_top, a row a clip): "
            f"{error or 'it ends too early'}."
        ) from error


def _clips(home: Path) -> Iterator[str]:
    for folder in _audio_folders(home):
        yield from (f"{folder.name}/{name}" for name in audio_names(folder))


def _audio_folders(home: Path) -> list[Path]:
    folders = [home / name for name in _AUDIO_FOLDERS if (home / name).is_dir()]
    # The numbered folders themselves, where somebody unpacked them next to the table.
    return folders or sorted(path for path in home.iterdir() if path.is_dir() and path.name.isdigit())


def _track_id(name: str) -> int:
    stem = PurePosixPath(name).stem
    return int(stem) if stem.isdecimal() else -1
