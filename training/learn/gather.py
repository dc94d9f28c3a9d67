"""Reads what a folder holds, an even sample of it where it holds much, within a bounded time and a bounded memory."""

from __future__ import annotations

import contextlib
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from typing_extensions import override

from aitunes.features import FloatArray
from training.learn.listing import SoundFile
from training.learn.sounds import Header, Stretch, UnreadableSoundError, has_dc, read_header, read_stretches
from training.learn.survey import Survey

MAX_FILES = 3_000
MAX_SECONDS = 1_800.0
"""Of sound that is read: half an hour is more than five minutes of training can take in."""
READING_SECONDS = 25.0

_SEED = 20
_WAITING_STRETCHES = 3
_BLOCK_SECONDS = 0.02
_SILENT_DB, _SILENT_BELOW_DB = -80.0, -60.0
_CLIPPED = 1e-4


class Collector(Protocol):
    """Takes sound and keeps what is learnt from it."""

    @property
    def sample_rate(self) -> int: ...

    def add(self, name: str, label: str, y: FloatArray) -> None:
        """Take a stretch [samples] of a file."""


@dataclass(frozen=True)
class Limits:
    """How much is read.

    Args:
        files: at most.
        seconds: of sound, at most.
        reading_seconds: after which reading ends, whatever is left.
        clock: seconds, monotonic.
    """

    files: int = MAX_FILES
    seconds: float = MAX_SECONDS
    reading_seconds: float = READING_SECONDS
    clock: Callable[[], float] = time.monotonic


def open_headers(survey: Survey, limits: Limits) -> list[tuple[SoundFile, Header]]:
    """Open files in a random order that is always the same, and note what cannot be opened.

    Whatever number of them is read in the end is then a fair sample of the folder.
    """
    files = list(survey.listing.files)
    random.Random(_SEED).shuffle(files)
    end = limits.clock() + 0.4 * limits.reading_seconds
    opened: list[tuple[SoundFile, Header]] = []
    for file in files[: limits.files]:
        if limits.clock() > end:
            survey.stopped_early = True
            break
        try:
            opened.append((file, read_header(file)))
        except UnreadableSoundError as error:
            survey.damaged.append(f"{file.name} ({error})")
    known = [header.seconds for _, header in opened if np.isfinite(header.seconds)]
    survey.sampled = len(opened)
    survey.seconds_found = sum(known) * (len(files) / max(1, len(opened) + len(survey.damaged)))
    return opened


def quotas(lengths: list[float], seconds: float) -> list[float]:
    """How much of each file is read so that all together are at most `seconds`: the short ones whole.

    >>> quotas([10.0, 100.0, 1000.0], 150.0)
    [10.0, 70.0, 70.0]
    """
    if sum(lengths) <= seconds:
        return list(lengths)
    left, limit = seconds, seconds
    for done, length in enumerate(sorted(lengths)):
        limit = left / (len(lengths) - done)
        if length > limit:
            break
        left -= length
    return [min(length, limit) for length in lengths]


def gather(
    survey: Survey,
    sounds: list[tuple[SoundFile, Header]],
    collector: Collector,
    limits: Limits,
    progress: Callable[[float], None],
) -> None:
    """Read files into a collector; a thread decodes while this one analyses.

    Args:
        progress: takes the share that is done, 0..1.
    """
    wanted = quotas([min(header.seconds, limits.seconds) for _, header in sounds], limits.seconds)
    total, end = max(sum(wanted), 1e-9), limits.clock() + limits.reading_seconds
    seen: dict[tuple[bytes, float], str] = {}
    for file, header, stretches in _decoded(sounds, wanted, collector.sample_rate):
        account = _Account(survey, file, header)
        for part in stretches:
            if isinstance(part, UnreadableSoundError):
                account.fail(part)
                break
            if account.is_first and account.is_duplicate(part, seen):
                break
            account.take(part, collector.sample_rate)
            collector.add(file.name, survey.listing.label_of(file), part.y)
            progress(min(1.0, survey.seconds_read / total))
            if limits.clock() > end:
                survey.stopped_early = True
                return
        account.close()


class _Account:
    """What one file adds to the survey."""

    def __init__(self, survey: Survey, file: SoundFile, header: Header) -> None:
        self._survey, self._file, self._header = survey, file, header
        self._clipped = self._samples = self._loudest = 0.0
        self._dc = self._opposite = False
        self.is_first = True

    def is_duplicate(self, part: Stretch, seen: dict[tuple[bytes, float], str]) -> bool:
        """Note a file that sounds as one before it does, to the sample."""
        key = part.digest, self._header.seconds
        if float(np.abs(part.y).max(initial=0.0)) < 1e-4:
            return False  # all silences are alike
        if key in seen:
            self._survey.duplicates.append(f"{self._file.name} (= {seen[key]})")
            self._survey.left_out.add(self._file.name)
            return True
        seen[key] = self._file.name
        return False

    def take(self, part: Stretch, sample_rate: int) -> None:
        """Count a stretch."""
        if self.is_first:
            self._survey.read += 1
            self._survey.stereo += self._header.channels > 1
            self.is_first = False
        self._survey.fingerprint.update(part.digest)
        self._survey.seconds_read += part.y.size / sample_rate
        self._clipped += part.clipped * part.y.size
        self._samples += part.y.size
        self._dc |= has_dc(part.dc)
        self._opposite |= part.is_opposite
        block = max(1, round(_BLOCK_SECONDS * sample_rate))
        power = (part.y[: part.y.size // block * block].reshape(-1, block).astype(np.float64) ** 2).mean(axis=1)
        level = 10.0 * np.log10(np.maximum(power, 1e-20))
        self._loudest = max(self._loudest, float(level.max(initial=-200.0)) + 200.0)
        silent = level < max(_SILENT_DB, self._loudest - 200.0 + _SILENT_BELOW_DB)
        self._survey.seconds_silent += float(silent.sum()) * _BLOCK_SECONDS

    def fail(self, error: UnreadableSoundError) -> None:
        """Note a file that is damaged, from its beginning or from some second on."""
        where = "" if self.is_first else f", from {self._samples:,.0f} samples on"
        self._survey.damaged.append(f"{self._file.name} ({error}{where})")
        self._survey.left_out.add(self._file.name)

    def close(self) -> None:
        """Note what the whole file has."""
        survey, name = self._survey, self._file.name
        share = self._clipped / max(1.0, self._samples)
        if share > _CLIPPED:
            survey.clipped.append(name)
            survey.clipped_worst = max(survey.clipped_worst, share)
        if self._dc:
            survey.dc.append(name)
        if self._opposite:
            survey.opposite.append(name)


_Part = Stretch | UnreadableSoundError


@dataclass(frozen=True)
class _Failure:
    """A mistake of ours or the system's, not the file's."""

    error: BaseException


class _Decoder(threading.Thread):
    """Decodes files some stretches ahead of who reads them.

    Args:
        sounds: files, one after another; each one's stretches end with None.
        wanted: seconds of each.
    """

    def __init__(self, sounds: list[tuple[SoundFile, Header]], wanted: list[float], sample_rate: int) -> None:
        super().__init__(name="decode", daemon=True)
        self._sounds, self._wanted, self._sample_rate = sounds, wanted, sample_rate
        self._parts: queue.Queue[_Part | _Failure | None] = queue.Queue(_WAITING_STRETCHES)
        self._is_over = threading.Event()

    @override
    def run(self) -> None:
        try:
            for (file, header), seconds in zip(self._sounds, self._wanted, strict=True):
                self._decode(file, header, seconds)
                self._put(None)
        except BaseException as error:  # noqa: BLE001 - raised again where the parts are read
            self._put(_Failure(error))

    def _decode(self, file: SoundFile, header: Header, seconds: float) -> None:
        try:
            for part in read_stretches(file, header, seconds, self._sample_rate):
                self._put(part)
                if self._is_over.is_set():
                    return
        except UnreadableSoundError as error:
            self._put(error)

    def _put(self, part: _Part | _Failure | None) -> None:
        while not self._is_over.is_set():
            with contextlib.suppress(queue.Full):
                self._parts.put(part, timeout=0.1)
                return

    def stretches(self) -> Iterator[_Part]:
        """The stretches of the next file, or why there are no more of them."""
        while (part := self._parts.get()) is not None:
            if isinstance(part, _Failure):
                raise part.error
            yield part

    def end(self) -> None:
        """Stop decoding, whatever is left."""
        self._is_over.set()
        self.join()


def _decoded(
    sounds: list[tuple[SoundFile, Header]], wanted: list[float], sample_rate: int
) -> Iterator[tuple[SoundFile, Header, Iterator[_Part]]]:
    """Each file and its stretches, decoded by a thread that ends with this generator."""
    decoder = _Decoder(sounds, wanted, sample_rate)
    decoder.start()
    try:
        for file, header in sounds:
            stretches = decoder.stretches()
            yield file, header, stretches
            for _ in stretches:  # what the reader did not want of it
                pass
    finally:
        decoder.end()
