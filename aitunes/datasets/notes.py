"""Reads recorded notes of known pitch: a folder with a `labels.csv` beside the files."""

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
    """Describes one note of a data set."""

    @property
    def name(self) -> str:
        """A name that no other note of the set has."""

    @property
    def label(self) -> str:
        """The instrument."""

    @property
    def midi(self) -> float:
        """Its pitch, MIDI note with fraction."""

    def read(self, sample_rate: int) -> FloatArray:
        """Read the waveform, mono, [samples]."""


@dataclass(frozen=True)
class RecordedNote:
    """Names a note in a file."""

    path: Path
    name: str
    label: str
    midi: float

    def read(self, sample_rate: int) -> FloatArray:
        """Read the file, mixed down and resampled.

        Raises:
            AudioFileError: it is not there, or damaged.
        """
        return read_audio(self.path, sample_rate)[0]


@dataclass(frozen=True)
class Notes:
    """Lists a data set of notes.

    Args:
        name, licence: for the card.
        notes: sorted by name.
    """

    name: str
    licence: str
    notes: tuple[Note, ...]


def read_notes(root: Path, licences: tuple[str, ...] = FREE) -> Notes:
    """Read the notes that `labels.csv` lists, those of other licences left out.

    The file has a header and the columns `path` (inside the folder), `instrument`, `midi` (a number, 60 = C4), and, if
    they are known, `midi_measured` (the pitch that was played), `licence` and `repo` (where the file comes from).

    Args:
        root: the folder.
        licences: how the licences that are wanted begin, lower-case; a note without one is the user's own.

    Raises:
        DataSetError: there is no such folder or list, it lacks a column, a pitch is no number, or no note is left.
    """
    root = data_folder(root, "your notes")
    path = root / LABELS
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as error:
        raise DataSetError(f"{root} has no {LABELS}, which says what note every file is.") from error
    kept = [row for row in rows if not row.get("licence") or row["licence"].lower().startswith(licences)]
    if not kept:
        raise DataSetError(f"{path} lists no notes of a licence that begins with {' or '.join(licences)}.")
    notes = sorted((_note(root, row) for row in kept), key=lambda note: note.name)
    return Notes(root.resolve().name, _licence_of(kept), tuple(notes))


def _note(root: Path, row: dict[str, str]) -> RecordedNote:
    try:
        midi = float(row.get("midi_measured") or row["midi"])
        return RecordedNote(root / row["path"], row["path"], row["instrument"], midi)
    except (KeyError, TypeError, ValueError) as error:
        raise DataSetError(f"{root / LABELS} has a line without path, instrument or MIDI note: {error}.") from error


def _licence_of(rows: Iterable[dict[str, str]]) -> str:
    """Name the sources under each licence: `CC0-1.0: guitar (freepats/…); Public domain …: flute, oboe (…)`."""
    sources: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        licence = row.get("licence") or "the files' own"
        sources.setdefault(licence, {}).setdefault(row.get("repo") or "your disk", set()).add(row["instrument"])
    return "; ".join(
        f"{licence}: " + ", ".join(f"{', '.join(sorted(instruments))} ({source})" for source, instruments in by.items())
        for licence, by in sorted(sources.items())
    )
