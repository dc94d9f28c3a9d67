"""Measures load, latency and the time at which the output plays its samples."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_HOPS = 1024
_RECENT = 128
_CLOCK_BANDWIDTH_HZ = 0.3
_CLOCK_RESET_SECONDS = 0.03
_CLOCK_JITTER_SECONDS = 0.001
_CLOCK_STUMBLE_SECONDS = 0.4


@dataclass(frozen=True)
class Clock:
    """Reads the time; a test sets its own.

    Args:
        elapsed: seconds that never go back.
        wall: seconds of the time tags.
    """

    elapsed: Callable[[], float] = time.perf_counter
    wall: Callable[[], float] = time.time


class LoadMeter:
    """Measures the share of its time that the synth's thread works, over the last thousand hops."""

    def __init__(self) -> None:
        self._shares: deque[float] = deque(maxlen=_HOPS)

    def add(self, work_seconds: float, hop_seconds: float) -> None:
        """Count one hop."""
        self._shares.append(work_seconds / hop_seconds)

    @property
    def percent(self) -> tuple[float, float]:
        """Return mean and peak load in %."""
        shares = list(self._shares)
        return (100.0 * sum(shares) / len(shares), 100.0 * max(shares)) if shares else (0.0, 0.0)


class Recent:
    """Keeps the newest values for their median."""

    def __init__(self) -> None:
        self._values: deque[float] = deque(maxlen=_RECENT)

    def add(self, value: float) -> None:
        """Count one value."""
        self._values.append(value)

    @property
    def median(self) -> float:
        """Return their median, 0 before the first value."""
        return statistics.median(self._values.copy() or (0.0,))


class StreamClock:
    """Predicts when the next sample to be written will be heard: a delay-locked loop over jittery observations.

    A device that drops out plays on a little later than before. The loop would take seconds to follow, and mistake the
    step for a change of rate; so errors beyond jitter do not change the rate, and if they persist, the loop restarts.

    Args:
        hop_seconds: nominal time between observations.

    Reference:
        Adriaensen, "Using a DLL to filter time", Linux Audio Conference 2005.
    """

    def __init__(self, hop_seconds: float) -> None:
        omega = 6.2831853 * _CLOCK_BANDWIDTH_HZ * hop_seconds
        self._b, self._c = 1.4142136 * omega, omega * omega
        self.hop_seconds = hop_seconds
        self._time: float | None = None
        self._one_sided = 0
        self.scale = 1.0

    def observe(self, heard: float) -> float:
        """Correct the loop by an observation; return the filtered time, in the seconds of the observations."""
        if self._time is None or self._has_moved(heard - self._time):
            self._time = heard
            self._one_sided = 0
        else:
            error = heard - self._time
            self._time += self._b * min(max(error, -_CLOCK_JITTER_SECONDS), _CLOCK_JITTER_SECONDS)
            if not self._one_sided:
                self.scale += self._c * error / self.hop_seconds
        return self._time

    def _has_moved(self, error: float) -> bool:
        """Return whether the stream has moved: the error is large, or on one side for longer than jitter would be."""
        if abs(error) <= _CLOCK_JITTER_SECONDS:
            self._one_sided = 0
        else:
            side = 1 if error > 0.0 else -1
            self._one_sided = side * max(1, side * self._one_sided + 1)
        return abs(error) > _CLOCK_RESET_SECONDS or abs(self._one_sided) * self.hop_seconds > _CLOCK_STUMBLE_SECONDS

    def advance(self, nominal_seconds: float) -> None:
        """Advance by a block that was written."""
        if self._time is not None:
            self._time += nominal_seconds * self.scale
