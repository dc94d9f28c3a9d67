"""Recorded notes whose pitch is known: a folder with a `labels.csv` beside the files."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aitunes.audio_processing.files import read_audio
from aitunes.datasets.folder import DataSetError, data_folder
from aitunes.features import FloatArray

LABELS = "labels.csv"
FREE = ("cc0", "public domain")
"""How the licences begin that ask for nothing, not even to be named: what is learnt from them may be given away."""


class Note(Protocol):
    """One note of a data set."""

    @property
    def name(self) -> str:
        """No other note of the set has it."""

    @property
    def label(self) -> str:
        """The instrument."""

    @property
    def midi(self) -> float:
        """Its pitch, MIDI note with fraction."""

    @property
    def dynamic(self) -> str:
        """How hard it was played, "pp" to "ff"; empty where nobody wrote it down."""

    def read(self, sample_rate: int) -> FloatArray:
        """The waveform, mono, [samples]."""


@dataclass(frozen=True)
class RecordedNote:
    """A note in a file."""

    path: Path
    name: str
    label: str
    midi: float
    dynamic: str = ""

    def read(self, sample_rate: int) -> FloatArray:
        """The file, mixed down and resampled.

        Raises:
            AudioFileError: it is not there, or damaged.
        """
        return read_audio(self.path, sample_rate)[0]


@dataclass(frozen=True)
class Notes:
    """A data set of notes.

    Args:
        name, licence: for the card.
        notes: sorted by name.
    """

    name: str
    licence: str
    notes: tuple[Note, ...]


def read_notes(root: Path, licences: tuple[str, ...] = FREE) -> Notes:
    """The notes that `labels.csv` lists, those of other licences left out.

    The file has a header and the columns `path` (inside the folder), `instrument`, `midi` (a number, 60 = C4), and, if
    they are known, `midi_measured` (the pitch that was played), `dynamic` (pp to ff), `licence` and `repo` (where the
    file comes from). A folder without one may hold several such folders, which become one data set.

    Args:
        root: the folder.
        licences: how the licences that are wanted begin, lower-case; a note without one is the user's own.

    Raises:
        DataSetError: there is no such folder or list, it lacks a column, a pitch is no number, or no note is left.
    """
    root = data_folder(root, "your notes")
    folders = [root] if (root / LABELS).is_file() else sorted(path.parent for path in root.glob(f"*/{LABELS}"))
    if not folders:
        raise DataSetError(f"{root} has no {LABELS}, which says what note every file is.")
    rows = [(folder, row) for folder in folders for row in _rows(folder / LABELS)]
    kept = [(folder, row) for folder, row in rows if _is_wanted(row, licences)]
    if not kept:
        raise DataSetError(f"{root / LABELS} lists no notes of a licence that begins with {' or '.join(licences)}.")
    notes = sorted((_note(root, folder, row) for folder, row in kept), key=lambda note: note.name)
    return Notes(" and ".join(folder.resolve().name for folder in folders), _licence_of(row for _, row in kept),
                 tuple(notes))  # fmt: skip


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except OSError as error:
        raise DataSetError(f"{path} cannot be read: {error.strerror}.") from error


def _is_wanted(row: dict[str, str], licences: tuple[str, ...]) -> bool:
    return not row.get("licence") or row["licence"].lower().startswith(licences)


def _note(root: Path, folder: Path, row: dict[str, str]) -> RecordedNote:
    try:
        path = folder / row["path"]
        midi = float(row.get("midi_measured") or row["midi"])
        name = path.relative_to(root).as_posix()
        return RecordedNote(path, name, row["instrument"], midi, row.get("dynamic") or "")
    except (KeyError, TypeError, ValueError) as error:
        raise DataSetError(f"{folder / LABELS} has a line without path, instrument or MIDI note: {error}.") from error


def _licence_of(rows: Iterable[dict[str, str]]) -> str:
    """Who gave what under which licence: `CC0-1.0: guitar (freepats/…); Public domain …: flute, oboe (…)`."""
    sources: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        licence = row.get("licence") or "the files' own"
        sources.setdefault(licence, {}).setdefault(row.get("repo") or "your disk", set()).add(row["instrument"])
    return "; ".join(
        f"{licence}: " + ", ".join(f"{', '.join(sorted(instruments))} ({source})" for source, instruments in by.items())
        for licence, by in sorted(sources.items())
    )
