"""Snapshots by name, kept in one JSON file."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aitunes.backed_up_file import BackedUpFile
from aitunes.damaged_json import read_entries
from aitunes.errors import AiTunesError, reason
from instrument.namespace import ROOT, MessageError, canonical, check_arguments, expand
from instrument.storage.paths import plain_name
from instrument.synthesis.snapshot import SNAPSHOT_SETTINGS, Snapshot

MAX_SNAPSHOTS = 1_000
_MAX_BYTES = 1 << 26

Snapshots = dict[str, Snapshot]


class SnapshotError(AiTunesError):
    """A snapshot that is not there, or a file of them that cannot be used."""


class SnapshotStore:
    """The snapshots of one file, which is replaced only by a whole one.

    A damaged file is put aside; its backup, and what can be read of it, take its place.

    Args:
        path: the file.
        report: takes a sentence about a damaged file.
    """

    def __init__(self, path: Path, report: Callable[[str], None] = lambda sentence: None) -> None:
        self._path = path
        self._file: BackedUpFile[Snapshots] = BackedUpFile(path, _MAX_BYTES, SnapshotFormat(), "The snapshots", report)

    def names(self) -> list[str]:
        """Return all names, sorted."""
        return sorted(self._read())

    def save(self, name: str, snapshot: Snapshot) -> None:
        """Keep a snapshot, in place of one of the same name.

        Raises:
            SnapshotError: there are too many, or the file cannot be written.
        """
        stored = self._read()
        stored[plain_name(name)] = snapshot
        if len(stored) > MAX_SNAPSHOTS:
            raise SnapshotError(f"there are {MAX_SNAPSHOTS} snapshots; delete one first")
        self._write(stored)

    def delete(self, name: str) -> None:
        """Drop a snapshot.

        Raises:
            SnapshotError: there is none of that name.
        """
        stored = self._read()
        if stored.pop(name, None) is None:
            raise SnapshotError(f"there is no snapshot named {name!r}")
        self._write(stored)

    def get(self, name: str) -> Snapshot:
        """Return the snapshot of that name.

        Raises:
            SnapshotError: there is none.
        """
        try:
            return self._read()[name]
        except KeyError:
            raise SnapshotError(f"there is no snapshot named {name!r}") from None

    def _read(self) -> Snapshots:
        try:
            return self._file.read() or {}
        except OSError as error:
            raise SnapshotError(f"{self._path} cannot be read: {reason(error)}") from error

    def _write(self, stored: Snapshots) -> None:
        try:
            self._file.write(stored)
        except OSError as error:
            raise SnapshotError(f"snapshots cannot be kept in {self._path.parent}: {reason(error)}") from error


class SnapshotFormat:
    """Reads and writes the text of a file of snapshots."""

    def parse(self, text: str) -> tuple[Snapshots, bool]:
        """Return the snapshots that can be read, and whether all of them could."""
        entries, is_whole = read_entries(text)
        stored: Snapshots = {}
        for name, fields in entries:
            try:
                stored[_printable(name)], is_exact = _snapshot(fields)
            except (ValueError, TypeError, AttributeError, KeyError, OverflowError, AiTunesError):
                is_exact = False
            is_whole = is_whole and is_exact
        return stored, is_whole

    def merge(self, backup: Snapshots, rescued: Snapshots) -> Snapshots:
        """Prefer the backup, whose names and values no damage has changed."""
        return {**{name: snapshot for name, snapshot in rescued.items() if "\ufffd" not in name}, **backup}

    def dump(self, value: Snapshots) -> str:
        """Write a table of all snapshots."""
        return json.dumps({name: asdict(snapshot) for name, snapshot in value.items()}, indent=1)


def _printable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("a name has control characters")
    return name


def _snapshot(fields: dict[str, Any]) -> tuple[Snapshot, bool]:
    """Check a snapshot as a message is checked; return it, and whether all of its settings are in it."""
    release, coordinates, stored = fields["release"], fields["coordinates"], fields["settings"]
    if not isinstance(release, str):
        raise ValueError("a release's name is no text")
    rows, settings = expand(0), {}
    for former, values in stored.items():
        name = canonical(ROOT + former).removeprefix(ROOT)
        if name in SNAPSHOT_SETTINGS:
            with suppress(MessageError, TypeError):
                settings[name] = list(check_arguments(rows[ROOT + name], values))
    position = [float(value) for value in check_arguments(rows[f"{ROOT}/latent"], coordinates)]
    return Snapshot(release, position, settings), len(settings) == len(stored)
