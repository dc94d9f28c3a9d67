"""Reads how long a WAV file is, from its head."""

from __future__ import annotations

import struct

_MAX_CHUNKS = 64


def seconds_of(content: bytes) -> float | None:
    """Return the seconds of a WAV file; None where it is none."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return None
    place, bytes_a_second = 12, 0
    for _ in range(_MAX_CHUNKS):
        if place + 8 > len(content):
            return None
        name, size = content[place : place + 4], struct.unpack_from("<I", content, place + 4)[0]
        if name == b"fmt " and size >= 16:
            (bytes_a_second,) = struct.unpack_from("<I", content, place + 16)
        if name == b"data":
            return round(min(size, len(content) - place - 8) / bytes_a_second, 3) if bytes_a_second else None
        place += 8 + size + size % 2
    return None
