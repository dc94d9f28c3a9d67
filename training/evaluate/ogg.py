"""Encodes sound as Ogg Opus whose bytes depend on the sound alone."""

from __future__ import annotations

import io
import struct

import numpy as np
import soundfile
import soxr

from aitunes.features import FloatArray

_RATE = 48_000
_SERIAL, _CHECKSUM, _SEGMENTS = 14, 22, 26
_POLYNOMIAL = 0x04C11DB7


def opus_bytes(y: FloatArray, sample_rate: int) -> bytes:
    """Encode a waveform [samples] as an Ogg Opus file, mono.

    The encoder draws the stream's serial number by chance; here it is 1, so that a sound always gives one file.
    """
    stream = io.BytesIO()
    y = np.asarray(soxr.resample(np.asarray(y, np.float32), sample_rate, _RATE), np.float32)
    with soundfile.SoundFile(stream, "w", _RATE, 1, format="OGG", subtype="OPUS") as file:
        for first in range(0, y.size, _RATE):  # libsndfile overflows its stack with minutes at once
            file.write(y[first : first + _RATE])
    return _with_serial(bytearray(stream.getvalue()))


def _with_serial(contents: bytearray) -> bytes:
    """Give all pages the serial number 1, and the checksums that belong to it.

    Reference:
        RFC 3533, "The Ogg Encapsulation Format Version 0", section 6.
    """
    start = 0
    while start < len(contents):
        segments = contents[start + _SEGMENTS]
        body = start + _SEGMENTS + 1 + segments
        end = body + sum(contents[body - segments : body])
        struct.pack_into("<I", contents, start + _SERIAL, 1)
        struct.pack_into("<I", contents, start + _CHECKSUM, 0)
        struct.pack_into("<I", contents, start + _CHECKSUM, _checksum(contents[start:end]))
        start = end
    return bytes(contents)


def _table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ _POLYNOMIAL if value & 0x8000_0000 else value << 1
        table.append(value & 0xFFFF_FFFF)
    return table


_TABLE = _table()


def _checksum(page: bytes | bytearray) -> int:
    value = 0
    for byte in page:
        value = ((value << 8) & 0xFFFF_FFFF) ^ _TABLE[(value >> 24) ^ byte]
    return value
