"""Decodes the engine's /status.reply."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

_KNOWN = 15  # arguments, each a field below


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
        """Decode the arguments of a reply."""
        return replace(cls(*arguments[:_KNOWN]), rest=tuple(arguments[_KNOWN:]))

    @property
    def latency_ms(self) -> float:
        """Sum of all stages, from a message to its sound."""
        return self.control_ms + self.synthesis_ms + self.buffer_ms + self.device_ms
