"""Snapshots by name, kept in one JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aitunes.atomic import write_text
from aitunes.errors import AiTunesError, reason
from instrument.namespace import ROOT, MessageError, canonical, check_arguments, expand
from instrument.storage.paths import plain_name
from instrument.synthesis.snapshot import SNAPSHOT_SETTINGS, Snapshot

MAX_SNAPSHOTS = 1_000


class SnapshotError(AiTunesError):
    """A snapshot that is not there, or a file of them that cannot be used."""


class SnapshotStore:
    """The snapshots of one file, which is replaced only by a whole one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """Return all names, sorted."""
        return sorted(self._read())

    def save(self, name: str, snapshot: Snapshot) -> None:
        """Keep a snapshot, in place of one of the same name.

        Raises:
            SnapshotError: there are too many, or the file is damaged or cannot be written.
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

    def _read(self) -> dict[str, Snapshot]:
        try:
            if not self._path.exists():
                return {}
            text = self._path.read_text(encoding="utf-8")
        except OSError as error:
            raise SnapshotError(f"{self._path} cannot be read: {reason(error)}") from error
        except UnicodeDecodeError as error:
            raise SnapshotError(f"{self._path} is damaged: it is no text; move it away to begin anew") from error
        try:
            values = json.loads(text)
            stored = {name: _snapshot(fields) for name, fields in values.items()}
        except RecursionError as error:
            raise SnapshotError(
                f"{self._path} is damaged: it is nested too deeply; move it away to begin anew"
            ) from error
        except (ValueError, TypeError, AttributeError, KeyError, MessageError) as error:
            raise SnapshotError(f"{self._path} is damaged: {error}; move it away to begin anew") from error
        return stored

    def _write(self, stored: dict[str, Snapshot]) -> None:
        text = json.dumps({name: asdict(value) for name, value in stored.items()}, indent=1)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_text(self._path, text)
        except OSError as error:
            raise SnapshotError(f"snapshots cannot be kept in {self._path.parent}: {reason(error)}") from error


def _snapshot(fields: dict[str, Any]) -> Snapshot:
    """Return a snapshot whose values are as checked as those of a message."""
    release, coordinates, settings = fields["release"], fields["coordinates"], fields["settings"]
    if not isinstance(release, str):
        raise ValueError("a release's name is no text")
    settings = {canonical(ROOT + name).removeprefix(ROOT): values for name, values in settings.items()}
    if unknown := set(settings) - set(SNAPSHOT_SETTINGS):
        raise ValueError(f"snapshots have no {', '.join(sorted(unknown))}")
    rows = expand(0)
    return Snapshot(
        release,
        [float(value) for value in check_arguments(rows[f"{ROOT}/latent"], coordinates)],
        {name: list(check_arguments(rows[ROOT + name], values)) for name, values in settings.items()},
    )
