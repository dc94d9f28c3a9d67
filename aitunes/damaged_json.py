"""Reads JSON files of ours, and what can be read of them where they are damaged."""

from __future__ import annotations

import json
import re
from typing import Any

_MAX_DIGITS = 18
_TRY = 1_000
_MAX_EFFORT = 1 << 24
"""Characters to decode in vain, of which each try counts for so many; about a second."""
_KEY = re.compile(r'"((?:[^"\\\x00-\x1f]|\\.){0,1000})"\s*:\s*')
_OBJECT = re.compile(r"\{")


def read_entries(text: str) -> tuple[list[tuple[str, Any]], bool]:
    """Parse an object of JSON, and tell whether it is whole; of a damaged one take the entries that can be read.

    Whole numbers beyond 64 bits become floats.

    >>> read_entries('{"a": 1, "b": [2]}')
    ([('a', 1), ('b', [2])], True)
    >>> read_entries('{"a": 1, "b": [2, "c": 3}')
    ([('a', 1), ('c', 3)], False)
    """
    repeats: list[str] = []
    try:
        found = _decoder(repeats).decode(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return list(found.items()), not repeats
    return _rescued(text, _KEY), False


def read_items(text: str) -> tuple[list[Any], bool]:
    """Parse a list of objects of JSON, and tell whether it is whole; of a damaged one take the objects that are.

    >>> read_items('[{"x": 1}, {"x": 2, {"x": 3}]')
    ([{'x': 1}, {'x': 3}], False)
    """
    try:
        found = _decoder([]).decode(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, list):
        return found, True
    return [value for _, value in _rescued(text, _OBJECT)], False


def _rescued(text: str, begin: re.Pattern[str]) -> list[tuple[str, Any]]:
    """Decode a value wherever one begins outside those that were decoded."""
    decoder, found, position, effort = _decoder([]), [], 0, 0
    while effort < _MAX_EFFORT and (match := begin.search(text, position)) is not None:
        start = match.end() if begin.groups else match.start()
        position = match.end()
        try:
            key = decoder.decode(f'"{match[1]}"') if begin.groups else ""
            value, position = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            effort += _TRY + error.pos - start
        except RecursionError:
            break
        else:
            found.append((key, value))
    return found


def _decoder(repeats: list[str]) -> json.JSONDecoder:
    def pairs(entries: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(entries)
        if len(found) < len(entries):
            repeats.append(entries[0][0])
        return found

    return json.JSONDecoder(object_pairs_hook=pairs, parse_int=_whole_number)


def _whole_number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else float(digits)
