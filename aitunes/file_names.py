"""Tells names that some system takes for a device, so that what one machine wrote can be read on every other."""

from __future__ import annotations

import re

_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])\s*([.:].*)?", re.IGNORECASE | re.DOTALL
)


def is_device_name(name: str) -> bool:
    """Tell whether Windows opens a device by a name, whatever its case and ending, and dots and spaces after it.

    >>> [is_device_name(name) for name in ("nul", "Con.wav", "COM1 . ", "lpt9.tar.gz", "console", "com", "null.wav")]
    [True, True, True, True, False, False, False]
    """
    return _DEVICE.fullmatch(name.strip().rstrip(". ")) is not None
