"""Reads and writes JSON files of bounded size, which hold plain values only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aitunes.atomic import write_text
from aitunes.errors import AiTunesError, reason
from aitunes.release.files import read_text

_MAX_DIGITS = 18


class JsonFileError(AiTunesError):
    """Says why a file cannot be read or written."""


def read_json(path: Path, max_bytes: int, what: str) -> Any:
    """Parse a regular file that has at most so many bytes; whole numbers beyond 64 bits become floats.

    Args:
        what: begins the sentence of a refusal, in the plural, such as "The anchors of chamber".

    Raises:
        AiTunesError: it is missing, no regular file, larger, or no JSON.
    """
    text = read_text(path, max_bytes, what)
    try:
        return json.loads(text, parse_int=_whole_number)
    except (ValueError, RecursionError) as error:
        raise JsonFileError(f"{what} in {path} are damaged; move the file away to start without any.") from error


def write_json(path: Path, values: object, what: str) -> None:
    """Write a file whole or not at all.

    Raises:
        JsonFileError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(values, indent=1))
    except OSError as error:
        raise JsonFileError(f"{what} cannot be kept in {path.parent}: {reason(error)}.") from error


def _whole_number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else float(digits)
