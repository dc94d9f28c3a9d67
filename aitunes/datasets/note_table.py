"""Reads `labels.csv` as editors and spreadsheets write it: any common encoding, separator and spelling of a header."""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from aitunes.bounded_files import NotASmallFileError, read_bounded
from aitunes.datasets.folder import DataSetError

MAX_BYTES = 64 << 20
MAX_MIDI = 127.0
COLUMNS = {
    "path": ("path", "file", "filename", "filepath", "name"),
    "instrument": ("instrument", "label", "class", "timbre"),
    "midi": ("midi", "note", "pitch", "midinote", "midipitch", "midinumber", "notenumber", "pitchmidi", "notemidi"),
    "midi_measured": ("midimeasured", "measured", "measuredmidi"),
    "licence": ("licence", "license"),
    "repo": ("repo", "repository", "source"),
    "dynamic": ("dynamic",),
}
"""Column → spellings, lower-case, letters and digits alone."""
_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS = ",;\t|"
_SAID_SEPARATOR = re.compile(rf'"?sep=([{_SEPARATORS}])"?[;,\s]*')
"""The line with which Excel tells others what separates."""

_WITH_DYNAMICS = re.compile(r"_(vel|pf)$")
"""Ends names of instruments that were recorded at several dynamics; the column `dynamic` says which."""


@dataclass(frozen=True)
class NoteRow:
    """One line of the table.

    Args:
        path: of the file, inside the folder, with slashes.
        instrument: the label.
        midi: note with fraction; as measured where that is known.
        licence, repo, dynamic: "" where none is given.
    """

    path: str
    instrument: str
    midi: float
    licence: str = ""
    repo: str = ""
    dynamic: str = ""


def read_note_table(path: Path) -> list[NoteRow]:
    """Read every line of a table of notes.

    Raises:
        OSError: there is no such file.
        DataSetError: it is too large, no table, lacks a column, or a line has no usable path or pitch; the sentence
            has the line's number.
    """
    try:
        data = read_bounded(path, MAX_BYTES)
    except NotASmallFileError as error:
        what = f"{path} is no regular file, or is larger than {MAX_BYTES >> 20} MB"
        raise DataSetError(f"{what}: no list of notes is.") from error
    text = _decoded(data)
    try:
        delimiter, skipped = _delimiter(text)
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
        for _ in range(skipped):
            next(lines, [])
        header = _columns(next(lines, []), path)
        rows = [_row(path, lines.line_num, cells, header) for cells in lines if any(map(str.strip, cells))]
    except csv.Error as error:
        raise DataSetError(f"{path} is no table of values with separators: {error}.") from error
    _refuse_contradictions(path, rows)
    return list(dict.fromkeys(rows))


def _decoded(data: bytes) -> str:
    """Decode UTF-8, UTF-16 and UTF-32, or else Windows' Latin-1."""
    for mark, encoding in _ENCODINGS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\0" in data[:2]:  # UTF-16 without its mark: a header's letters have one half that is zero
        return data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _delimiter(text: str) -> tuple[str, int]:
    """Return the separator, which the header has most of, and how many lines come before the header."""
    for number, line in enumerate(io.StringIO(text, newline=None)):
        if found := _SAID_SEPARATOR.fullmatch(line.strip()):
            return found[1], number + 1
        if line.strip(f"{_SEPARATORS} \r\n"):
            return max(_SEPARATORS, key=line.count), number
    return ",", 0


def _columns(header: Iterable[str], path: Path) -> dict[str, int]:
    plain = ["".join(char for char in name.lower() if char.isalnum()) for name in header]
    found = {
        column: min(plain.index(name) for name in spellings if name in plain)
        for column, spellings in COLUMNS.items()
        if set(spellings) & set(plain)
    }
    missing = [column for column in ("path", "instrument", "midi") if column not in found]
    if missing:
        raise DataSetError(
            f"{path} lacks the column {', '.join(missing)}; its first line has to name path, instrument and midi, not "
            f"{', '.join(plain)[:200] or 'nothing'}."
        )
    if twice := [column for column, n in found.items() if plain.count(plain[n]) > 1]:
        raise DataSetError(f"{path} has the column {', '.join(twice)} twice; leave the one that is meant.")
    return found


def _row(path: Path, number: int, cells: list[str], header: dict[str, int]) -> NoteRow:
    values = {column: cells[n].strip() for column, n in header.items() if n < len(cells)}
    name, instrument = values.get("path", "").replace("\\", "/"), values.get("instrument", "")
    if not name or not instrument:
        raise DataSetError(f"{path}, line {number}, has no {'path' if not name else 'instrument'}.")
    inside = PurePosixPath(name)
    outside = inside.is_absolute() or ".." in inside.parts or PureWindowsPath(name).drive or "://" in name
    if outside or not inside.parts or "\0" in name:
        raise DataSetError(f"{path}, line {number}, names {name[:200]!r}, which is not inside the folder.")
    midi = _midi(values.get("midi_measured") or values.get("midi", ""))
    if midi is None:
        text = values.get("midi_measured") or values.get("midi", "")
        raise DataSetError(
            f"{path}, line {number}, has the pitch {text[:40]!r}; a MIDI note is a number from 0 to 127 (60 is C4), "
            "not hertz and no name."
        )
    licence, repo, dynamic = (values.get(column, "") for column in ("licence", "repo", "dynamic"))
    if dynamic:
        instrument = _WITH_DYNAMICS.sub("", instrument)
    return NoteRow(inside.as_posix(), instrument, midi, licence, repo, dynamic)  # ./a.wav and a.wav are one file


def _midi(text: str) -> float | None:
    """Parse a note, also with a decimal comma; None for what is none."""
    try:
        midi = float(text.replace(",", ".").replace("_", "no number"))  # Python alone reads 6_0 as 60
    except ValueError:
        return None
    return midi if math.isfinite(midi) and 0.0 <= midi <= MAX_MIDI else None


def _refuse_contradictions(path: Path, rows: list[NoteRow]) -> None:
    for what, kind in (("midi", "pitches"), ("instrument", "instruments")):
        values: dict[str, set[object]] = {}
        for row in rows:
            values.setdefault(row.path, set()).add(getattr(row, what))
        doubled = [name for name, found in values.items() if len(found) > 1]
        if doubled:
            raise DataSetError(
                f"{path} lists {doubled[0]!r} with {len(values[doubled[0]])} {kind}"
                f"{f', and {len(doubled) - 1} other files likewise' if len(doubled) > 1 else ''}; a file is one note."
            )


def licence_sentence(rows: list[NoteRow], is_kept: Callable[[NoteRow], bool]) -> str:
    """Count the notes that are left out for their licence; "" where there are none."""
    counts = Counter(row.licence for row in rows if not is_kept(row))
    if not counts:
        return ""
    kinds = ", ".join(f"{count} under {licence[:60]}" for licence, count in counts.most_common(5))
    return f"{sum(counts.values())} of {len(rows)} notes are left out for their licence: {kinds}."
