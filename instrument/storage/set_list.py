"""Reads a set: what is played in an evening, song by song."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from aitunes.bounded_files import NotASmallFileError, read_bounded
from aitunes.bounded_toml import parse_toml
from aitunes.errors import AiTunesError, reason
from aitunes.printable import printable
from instrument.namespace import MAX_SONGS, TABLE
from instrument.storage.paths import PathError, plain_name

_MAX_BYTES = 256 * 1024
_MAX_NAME = 120
_TEMPO = next(row.arguments[0] for row in TABLE if row.path == "/aitunes/tempo")


class SetListError(AiTunesError):
    """Says what is wrong with the file of a set, and where."""


@dataclass(frozen=True)
class Song:
    """Holds what changes with a song.

    Args:
        release: the name of the release that plays.
        name: of the song; the release's where it has none.
        snapshot: that is recalled, or "".
        tempo: beats a minute, or None.
        midi: the file of MIDI mappings, by name, or "".
    """

    release: str
    name: str = ""
    snapshot: str = ""
    tempo: float | None = None
    midi: str = ""


@dataclass(frozen=True)
class SetList:
    """Holds the songs in their order, and the device of the evening.

    Args:
        songs: there may be none.
        device: a part of the sound device's name, or None.
    """

    songs: tuple[Song, ...] = ()
    device: str | None = None


def read_set_list(path: Path) -> SetList:
    """Read the file of a set, in TOML.

    Raises:
        SetListError: it cannot be read, or something in it is not as docs/sets.md says.
    """
    try:
        contents = read_bounded(path, _MAX_BYTES)
    except NotASmallFileError as error:
        why = f"it is no file, or has more than {_MAX_BYTES // 1024} kB"
        raise SetListError(f"The set {path} cannot be read: {why}.") from error
    except OSError as error:
        raise SetListError(f"The set {path} cannot be read: {reason(error)}.") from error
    try:
        return _parse(parse_toml(contents.decode()))
    except SetListError as error:
        raise SetListError(f"{path.name}: {error}") from error
    except UnicodeDecodeError as error:
        raise SetListError(f"{path.name} is not TOML: it is no text in UTF-8; save it as such.") from error
    except ValueError as error:
        raise SetListError(f"{path.name} is not TOML: {printable(str(error))}") from error


def _parse(table: Mapping[str, Any]) -> SetList:
    if unknown := sorted(set(table) - {"device", "song"}):
        raise SetListError(f"{printable(unknown[0])!r} is not known; a set has `device` and [[song]].")
    songs, device = table.get("song"), table.get("device")
    if not isinstance(songs, list) or not songs:
        raise SetListError("it has no [[song]].")
    if len(songs) > MAX_SONGS:
        raise SetListError(f"it has {len(songs)} songs; {MAX_SONGS} fit into an evening.")
    if device is not None:
        _text("the set", "device", device)
    return SetList(tuple(_song(f"song {n}", song) for n, song in enumerate(songs, 1)), device)


def _song(where: str, table: Any) -> Song:
    known = [field.name for field in fields(Song)]
    if not isinstance(table, dict):
        raise SetListError(f"{where} is no table; begin it with [[song]].")
    if unknown := sorted(set(table) - set(known)):
        raise SetListError(f"{where} has {printable(unknown[0])!r}; a song has {', '.join(known)}.")
    if "release" not in table:
        raise SetListError(f'{where} names no release: release = "first-light", for example.')
    for key in set(table) - {"tempo"}:
        _text(where, key, table[key])
    for key in ("release", "midi"):
        try:
            plain_name(table.get(key) or "-")
        except PathError as error:
            raise SetListError(f"{where}: {error}") from error
    tempo = table.get("tempo")
    if tempo is not None and (
        isinstance(tempo, bool) or not isinstance(tempo, int | float) or not _TEMPO.low <= tempo <= _TEMPO.high
    ):
        raise SetListError(f"{where} has a tempo that is no number from {_TEMPO.low:g} to {_TEMPO.high:g}.")
    return Song(**table)


def _text(where: str, key: str, value: Any) -> None:
    if not isinstance(value, str) or not value or len(value) > _MAX_NAME or not value.isprintable():
        raise SetListError(f"{where} has a {key} that is no text of 1 to {_MAX_NAME} characters.")
