"""Stores what the pad remembers from one start to the next, in a JSON file of plain values."""

from __future__ import annotations

import base64
import configparser
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aitunes.damaged_json import read_entries
from aitunes.errors import AiTunesError
from aitunes.release.files import read_text
from instrument.pad.json_file import JsonFile

MAX_MORPH_SECONDS = 60.0
_MAX_BYTES = 1 << 16
_MAX_NAME = 200
_MAX_GEOMETRY = 1 << 10
_MAX_PAGES = 64
_WHAT = "The pad's settings"


@dataclass
class Preferences:
    """Holds the stored values, or their defaults.

    Args:
        release: name of the release that played last.
        tab: the page of controls that was open.
        morph_seconds: the time of a morph, 0..60.
        geometry: the window's position and size in base64, as Qt encodes it.
    """

    release: str = ""
    tab: int = 0
    morph_seconds: float = 1.0
    geometry: str = ""

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Preferences:
        """Take the values that are valid, and the defaults for all others."""
        preferences = cls()
        for name, value in values.items():
            match name, value:
                case "release", str() if len(value) <= _MAX_NAME:
                    preferences.release = value
                case "tab", int() if 0 <= value < _MAX_PAGES:
                    preferences.tab = int(value)
                case "morph_seconds", int() | float() if 0.0 <= value <= MAX_MORPH_SECONDS:
                    preferences.morph_seconds = float(value)
                case "geometry", str() if len(value) <= _MAX_GEOMETRY:
                    preferences.geometry = value
        return preferences

    @property
    def geometry_bytes(self) -> bytes:
        """Decode the geometry; empty where there is none."""
        try:
            return base64.b64decode(self.geometry, validate=True)
        except ValueError:
            return b""

    @geometry_bytes.setter
    def geometry_bytes(self, value: bytes) -> None:
        self.geometry = base64.b64encode(value).decode("ascii")


class _PreferencesFormat:
    """Reads and writes the text of the preferences."""

    def parse(self, text: str) -> tuple[Preferences, bool]:
        """Take the values that are valid; those out of range are no damage."""
        entries, is_whole = read_entries(text)
        return Preferences.from_values(dict(entries)), is_whole

    def merge(self, backup: Preferences, rescued: Preferences) -> Preferences:
        """Take the backup."""
        return backup

    def dump(self, value: Preferences) -> str:
        """Write a table of all values."""
        return json.dumps(asdict(value), indent=1)


class PreferencesFile:
    """Reads and writes the preferences.

    Args:
        path: the file; `pad.ini` beside it, from earlier versions, is read where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._damage: list[str] = []
        self._file = JsonFile(path, _MAX_BYTES, _PreferencesFormat(), _WHAT, self._damage.append)

    def read(self) -> tuple[Preferences, str]:
        """Return the preferences, and a sentence about a damaged file, which is put aside; empty where all is well."""
        self._damage.clear()
        try:
            found = self._file.read()
        except AiTunesError as error:
            return Preferences(), str(error)
        return self._migrated() if found is None else found, " ".join(self._damage)

    def write(self, preferences: Preferences) -> None:
        """Write the preferences, completely or not at all.

        Raises:
            JsonFileError: the folder cannot be written.
        """
        self._file.write(preferences)

    def _migrated(self) -> Preferences:
        """Read the plain values of the INI file of earlier versions, without Qt, whose reader builds objects."""
        parser = configparser.RawConfigParser(strict=False)
        values: dict[str, Any] = {}
        with suppress(AiTunesError, configparser.Error):
            parser.read_string(read_text(self._path.with_suffix(".ini"), _MAX_BYTES, _WHAT))
            values["release"] = parser.get("General", "release", fallback="")
            values["tab"] = _number(parser.get("window", "tab", fallback=""))
            values["morph_seconds"] = _number(parser.get("General", "morph_seconds", fallback=""))
        return Preferences.from_values(values)


def _number(text: str) -> float | int | None:
    with suppress(ValueError, OverflowError):
        number = float(text)
        if math.isfinite(number):
            return int(number) if number.is_integer() else number
    return None
