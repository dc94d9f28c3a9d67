"""Reads what a folder holds, an even sample of it where it holds much, within a bounded time and a bounded memory."""

from __future__ import annotations

import contextlib
import queue
import random
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from typing_extensions import override

from aitunes.features import FloatArray
from training.learn.listing import SoundFile
from training.learn.sounds import (
    STRETCH_SECONDS,
    Header,
    Stretch,
    UnreadableSoundError,
    has_dc,
    read_header,
    read_stretches,
    stretch_starts,
)
from training.learn.survey import Survey

MAX_FILES = 3_000
MAX_SECONDS = 1_800.0
"""Of sound that is read: half an hour is more than five minutes of training can take in."""
READING_SECONDS = 25.0

_SEED = 20
_GOLDEN = 0.618034  # multiples of it, without their whole part, are spread evenly however many there are
_WAITING_STRETCHES = 3
_BLOCK_SECONDS = 0.02
_SILENT_DB, _SILENT_BELOW_DB = -80.0, -60.0
_CLIPPED = 1e-4


class Collector(Protocol):
    """Takes sound and keeps what is learnt from it."""

    @property
    def sample_rate(self) -> int: ...

    def add(self, name: str, label: str, y: FloatArray, side: FloatArray | None = None) -> None:
        """Take a stretch [samples] of a file, mono or with the side channel beside the mid channel."""


@dataclass(frozen=True)
class Limits:
    """Bounds what is read.

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
    """Share `seconds` between files: the short ones are read whole, the others equally long.

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

    Every file's first stretch is read before any file's second one: wherever reading ends, all had their share.

    Args:
        progress: takes the share that is done, 0..1.
    """
    jobs, total = _jobs(sounds, limits)
    accounts: dict[str, _Account] = {}
    end = limits.clock() + limits.reading_seconds
    seen: dict[tuple[bytes, float], str] = {}
    # Closed here, because what interrupts this loop would keep the thread until somebody drops the error.
    with contextlib.closing(_decoded(jobs, collector.sample_rate, survey.left_out)) as decoded:
        for job, parts in decoded:
            account = accounts.setdefault(job.file.name, _Account(survey, job.file, job.header))
            for part in parts:
                if isinstance(part, UnreadableSoundError):
                    account.fail(part)
                    break
                if account.is_duplicate(part, seen):
                    break
                account.take(part, collector.sample_rate)
                collector.add(job.file.name, survey.listing.label_of(job.file), part.y, part.side)
                progress(min(1.0, survey.seconds_read / total))
            if limits.clock() > end:
                survey.stopped_early = True
                break
    for account in accounts.values():
        account.close()


@dataclass(frozen=True)
class _Job:
    """Stretches of a file that are read at once.

    Args:
        starts: of the stretches, seconds, rising.
    """

    file: SoundFile
    header: Header
    starts: tuple[float, ...]


def _jobs(sounds: list[tuple[SoundFile, Header]], limits: Limits) -> tuple[list[_Job], float]:
    """Order the stretches to read; return them and how many seconds they are."""
    wanted = quotas([min(header.seconds, limits.seconds) for _, header in sounds], limits.seconds)
    ranked: list[tuple[int, int, _Job]] = []
    for n, ((file, header), seconds) in enumerate(zip(sounds, wanted, strict=True)):
        starts = stretch_starts(header.seconds, seconds, STRETCH_SECONDS)
        if not np.isfinite(header.seconds):  # it is read from its start on, to wherever it ends
            ranked.append((0, n, _Job(file, header, tuple(starts))))
            continue
        spread = np.argsort([(k * _GOLDEN) % 1.0 for k in range(len(starts))])
        ranked += [(rank, n, _Job(file, header, (starts[k],))) for rank, k in enumerate(spread)]
    ranked.sort(key=lambda entry: entry[:2])
    return [job for _, _, job in ranked], max(sum(wanted), 1e-9)


class _Account:
    """Adds one file to the survey."""

    def __init__(self, survey: Survey, file: SoundFile, header: Header) -> None:
        self._survey, self._file, self._header = survey, file, header
        self._clipped = self._samples = self._loudest = 0.0
        self._dc = self._opposite = False
        self.is_first = True

    def is_duplicate(self, part: Stretch, seen: dict[tuple[bytes, float], str]) -> bool:
        """Note a file whose first stretch and length are those of one before it, to the sample."""
        if not self.is_first:
            return False
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
        if self._file.name not in self._survey.left_out:
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
    """Decodes some stretches ahead of who reads them.

    Args:
        jobs: one after another; each one's stretches end with None.
        left_out: names of files that nobody wants any more; others add to it.
    """

    def __init__(self, jobs: list[_Job], sample_rate: int, left_out: set[str]) -> None:
        super().__init__(name="decode", daemon=True)
        self._jobs, self._sample_rate, self._left_out = jobs, sample_rate, left_out
        self._parts: queue.Queue[_Part | _Failure | None] = queue.Queue(_WAITING_STRETCHES)
        self._is_over = threading.Event()

    @override
    def run(self) -> None:
        try:
            for job in self._jobs:
                if job.file.name not in self._left_out:
                    self._decode(job)
                self._put(None)
        except BaseException as error:  # noqa: BLE001 - raised again where the parts are read
            self._put(_Failure(error))

    def _decode(self, job: _Job) -> None:
        try:
            for part in read_stretches(job.file, job.starts, self._sample_rate):
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
        """Yields the stretches of the next job, or why there are no more of them."""
        while (part := self._parts.get()) is not None:
            if isinstance(part, _Failure):
                raise part.error
            yield part

    def end(self) -> None:
        """Stop decoding, whatever is left."""
        self._is_over.set()
        self.join()


def _decoded(jobs: list[_Job], sample_rate: int, left_out: set[str]) -> Generator[tuple[_Job, Iterator[_Part]]]:
    """Yields each job and its stretches, decoded by a thread that ends with this generator."""
    decoder = _Decoder(jobs, sample_rate, left_out)
    decoder.start()
    try:
        for job in jobs:
            stretches = decoder.stretches()
            yield job, stretches
            for _ in stretches:  # what the reader did not want of it
                pass
    finally:
        decoder.end()
