"""Matches OSC 1.0 address patterns: ? * [a-z] [!x] {one,two}, none of which crosses a slash."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

SPECIAL = frozenset("?*[]{}")


def is_pattern(address: str) -> bool:
    """Tell whether the address has characters that stand for others."""
    return not SPECIAL.isdisjoint(address)


def matching(pattern: str, paths: Iterable[str]) -> list[str]:
    """Return the paths that the pattern stands for, in their own order; none when it is malformed.

    >>> matching("/aitunes/pad/[xy]", ["/aitunes/pad/x", "/aitunes/pad/xy", "/aitunes/pad/y"])
    ['/aitunes/pad/x', '/aitunes/pad/y']
    """
    compiled = _compile(pattern)
    return [path for path in paths if compiled.fullmatch(path)] if compiled else []


# A hostile pattern must not hold the interpreter: with few characters, atomic stars and few choices, matching is
# short work.
_MAX_LENGTH = 256
_MAX_CHOICES = 4
_PIECE = re.compile(r"(\[[^\]/]*\]|\{[^}/]*\}|\?)")


@lru_cache(maxsize=256)
def _compile(pattern: str) -> re.Pattern[str] | None:
    if len(pattern) > _MAX_LENGTH or pattern.count("{") > _MAX_CHOICES:
        return None
    first, *rest = (_translate(part) for part in re.split(r"\*+", pattern))
    # A star takes as little as lets the text up to the next star match, and never reconsiders: the leftmost
    # such place is as good as any later one, because whatever lies between is the next star's to take.
    middle = "".join(f"(?>[^/]*?{part})" for part in rest[:-1])
    last = f"[^/]*{rest[-1]}" if rest else ""
    try:
        return re.compile(first + middle + last)
    except re.error:
        return None


def _translate(text: str) -> str:
    # Splitting at a group gives what lies between and what it found by turns.
    pieces = _PIECE.split(text)
    return "".join(_wildcard(piece) if n % 2 else re.escape(piece) for n, piece in enumerate(pieces))


def _wildcard(piece: str) -> str:
    inside = piece[1:-1]
    if piece == "?":
        return "[^/]"
    if piece[0] == "{":
        return "(?:" + "|".join(re.escape(choice) for choice in dict.fromkeys(inside.split(","))) + ")"
    if not inside:
        return "(?!)"  # no character at all: matches nothing
    # A run of hyphens means a range from one to another, which re would take for a set difference to come.
    escaped = re.sub(r"(\\-)+", "-", re.escape(inside))
    return f"[^/{escaped[1:]}]" if escaped.startswith("!") else f"(?!/)[{escaped}]"
