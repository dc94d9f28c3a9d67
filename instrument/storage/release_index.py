"""Writes and reads `index.json`, which makes a folder of packed releases, here or on any web server, a gallery."""

from __future__ import annotations

import io
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aitunes.atomic import write_text
from aitunes.errors import AiTunesError, ReleaseError, reason
from aitunes.release.archive import ENDING, MAX_ARCHIVE_BYTES, copy_files, opened_archive
from aitunes.release.card import MAX_TEXT
from aitunes.release.files import bounded_sha256, read_bounded
from aitunes.release.limits import is_release_name
from instrument.storage.fetching import fetch, is_url, resolve

INDEX = "index.json"
VERSION = 1
MAX_INDEX_BYTES = 4 << 20
MAX_LISTED = 2_000
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}" + re.escape(ENDING))
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Listed:
    """Describes one release of an index.

    Args:
        file: plain name of the packed file, beside the index.
        bytes, sha256: of that file.
    """

    name: str
    public_name: str
    description: str
    licence: str
    file: str
    bytes: int
    sha256: str


class ReleaseIndexError(AiTunesError):
    """Says why an index cannot be used."""


def write_index(folder: Path) -> tuple[list[Listed], list[str]]:
    """List the packed releases of a folder in its `index.json`; every one is read and compared with its hashes.

    Returns:
        What is listed, and a sentence for each file that cannot be used and is left out.

    Raises:
        OSError: the folder cannot be read or written; an older index still stands.
    """
    listed: dict[str, Listed] = {}
    complaints = []
    for path in sorted(folder.glob(f"*{ENDING}")):
        try:
            entry = _described(path)
            if entry.name in listed:
                raise ReleaseError(f"{path.name} holds {entry.name}, which {listed[entry.name].file} holds, too.")
            listed[entry.name] = entry
        except ReleaseError as error:
            complaints.append(str(error))
    content = {"aitunes_index": VERSION, "releases": [asdict(entry) for entry in listed.values()]}
    write_text(folder / INDEX, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return list(listed.values()), complaints


@dataclass(frozen=True)
class Index:
    """Holds an index that was read.

    Args:
        location: the URL or path of `index.json`.
        releases: by name.
    """

    location: str
    releases: dict[str, Listed]

    def source(self, name: str) -> str:
        """Return the URL or path of a listed release's file.

        Raises:
            ReleaseIndexError: it is not listed.
        """
        if name not in self.releases:
            known = ", ".join(sorted(self.releases)[:40]) or "none"
            raise ReleaseIndexError(f"{self.location} lists no release named {name!r}; it lists: {known}.")
        file = self.releases[name].file
        return resolve(self.location, file) if is_url(self.location) else str(Path(self.location).parent / file)


def read_index(location: str) -> Index:
    """Read an index.

    Args:
        location: a folder, the path of `index.json`, or a URL of either.

    Raises:
        AiTunesError: it cannot be read, or is none.
    """
    place = _place(location)
    if is_url(place):
        buffer = io.BytesIO()
        fetch(place, buffer, MAX_INDEX_BYTES)
        content = buffer.getvalue()
    else:
        content = read_bounded(Path(place), MAX_INDEX_BYTES, f"The index {place}")
    try:
        rows = _rows(json.loads(content))
        listed = [_checked(row) for row in rows]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ReleaseIndexError(f"{place} is no index that `aitunes index` writes: {str(error)[:200]}.") from error
    return Index(place, {entry.name: entry for entry in listed})


def _place(location: str) -> str:
    if is_url(location):
        return location if location.split("?")[0].endswith(".json") else resolve(location.rstrip("/") + "/", INDEX)
    path = Path(location).expanduser()
    return str(path / INDEX if path.is_dir() else path)


def _described(path: Path) -> Listed:
    if not _FILE.fullmatch(path.name):
        raise ReleaseError(f"{path.name!r} has other characters than letters, digits, '_', '.' and '-'; rename it.")
    try:
        with opened_archive(path) as (card, open_file):
            copy_files(card, open_file, lambda _name: open(os.devnull, "wb"))  # noqa: PTH123, SIM115  no path
        digest = bounded_sha256(path, MAX_ARCHIVE_BYTES, path.name)
        size = path.stat().st_size
    except OSError as error:
        raise ReleaseError(f"{path.name} cannot be read: {reason(error)}.") from error
    licence = card.training.data_licence
    return Listed(card.name, card.public_name, card.description, licence, path.name, size, digest)


def _rows(content: Any) -> list[Any]:
    if not isinstance(content, dict) or not isinstance(content.get("releases"), list):
        raise ValueError("it has no list of releases")
    version = content.get("aitunes_index")
    if version != VERSION:
        raise ValueError(f"it has version {str(version)[:20]}, this AiTunes reads {VERSION}; update AiTunes")
    rows: list[Any] = content["releases"]
    if len(rows) > MAX_LISTED:
        raise ValueError(f"it lists {len(rows):,} releases, at most {MAX_LISTED:,} are read")
    return rows


def _checked(row: Any) -> Listed:
    if not isinstance(row, dict):
        raise ValueError("an entry is none")
    entry = Listed(**{name: row[name] for name in Listed.__dataclass_fields__})
    texts = (entry.name, entry.public_name, entry.description, entry.licence, entry.file, entry.sha256)
    if not all(isinstance(text, str) and len(text) <= MAX_TEXT["description"] for text in texts):
        raise ValueError("an entry has texts that are none, or are too long")
    if not is_release_name(entry.name):
        raise ValueError(f"the name {entry.name[:80]!r} is none that a release can have")
    if not _FILE.fullmatch(entry.file) or ".." in entry.file:
        raise ValueError(f"the file {entry.file[:80]!r} is not a plain name that ends in {ENDING}")
    if not _SHA256.fullmatch(entry.sha256):
        raise ValueError(f"{entry.name} has no valid SHA-256")
    if type(entry.bytes) is not int or not 0 < entry.bytes <= MAX_ARCHIVE_BYTES:
        raise ValueError(f"{entry.name} has {str(entry.bytes)[:20]} bytes, 1 to {MAX_ARCHIVE_BYTES:,} can be read")
    return entry
