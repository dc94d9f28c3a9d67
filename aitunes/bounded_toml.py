"""Parses TOML of other people's, whose keys may have few parts alone: time grows with the square of their number."""

from __future__ import annotations

import re
import tomllib
from typing import Any

_MAX_DOTS = 32
"""In a line, rows of dots aside; a key such as a.b.c lies within a line, whatever stands around it."""
_ROW = re.compile(r"\.{2,}")


def parse_toml(text: str) -> dict[str, Any]:
    """Parse a text; the mark that some editors put before it is passed over.

    Raises:
        tomllib.TOMLDecodeError: it is no TOML; the sentence has the line.
        ValueError: a line has very many dots, a number very many digits, or values are nested very deeply.

    >>> parse_toml("tempo = 92.5")
    {'tempo': 92.5}
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _MAX_DOTS and _ROW.sub("", line).count(".") > _MAX_DOTS:
            raise ValueError(f"line {number} has more than {_MAX_DOTS} dots")
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:  # Python reads no number of thousands of digits
        raise ValueError("a number has too many digits") from error
    except RecursionError as error:
        raise ValueError("values are nested too deeply") from error
