"""Reads recorded notes of known pitch: a folder with a `labels.csv` beside the files."""

from __future__ import annotations

import contextlib
import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from aitunes.audio_processing.files import read_audio
from aitunes.datasets.folder import DataSetError, data_folder
from aitunes.datasets.note_table import NoteRow, licence_sentence, read_note_table
from aitunes.features import FloatArray
from aitunes.file_names import spelled

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

    @property
    def dynamic(self) -> str:
        """Return the dynamic, "pp" to "ff"; empty where nobody wrote it down."""

    def read(self, sample_rate: int) -> FloatArray:
        """Read the waveform, mono, [samples]."""


@dataclass(frozen=True)
class RecordedNote:
    """Names a note in a file."""

    path: Path
    name: str
    label: str
    midi: float
    dynamic: str = ""

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
        sentences: about notes that were left out.
    """

    name: str
    licence: str
    notes: tuple[Note, ...]
    sentences: tuple[str, ...] = ()


def read_notes(root: Path, licences: tuple[str, ...] = FREE) -> Notes:
    """Read the notes that `labels.csv` lists, those of other licences left out.

    The file has a header and the columns `path` (inside the folder), `instrument`, `midi` (a number, 60 = C4), and, if
    they are known, `midi_measured` (the pitch that was played), `licence` and `repo` (where the file comes from).

    Args:
        root: the folder, or one of several such folders.
        licences: how the licences that are kept begin, lower-case; a note without one is the user's own. None are left
            out where no row names a `repo`: then the notes are the user's own business.

    Raises:
        DataSetError: there is no such folder or list, it lacks a column, a line is wrong, or no note is left.
    """
    root = data_folder(root, "your notes")
    path = root / LABELS
    # A folder without a list may hold several that have one; they become one data set.
    folders = [root] if path.is_file() else sorted(found.parent for found in root.glob(f"*/{LABELS}")) or [root]
    try:
        rows = [
            replace(row, path=(folder / row.path).relative_to(root).as_posix())
            for folder in folders
            for row in read_note_table(folder / LABELS)
        ]
    except OSError as error:
        raise DataSetError(f"{root} has no {LABELS}, which says what note every file is.") from error
    published = any(row.repo for row in rows)

    def is_kept(row: NoteRow) -> bool:
        return not published or not row.licence or row.licence.lower().startswith(licences)

    kept = [row for row in rows if is_kept(row)]
    if not kept:
        raise DataSetError(f"{path} lists no notes of a licence that begins with {' or '.join(licences)}.")
    notes = sorted(
        (RecordedNote(_file(root, row.path), spelled(row.path), row.instrument, row.midi, row.dynamic) for row in kept),
        key=_name,
    )
    sentence = licence_sentence(rows, is_kept)
    name = ", ".join(spelled(folder.resolve().name) for folder in folders)
    return Notes(name, _licence_of(kept), tuple(notes), (sentence,) if sentence else ())


def _file(root: Path, name: str) -> Path:
    """Return the path of a file; its accents may be written otherwise than in the list."""
    if not name.isascii() and not (root / name).exists():
        forms = [unicodedata.normalize(form, name) for form in ("NFC", "NFD")]
        with contextlib.suppress(UnicodeEncodeError):  # a list of an old system's files, whose names are as old
            forms.append(os.fsdecode(name.encode("cp1252")))
        for form in forms:
            if (root / form).exists():
                return root / form
    return root / name


def _name(note: RecordedNote) -> str:
    return note.name


def _licence_of(rows: Iterable[NoteRow]) -> str:
    """Name the sources under each licence: `CC0-1.0: guitar (freepats/…); Public domain …: flute, oboe (…)`."""
    sources: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        by_source = sources.setdefault(row.licence or "the files' own", {})
        by_source.setdefault(row.repo or "your disk", set()).add(row.instrument)
    return "; ".join(
        f"{licence}: " + ", ".join(f"{', '.join(sorted(instruments))} ({source})" for source, instruments in by.items())
        for licence, by in sorted(sources.items())
    )
