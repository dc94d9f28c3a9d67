"""Reads how long the sound of a WAV or an Ogg Opus file is, without decoding it."""

from __future__ import annotations

import struct

_MAX_CHUNKS = 64
_OPUS_RATE = 48_000  # of granule positions, whatever was encoded (RFC 7845, section 4)
_PAGE_HEAD = 27


def seconds_of(content: bytes) -> float | None:
    """Return the seconds of a file's sound; None where it is neither, or does not say."""
    if content[:4] == b"OggS":
        return _ogg_seconds(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return _wav_seconds(content)
    return None


def _wav_seconds(content: bytes) -> float | None:
    place, bytes_a_second = 12, 0
    for _ in range(_MAX_CHUNKS):
        if place + 8 > len(content):
            return None
        name, size = content[place : place + 4], struct.unpack_from("<I", content, place + 4)[0]
        if name == b"fmt " and size >= 16 and place + 20 <= len(content):
            (bytes_a_second,) = struct.unpack_from("<I", content, place + 16)
        if name == b"data":
            return round(min(size, len(content) - place - 8) / bytes_a_second, 3) if bytes_a_second else None
        place += 8 + size + size % 2
    return None


def _ogg_seconds(content: bytes) -> float | None:
    """Return the last page's position less what a decoder skips (RFC 7845, sections 4.5 and 5.1)."""
    head, last = content.find(b"OpusHead"), content.rfind(b"OggS")
    if head < 0 or head + 12 > len(content) or last + _PAGE_HEAD > len(content):
        return None
    (skipped,) = struct.unpack_from("<H", content, head + 10)
    (position,) = struct.unpack_from("<q", content, last + 6)
    return round((position - skipped) / _OPUS_RATE, 3) if position >= skipped else None
