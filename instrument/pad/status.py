"""What the engine says of itself, and which of it is worth a warning."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

LASTING_SECONDS = 3.0
"""How long something must go on before it is worth a warning."""

_KNOWN = 15  # arguments, each a field below
_HIGH_LOAD = 80.0
_RECENT_SECONDS = 30.0


@dataclass(frozen=True)
class EngineStatus:
    """The arguments of `/status.reply`; loads in %, latencies in ms, rates in Hz, iterations those in use."""

    underruns: int = 0
    late_events: int = 0
    malformed_packets: int = 0
    subscribers: int = 0
    mean_load: float = 0.0
    peak_load: float = 0.0
    nominal_sample_rate: float = 0.0
    measured_sample_rate: float = 0.0
    control_ms: float = 0.0
    synthesis_ms: float = 0.0
    buffer_ms: float = 0.0
    device_ms: float = 0.0
    release: str = ""
    playing: bool = False
    iterations: int = 0
    rest: tuple[Any, ...] = ()
    """What newer engines add."""

    @classmethod
    def from_arguments(cls, arguments: list[Any]) -> Self:
        """The status that an engine sent."""
        return replace(cls(*arguments[:_KNOWN]), rest=tuple(arguments[_KNOWN:]))

    @property
    def latency_ms(self) -> float:
        """From a gesture to its sound, all stages together."""
        return self.control_ms + self.synthesis_ms + self.buffer_ms + self.device_ms


class Warnings:
    """Turns a run of statuses into the one sentence that a performer should see, or none.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._underruns: deque[tuple[float, int]] = deque()
        self._high_since: float | None = None

    def judge(self, status: EngineStatus) -> str:
        """The warning after this status; empty where all is well."""
        now = self._clock()
        self._underruns.append((now, status.underruns))
        if status.underruns < self._underruns[0][1]:  # another engine, which counts from 0
            self._underruns = deque([(now, status.underruns)])
        while now - self._underruns[0][0] > _RECENT_SECONDS:
            self._underruns.popleft()
        if status.mean_load <= _HIGH_LOAD:
            self._high_since = None
        elif self._high_since is None:
            self._high_since = now
        if self._high_since is not None and now - self._high_since >= LASTING_SECONDS:
            return f"The engine is at its limit ({status.mean_load:.0f} %): fewer iterations, or a larger block."
        return self._interruptions(now)

    def _interruptions(self, now: float) -> str:
        # One that came alone is over; a warning is for those that go on.
        moments = [
            later[0]
            for earlier, later in zip(self._underruns, list(self._underruns)[1:], strict=False)
            if later[1] > earlier[1]
        ]
        lasting = len(moments) > 1 and moments[-1] - moments[0] >= LASTING_SECONDS and now - moments[-1] < 10.0
        if not lasting:
            return ""
        count = self._underruns[-1][1] - self._underruns[0][1]
        return f"{count} interruptions in half a minute: a larger block, or fewer iterations."

    def forget(self) -> None:
        """Begin anew, with another engine."""
        self._underruns.clear()
        self._high_since = None
