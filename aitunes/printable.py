"""Makes text from elsewhere safe to print: nothing in it moves a cursor, colours a line or forges another one."""

from __future__ import annotations

import unicodedata

# Controls, formats (among them those that turn the direction of a line), surrogates, private use, unassigned, and the
# separators of lines and paragraphs.
_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # some scripts need them, and so do some emoji


def printable(text: str, lines: bool = False) -> str:
    r"""Escape every character that a terminal would act on instead of showing it.

    Args:
        text: from a card, a file's name, a packet.
        lines: keep line breaks and tabs; for sentences of our own that quote something.

    >>> print(printable("bright\x1b[31m\npad"))
    bright\x1b[31m\npad
    """
    if text.isascii() and text.isprintable():
        return text
    kept = _JOINERS + "\n\t" if lines else _JOINERS
    return "".join(_escaped(letter) if _acts(letter) and letter not in kept else letter for letter in text)


def _acts(letter: str) -> bool:
    return unicodedata.category(letter) in _ESCAPED


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
