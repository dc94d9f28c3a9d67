"""What the engine knows about itself: load, latency by stage, the stream's place in time."""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass

_HOPS = 1024
_RECENT = 128
_CLOCK_BANDWIDTH_HZ = 0.3
_CLOCK_RESET_SECONDS = 0.03
_CLOCK_JITTER_SECONDS = 0.001
_CLOCK_STUMBLE_SECONDS = 0.4


@dataclass(frozen=True)
class Status:
    """What `/status` tells, and `aitunes doctor` prints."""

    underruns: int
    late_events: int
    malformed_packets: int
    subscribers: int
    mean_load: float
    peak_load: float
    nominal_sample_rate: float
    measured_sample_rate: float
    control_ms: float
    synthesis_ms: float
    buffer_ms: float
    device_ms: float
    release: str
    playing: bool
    iterations: int


class LoadMeter:
    """Share of its time that the synth's thread works, over the last thousand hops."""

    def __init__(self) -> None:
        self._shares: deque[float] = deque(maxlen=_HOPS)

    def add(self, work_seconds: float, hop_seconds: float) -> None:
        """Count one hop."""
        self._shares.append(work_seconds / hop_seconds)

    @property
    def percent(self) -> tuple[float, float]:
        """Mean and peak load in %."""
        shares = list(self._shares)
        return (100.0 * sum(shares) / len(shares), 100.0 * max(shares)) if shares else (0.0, 0.0)


class Recent:
    """The median of the newest values."""

    def __init__(self) -> None:
        self._values: deque[float] = deque(maxlen=_RECENT)

    def add(self, value: float) -> None:
        """Count one value."""
        self._values.append(value)

    @property
    def median(self) -> float:
        """0 before the first value."""
        return statistics.median(self._values.copy() or (0.0,))


class StreamClock:
    """When the next sample to be written will be heard: a delay-locked loop over jittery observations.

    A device that stumbles plays on a little later than before. The loop would take seconds to follow, and take it for
    another rate meanwhile; so what is beyond jitter says nothing about the rate, and where it stays is a new beginning.

    Args:
        hop_seconds: nominal time between observations.

    Reference:
        Adriaensen, "Using a DLL to filter time", Linux Audio Conference 2005.
    """

    def __init__(self, hop_seconds: float) -> None:
        omega = 6.2831853 * _CLOCK_BANDWIDTH_HZ * hop_seconds
        self._b, self._c = 1.4142136 * omega, omega * omega
        self._hop_seconds = hop_seconds
        self._time: float | None = None
        self._astray = 0
        self.scale = 1.0

    def observe(self, heard: float) -> float:
        """Correct the loop by what was just seen; the filtered time, in the seconds of the observations."""
        if self._time is None or self._has_moved(heard - self._time):
            self._time = heard
            self._astray = 0
        else:
            error = heard - self._time
            self._time += self._b * min(max(error, -_CLOCK_JITTER_SECONDS), _CLOCK_JITTER_SECONDS)
            if not self._astray:
                self.scale += self._c * error / self._hop_seconds
        return self._time

    def _has_moved(self, error: float) -> bool:
        """Whether it is the stream that is elsewhere: far away, or on one side for longer than jitter would be."""
        if abs(error) <= _CLOCK_JITTER_SECONDS:
            self._astray = 0
        else:
            side = 1 if error > 0.0 else -1
            self._astray = side * max(1, side * self._astray + 1)
        return abs(error) > _CLOCK_RESET_SECONDS or abs(self._astray) * self._hop_seconds > _CLOCK_STUMBLE_SECONDS

    def advance(self, nominal_seconds: float) -> None:
        """Count a block that was written."""
        if self._time is not None:
            self._time += nominal_seconds * self.scale
