"""Consumes samples at the pace of a sound device, without sound: for machines without a device, and for tests."""

from __future__ import annotations

import time
from collections.abc import Callable

from aitunes.features import FloatArray

_BUFFER_SECONDS = 0.006


class NullOutput:
    """Consumes samples at the pace of a clock.

    Args:
        sample_rate: Hz.
        clock, sleep: seconds; injected by tests.
    """

    name = "none (silent)"
    feels_scans = False
    latency_seconds = 0.0
    reserve_seconds = 0.0
    device_underruns = 0

    def __init__(
        self,
        sample_rate: float,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.sample_rate = sample_rate
        self.underruns = 0
        self.overslept_seconds = 0.0
        self._clock, self._sleep = clock, sleep
        self._target_seconds = _BUFFER_SECONDS
        self._end = 0.0

    def start(self) -> None:
        """Begin now, with a buffer of silence."""
        self._end = self._clock() + self._target_seconds

    def wait(self) -> float:
        """Block until the buffer is down to its target."""
        self.overslept_seconds = 0.0
        buffered = self._end - self._clock()
        if buffered > self._target_seconds:
            self._sleep(buffered - self._target_seconds)
            buffered = self._end - self._clock()
            self.overslept_seconds = max(0.0, self._target_seconds - buffered)
        if buffered < 0.0:
            self.underruns += 1
            self._end = self._clock()
        return max(0.0, buffered)

    def write(self, y: FloatArray) -> None:
        """Append a block of left and right, [samples, 2]."""
        self._end += len(y) / self.sample_rate

    def deepen(self, seconds: float) -> None:
        """Buffer at least that much from now on."""
        self._target_seconds = max(_BUFFER_SECONDS, seconds)

    def close(self) -> None:
        """Do nothing: nothing is held."""
