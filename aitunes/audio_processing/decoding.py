"""Decodes sound files block by block, whatever their headers say about their length.

libsndfile believes headers: it stops at the length that it guessed for an MP3 without a Xing header, cannot seek in a
FLAC of unknown length, and looks for a Mac's resource fork beside a path. Here files are opened by descriptor, read
forwards only, and such an MP3 is given a length that is surely too large.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import soundfile
from typing_extensions import override

from aitunes.errors import AiTunesError, reason
from aitunes.features import FloatArray
from aitunes.remote_paths import is_remote

LOUDEST_SAMPLE = 1e10
"""Limits samples, of which 1 is full scale: files of whole numbers written as floats reach 2³¹, and squares of this fit
into single precision."""

_STEP = 4096
_CHUNK_LENGTH = re.compile(r"^ *(?:data|SSND|Data Size|riff|Riff size|BODY) *: (\d+) \(should be (\d+)\)", re.MULTILINE)
_CUT_OGG = "Last page lacks an end-of-stream bit"
_UNKNOWN_BYTES = 0x7FFFF000  # what programs that write to a pipe declare, and more
_UNKNOWN_FRAMES = 1 << 48
_WHOLE = 0.995  # encoders pad, and decoders drop their padding
_CANCELLED = 1e-4  # the power of the mean relative to that of the channels
_MAX_TAG = (1 << 28) - 1
_MAX_CHUNKS = 64
_MPEG_HEADERS = (b"Xing", b"Info", b"VBRI")


class AudioFileError(AiTunesError):
    """Says why a sound file cannot be read or written."""


class AudioFileWarning(UserWarning):
    """Says that less of a sound file could be read than it declares, or how it was read."""


class _ForwardFile(soundfile.SoundFile):
    """Reads without seeking, so that no length is trusted."""

    @override
    def seekable(self) -> bool:
        return False


class _Readable(io.RawIOBase):
    """Forms the base of files that libsndfile is shown otherwise than they are."""

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True


class _TaggedMp3(_Readable):
    """Shows an MP3 behind an empty tag so large that the length that libsndfile guesses is never too small."""

    def __init__(self, file: Any, start: int, end: int) -> None:
        self._file, self._start = file, start
        # Frames of 32 kbit/s may follow a first one of 320.
        body = min(9 * (end - start) + (1 << 16), _MAX_TAG)
        size = bytes((body >> shift) & 127 for shift in (21, 14, 7, 0))
        self._head, self._tag, self._end = b"ID3\x04\x00\x00" + size, 10 + body, end - start
        self._position = 0

    @override
    def tell(self) -> int:
        return self._position

    @override
    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, self._tag + self._end)[whence]
        return self._position

    @override
    def readinto(self, buffer: Any) -> int:
        count, position = len(buffer), self._position
        if position < self._tag:
            count = min(count, self._tag - position)
            piece = self._head[position : position + count]
            piece += bytes(count - len(piece))
        else:
            self._file.seek(self._start + position - self._tag)
            piece = self._file.read(count)
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


class _UnfinishedWav(_Readable):
    """Shows a WAV whose program ended before it wrote how much it had recorded, as one of unknown length."""

    def __init__(self, file: Any, place: int) -> None:
        self._file, self._place = file, place
        file.seek(0)

    @override
    def tell(self) -> int:
        return int(self._file.tell())

    @override
    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._file.seek(offset, whence))

    @override
    def readinto(self, buffer: Any) -> int:
        begin = self._file.tell()
        piece = bytearray(self._file.read(len(buffer)))
        for place in range(max(self._place, begin), min(self._place + 4, begin + len(piece))):
            piece[place - begin] = 0xFF
        buffer[: len(piece)] = piece
        return len(piece)


class SoundStream:
    """Reads a sound file forwards, as much of it as there is.

    Args:
        path: of a file, or in an object store.

    Attributes:
        sample_rate, channels: of the file.
        notes: sentences about what could not be read, complete after the last block.

    Raises:
        AudioFileError: it is missing, or no sound file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: tuple[str, ...] = ()
        self._frames, self._ended, self._error = 0, False, ""
        try:
            self._source: Any = io.BytesIO(path.read_bytes()) if is_remote(path) else path.open("rb", buffering=0)
        except OSError as error:
            raise AudioFileError(f"{path} cannot be read: {reason(error)}.") from error
        try:
            source, self._guessed = _opened(self._source)
            self._sound = _ForwardFile(source, closefd=False)
        except (OSError, RuntimeError, TypeError) as error:
            self._source.close()
            raise AudioFileError(f"{path} is damaged or no sound file: {_sentence(error)}") from error
        self.sample_rate, self.channels = int(self._sound.samplerate), int(self._sound.channels)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self._sound.close()
        self._source.close()

    @property
    def seconds(self) -> float:
        """Seconds read so far."""
        return self._frames / self.sample_rate

    @property
    def declared_seconds(self) -> float | None:
        """Length that the file declares; None where it declares none."""
        length = _CHUNK_LENGTH.search(self._sound.extra_info)
        if length:
            found, declared = int(length[2]), int(length[1])
            frames = self._sound.frames * declared / max(found, 1)
            return None if declared >= _UNKNOWN_BYTES else frames / self.sample_rate
        frames = self._sound.frames
        return None if self._guessed or frames >= _UNKNOWN_FRAMES else frames / self.sample_rate

    def blocks(self, frames: int) -> Iterator[FloatArray]:
        """Yield the samples in blocks of `frames`, [frames, channels]; the last may be shorter, or empty."""
        pieces, held = [], 0
        while not self._ended:
            piece = self._read(min(_STEP, frames - held))
            pieces.append(piece)
            held += len(piece)
            if held == frames or self._ended:
                yield pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
                pieces, held = [], 0
        self._note_shortfall()

    def mono_blocks(self, frames: int) -> Iterator[FloatArray]:
        """Yield the mean of the channels in blocks, [frames]; of channels that cancel each other, the first alone."""
        cancelled: bool | None = None
        for y in self.blocks(frames):
            if cancelled is None and y.shape[1] > 1 and y.any():
                cancelled = _cancel(y)
                if cancelled:
                    self.notes += (f"{self.path} has channels of opposite phase; the first of them is used.",)
            yield y[:, 0] if y.shape[1] == 1 or cancelled else y.mean(axis=1)

    def _read(self, count: int) -> FloatArray:
        try:
            y = self._sound.read(count, dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, OSError, RuntimeError) as error:
            self._ended, self._error = True, _sentence(error)
            return np.empty((0, self.channels), np.float32)
        if not np.abs(y).max(initial=0.0) <= LOUDEST_SAMPLE:  # true for NaN, too
            raise AudioFileError(f"{self.path} is damaged: it holds samples that are no numbers, or far too large.")
        self._frames += len(y)
        self._ended = len(y) < count
        return np.asarray(y, np.float32)

    def _note_shortfall(self) -> None:
        declared = self.declared_seconds
        if declared is not None and self.seconds < _WHOLE * declared:
            of = f"{self.seconds:.2f} of {declared:.2f} s"
        elif self._error or _CUT_OGG in self._sound.extra_info:
            of = f"{self.seconds:.2f} s"
        else:
            return
        self.notes += (f"{self.path} is cut short or damaged: {of} could be read.",)


def _opened(file: Any) -> tuple[Any, bool]:
    """Return what libsndfile opens, and True where the file's length is a guess."""
    start, end = _mp3_without_length(file)
    if end:
        return _TaggedMp3(file, start, end), True
    if place := _size_of_nothing(file):
        return _UnfinishedWav(file, place), False
    file.seek(0)
    # By descriptor libsndfile knows no path, beside which it would look for a resource fork; on Windows a library
    # cannot use another one's descriptors.
    return (file if isinstance(file, io.BytesIO) or sys.platform == "win32" else file.fileno()), False


def _mp3_without_length(file: Any) -> tuple[int, int]:
    """Return where the frames of an MP3 that lacks a header with its length begin and end; 0, 0 for other files."""
    head, start = file.read(10), 0
    if len(head) == 10 and head[:3] == b"ID3":
        start = 10 + sum((byte & 127) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    file.seek(start)
    frame = file.read(256)
    is_mp3 = len(frame) > 4 and frame[0] == 0xFF and frame[1] & 0xE6 == 0xE2  # sync, layer III
    if not is_mp3 or any(header in frame for header in _MPEG_HEADERS):
        return 0, 0
    return start, file.seek(0, os.SEEK_END)


def _size_of_nothing(file: Any) -> int:
    """Return where a WAV says that it has no samples, though some follow; 0 for other files."""
    file.seek(0)
    head, place = file.read(12), 12
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return 0
    for _ in range(_MAX_CHUNKS):
        file.seek(place)
        chunk = file.read(8)
        size = int.from_bytes(chunk[4:], "little")
        if len(chunk) < 8 or (chunk[:4] == b"data" and size):
            return 0
        if chunk[:4] == b"data":
            after, end = file.read(8), file.seek(0, os.SEEK_END)
            is_chunk = after[:4].isalnum() and place + 16 + int.from_bytes(after[4:], "little") <= end
            return 0 if len(after) < 8 or is_chunk else place + 4
        place += 8 + size + size % 2
    return 0


def _cancel(y: FloatArray) -> bool:
    power = float((y.astype(np.float64) ** 2).mean())
    return float((y.mean(axis=1, dtype=np.float64) ** 2).mean()) < _CANCELLED * power


def _sentence(error: Exception) -> str:
    text = (getattr(error, "error_string", None) or str(error)).strip().splitlines()
    return (text[0] if text else type(error).__name__).rstrip(".") + "."
