"""Reads sound files in stretches of some seconds, free of DC; a file of hours is never held whole."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from aitunes.audio_processing.decoding import LOUDEST_SAMPLE
from aitunes.errors import AiTunesError, reason
from aitunes.features import FloatArray
from aitunes.printable import printable
from training.learn.listing import SoundFile

STRETCH_SECONDS = 20.0
"""Longest stretch that is read at once."""

_UNKNOWN_FRAMES = 2**31 - 1  # what files of unknown length declare, and more
_MAX_CHANNELS = 64
_FFMPEG_RATE = 44_100
_FFMPEG_PATIENCE_SECONDS = 120.0
_MAX_COMPLAINT = 4_096
_OPPOSITE = 0.1  # of the channels' power is left in their mean
_FULL_RANGE = 2**31 - 128  # the largest whole number of 32 bits that single precision holds
_CLIPPED_LEVEL, _CLIPPED_RUN = 0.985, 3
_DC = 0.01


class UnreadableSoundError(AiTunesError):
    """A sound file that gives nothing, and why; the sentence does not name the file."""


@dataclass(frozen=True)
class Header:
    """Holds what a file says about itself.

    Args:
        seconds: of sound; infinite where the file does not say.
        channels: one or more.
    """

    seconds: float
    channels: int


@dataclass(frozen=True)
class Stretch:
    """Consecutive samples of a file.

    Args:
        y: mono, [samples].
        start_seconds: in the file.
        clipped: share of the samples that stand at full scale.
        dc: mean that was taken away, share of full scale.
        is_opposite: the channels cancel each other, so the louder one was taken.
        digest: of the decoded samples, whatever their container and tags.
        side: half the difference of two channels, [samples]; None where they are the same, or not two.
    """

    y: FloatArray
    start_seconds: float
    clipped: float
    dc: float
    is_opposite: bool
    digest: bytes
    side: FloatArray | None = None


def read_header(file: SoundFile) -> Header:
    """Length and channels of a file, without decoding it.

    Raises:
        UnreadableSoundError: it is damaged, or no sound.
    """
    if file.through_ffmpeg:
        return Header(np.inf, 2)
    with _opened(file.path) as sound:
        is_known = 0 < sound.frames < _UNKNOWN_FRAMES * 8
        return Header(sound.frames / sound.samplerate if is_known else np.inf, sound.channels)


def read_stretches(
    file: SoundFile,
    starts: Sequence[float],
    sample_rate: int,
    stretch_seconds: float = STRETCH_SECONDS,
    patience_seconds: float = _FFMPEG_PATIENCE_SECONDS,
) -> Iterator[Stretch]:
    """Read stretches of a file.

    Args:
        starts: where they begin, seconds, rising; what lies behind the end of the file is left out.
        sample_rate: that they are resampled to, Hz.
        patience_seconds: after which ffmpeg, where it decodes, is ended if it says nothing.

    Raises:
        UnreadableSoundError: it cannot be decoded, or holds values that are no numbers. What was read before is good.
    """
    if file.through_ffmpeg:
        yield from _through_ffmpeg(
            file.path, stretch_seconds * len(starts), sample_rate, stretch_seconds, patience_seconds
        )
        return
    with _opened(file.path) as sound:
        rate = sound.samplerate
        count = round(stretch_seconds * rate)
        for start in starts:
            first = round(start * rate)
            if first != sound.tell():
                sound.seek(first)
            y = sound.read(count, dtype="float32", always_2d=True)
            if not len(y):
                return
            yield mono_stretch(y, rate, sample_rate, start)
            if len(y) < count:
                return


def stretch_starts(length: float, seconds: float, stretch: float) -> list[float]:
    """Spread stretches over a file that together are at most `seconds`; return where they begin, seconds.

    >>> stretch_starts(70.0, 100.0, 30.0)
    [0.0, 30.0, 60.0]
    >>> stretch_starts(10_000.0, 60.0, 30.0)
    [0.0, 9970.0]
    """
    if length <= seconds or not np.isfinite(length):
        count = int(np.ceil(min(length, seconds) / stretch))
        return [n * stretch for n in range(max(1, count))]
    count = max(1, int(seconds / stretch))
    latest = max(0.0, length - stretch)
    return [0.5 * latest] if count == 1 else np.linspace(0.0, latest, count).tolist()


def mono_stretch(y: FloatArray, rate: int, sample_rate: int, start: float) -> Stretch:
    """Samples [count, channels] as they are learnt from.

    Raises:
        UnreadableSoundError: some are no numbers, or far too large.
    """
    if not np.abs(y).max(initial=0.0) <= LOUDEST_SAMPLE:  # true for NaN, too
        raise UnreadableSoundError("it holds values that are no numbers, or far too large")
    digest = hashlib.blake2b(
        np.clip(y * 8_388_608.0, -_FULL_RANGE, _FULL_RANGE).astype(np.int32), digest_size=16
    ).digest()
    mono, is_opposite = _mixed_down(y)
    dc = float(mono.mean())
    clipped = clipped_share(mono if y.shape[1] == 1 else y.reshape(-1, order="F"))
    side = None if is_opposite else _side_of(y)
    channels = (mono - np.float32(dc))[:, None] if side is None else np.stack([mono - np.float32(dc), side], axis=1)
    if rate != sample_rate:
        channels = soxr.resample(channels, rate, sample_rate)
    whole = [np.ascontiguousarray(channel, np.float32) for channel in channels.T]
    return Stretch(whole[0], start, clipped, dc, is_opposite, digest, whole[1] if side is not None else None)


def has_dc(dc: float) -> bool:
    """True of a mean that is worth a word."""
    return abs(dc) > _DC


def clipped_share(y: FloatArray) -> float:
    """Share of the samples that stand at full scale, three neighbours and more at a time.

    >>> clipped_share(np.array([0.1, 1.0, 1.0, 1.0, -0.2, 0.3, 1.0, 0.0], np.float32))
    0.375
    """
    at_limit = np.abs(y) >= _CLIPPED_LEVEL
    if not at_limit.any():
        return 0.0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], at_limit, [False]]).astype(np.int8)))
    runs = edges[1::2] - edges[::2]
    return float(runs[runs >= _CLIPPED_RUN].sum() / y.size)


def _mixed_down(y: FloatArray) -> tuple[FloatArray, bool]:
    """Return the mean of the channels; of channels that cancel each other, the loudest, and True."""
    if y.shape[1] == 1:
        return y[:, 0], False
    mean = y.mean(axis=1)
    power = (y.astype(np.float64) ** 2).mean(axis=0)
    # Two independent channels keep half of their power in the mean, n of them 1/n.
    if float((mean.astype(np.float64) ** 2).mean()) < _OPPOSITE * 2.0 / y.shape[1] * power.mean():
        return np.ascontiguousarray(y[:, int(power.argmax())]), True
    return mean, False


def _side_of(y: FloatArray) -> FloatArray | None:
    """Return half the difference of two channels, free of DC; None where there is none."""
    if y.shape[1] != 2 or np.array_equal(y[:, 0], y[:, 1]):
        return None
    side = 0.5 * (y[:, 0] - y[:, 1])
    return np.asarray(side - side.mean(), np.float32)


@contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile]:
    """Yields a file that libsndfile has opened.

    Raises:
        UnreadableSoundError: it cannot, now or while it is read.
    """
    try:
        # By its path libsndfile would read a Mac's `._name` beside it as a resource fork, and refuse the file.
        if path.with_name(f"._{path.name}").exists():
            with path.open("rb") as stream, soundfile.SoundFile(stream) as sound:
                _check_header(sound)
                yield sound
        else:
            # As text it refuses names that are no UTF-8.
            with soundfile.SoundFile(path if sys.platform == "win32" else os.fsencode(path)) as sound:
                _check_header(sound)
                yield sound
    except OSError as error:
        raise UnreadableSoundError(reason(error)) from error
    except (soundfile.SoundFileError, RuntimeError, ValueError) as error:
        text = getattr(error, "error_string", None) or str(error)
        raise UnreadableSoundError(
            text.strip().splitlines()[0].rstrip(".")[:200] if text.strip() else "damaged"
        ) from error


def _check_header(sound: soundfile.SoundFile) -> None:
    if not (1 <= sound.channels <= _MAX_CHANNELS and 1_000 <= sound.samplerate <= 1_000_000):
        raise UnreadableSoundError(f"{sound.channels} channels at {sound.samplerate} Hz are no recording")


def _through_ffmpeg(
    path: Path,
    seconds: float,
    sample_rate: int,
    stretch_seconds: float,
    patience_seconds: float,
) -> Iterator[Stretch]:
    """Yields the beginning of a file, decoded by ffmpeg in a process of its own.

    Raises:
        UnreadableSoundError: ffmpeg finds no sound, or has nothing to say for so many seconds.
    """
    limits = ["-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe"]
    form = ["-vn", "-map", "0:a:0", "-t", f"{seconds:.3f}", "-ac", "2", "-ar", str(_FFMPEG_RATE), "-f", "f32le", "-"]
    command = ["ffmpeg", *limits, "-i", f"file:{path}", *form]
    bytes_at_once = round(stretch_seconds * _FFMPEG_RATE) * 8
    start = 0.0
    with _ffmpeg(command, patience_seconds) as (read, complaints):
        while contents := read(bytes_at_once):
            y: NDArray[np.float32] = np.frombuffer(contents[: len(contents) // 8 * 8], np.float32).reshape(-1, 2)
            if len(y):
                yield mono_stretch(y, _FFMPEG_RATE, sample_rate, start)
            start += stretch_seconds
    if not start:
        lines = complaints.decode(errors="replace").strip().splitlines()
        raise UnreadableSoundError(printable(lines[-1][:200]) if lines else "ffmpeg finds no sound in it")


@contextmanager
def _ffmpeg(command: list[str], patience_seconds: float) -> Iterator[tuple[Callable[[int], bytes], bytearray]]:
    """Run ffmpeg; yields a function that reads so many bytes of sound, and what it complained of last.

    A read that takes longer than `patience_seconds` ends it.
    """
    complaints = bytearray()
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ}
    ) as process:
        sound, errors = process.stdout, process.stderr
        assert sound is not None
        assert errors is not None

        def read(count: int) -> bytes:
            patience = threading.Timer(patience_seconds, process.kill)
            patience.start()
            try:
                return sound.read(count)
            finally:
                patience.cancel()

        def listen() -> None:  # or a damaged file's complaints would fill the pipe, and ffmpeg wait for a reader
            while line := errors.readline(_MAX_COMPLAINT):
                complaints[:] = line if line.strip() else complaints

        listening = threading.Thread(target=listen, name="ffmpeg-complaints", daemon=True)
        listening.start()
        try:
            yield read, complaints
        finally:
            process.kill()
            listening.join()
