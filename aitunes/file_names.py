"""Tells names that some system takes for a device, and spells those that are no text, for every machine to read."""

from __future__ import annotations

import re

_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])\s*([.:].*)?", re.IGNORECASE | re.DOTALL
)
_NO_TEXT = re.compile("[\ud800-\udfff]")


def is_device_name(name: str) -> bool:
    """Tell whether Windows opens a device by a name, whatever its case and ending, and dots and spaces after it.

    >>> [is_device_name(name) for name in ("nul", "Con.wav", "COM1 . ", "lpt9.tar.gz", "console", "com", "null.wav")]
    [True, True, True, True, False, False, False]
    """
    return _DEVICE.fullmatch(name.strip().rstrip(". ")) is not None


def spelled(name: str) -> str:
    r"""Spell the bytes of a file's name that are no UTF-8, as names of other encodings have, so that it is text.

    >>> print(spelled("bl\udce9.wav"), spelled("blé.wav"))
    bl\xe9.wav blé.wav
    """
    return _NO_TEXT.sub(lambda found: _spelled(ord(found[0])), name)


def _spelled(half: int) -> str:
    return f"\\x{half - 0xDC00:02x}" if 0xDC80 <= half <= 0xDCFF else f"\\u{half:04x}"
