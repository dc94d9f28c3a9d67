"""Records the last seconds hop by hop, and names the cause of an interruption."""

from __future__ import annotations

import math
import sys
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, fields

from instrument.engine.interruptions import Hop, Interruption, judge

try:
    from resource import RUSAGE_THREAD, getrusage
except ImportError:  # Windows, macOS
    getrusage = None  # type: ignore[assignment]

HOPS = 2_048
"""Counts the hops that are kept: 6 s at 1024/128, 12 s at 2048/256."""
_MAX_CAUSES = 16
_MAX_WINDOW = 256
"""Counts the hops that are looked at: two blocks of 16,384 frames, and what comes before them."""
SYNTH = "synth"


def _system() -> tuple[float, float, float]:
    if getrusage is None:
        return (0, 0, math.nan)
    usage = getrusage(RUSAGE_THREAD)
    return usage.ru_nivcsw, usage.ru_majflt, usage.ru_nvcsw


def _threads() -> dict[str, float]:
    if sys.platform != "linux":
        return {}
    worked = {}
    for thread in threading.enumerate():
        if thread.native_id is not None:
            try:
                worked[thread.name] = time.clock_gettime(_clock_of(thread.native_id))
            except OSError:  # it has ended
                continue
    return worked


def _clock_of(thread_id: int) -> int:
    """Return the clock of a thread's processor time: Linux makes its number from the thread's, for clock_gettime(2)."""
    return (~thread_id << 3) | 6


@dataclass(frozen=True, slots=True)
class Meters:
    """Reads what a hop has cost; a test sets its own.

    Args:
        elapsed: seconds that never go back.
        thread: processor seconds of the calling thread.
        process: processor seconds of the whole process.
        system: involuntary switches, major page faults and voluntary switches of the calling thread; where the system
            counts none, zeros and NaN.
        threads: processor seconds of every thread by name; empty where the system does not say.
    """

    elapsed: Callable[[], float] = time.perf_counter
    thread: Callable[[], float] = time.thread_time
    process: Callable[[], float] = time.process_time
    system: Callable[[], tuple[float, float, float]] = _system
    threads: Callable[[], dict[str, float]] = _threads


_WIDTH = len(fields(Hop))


class FlightRecorder:
    """Keeps the last hops in fixed memory; the synth's thread writes, others read.

    Args:
        meters: for the test of time.
        hops: how many to keep.
    """

    def __init__(self, meters: Meters | None = None, hops: int = HOPS) -> None:
        self._meters = meters or Meters()
        self._hops = hops
        self._values = array("d", bytes(8 * _WIDTH * hops))
        self._count = 0
        self._processor, self._process = 0.0, 0.0
        self._system = (0.0, 0.0, 0.0)
        self._underruns = 0
        self._threads: dict[str, float] = {}
        self.causes: deque[Interruption] = deque(maxlen=_MAX_CAUSES)

    @property
    def last_sentence(self) -> str:
        """Return why the sound was interrupted last, or ""."""
        return self.causes[-1].sentence if self.causes else ""

    def begin(self) -> None:
        """Take the first readings; on the synth's thread."""
        self._processor, self._process = self._meters.thread(), self._meters.process()
        self._system = self._meters.system()

    def add(
        self,
        waited: float,
        woke: float,
        rendered: float,
        decoded: float,
        handled: tuple[int, float],
        buffered: float,
        underruns: int,
        hop_seconds: float,
        overslept: float = 0.0,
    ) -> None:
        """Record a hop that has just been written; on the synth's thread.

        Args:
            waited, woke, rendered, decoded, buffered: see `Hop`.
            handled: number of events, and the time that they took.
            underruns: of the buffer, since the start.
            hop_seconds: the sound that a hop gives.
            overslept: see `Hop`.
        """
        meters, before = self._meters, self._system
        ended, processor, process, self._system = meters.elapsed(), meters.thread(), meters.process(), meters.system()
        own = processor - self._processor
        # Clocks of threads and of the process are read one after the other, so a little may be missing.
        others = max(0.0, process - self._process - own)
        switches, faults, voluntary = (now - then for now, then in zip(self._system, before, strict=True))
        self._processor, self._process = processor, process
        interrupted = underruns > self._underruns
        self._underruns = underruns
        at = _WIDTH * (self._count % self._hops)
        self._values[at : at + _WIDTH] = array(
            "d",
            (
                *(waited, woke, ended, rendered, decoded, handled[1], own, others),
                *(buffered, handled[0], switches, faults, interrupted, overslept, voluntary),
            ),
        )
        self._count += 1
        if interrupted:
            self.causes.append(judge(self.hops(_MAX_WINDOW), ended, hop_seconds, self._busiest))

    def look(self) -> None:
        """Note what each thread has worked so far, for a later judgement; ten times a second, from any thread."""
        self._threads = self._meters.threads()

    def hops(self, newest: int = HOPS) -> list[Hop]:
        """Return the newest of what is kept, in their order; one that is overwritten meanwhile may be mixed of two."""
        count, hops = self._count, []
        for n in range(max(0, count - min(newest, self._hops)), count):
            at = _WIDTH * (n % self._hops)
            hops.append(Hop(*self._values[at : at + _WIDTH]))
        return hops

    def _busiest(self) -> tuple[str, float]:
        """Return the thread beside the synth's that has worked most since the last look, and its seconds."""
        before, now = self._threads, self._meters.threads()
        worked = {name: seconds - before.get(name, 0.0) for name, seconds in now.items() if name != SYNTH}
        name = max(worked, key=lambda name: worked[name], default="")
        return name, worked.get(name, 0.0)
