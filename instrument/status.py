"""Describes the engine's state as the arguments of `/status.reply`: one table for the encoder, decoder and papers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from aitunes.errors import AiTunesError


class StatusError(AiTunesError):
    """Says why the arguments of a `/status.reply` are none."""


def _double() -> Any:
    # A rate in single precision would lose what distinguishes the measured from the nominal one.
    return dataclasses.field(default=0.0, metadata={"tag": "d"})


@dataclass(frozen=True)
class Status:
    """Holds the arguments of `/status.reply` in their order; new ones are only ever added at the end.

    Args:
        underruns: interruptions of the sound since the start.
        late_events: events whose time tag was in the past on arrival.
        malformed_packets: packets that were no OSC.
        subscribers: their number.
        mean_load, peak_load: share of its time that the synth's thread works, %.
        nominal_sample_rate, measured_sample_rate: of the output, Hz.
        control_ms, synthesis_ms, buffer_ms, device_ms: the stages of the latency.
        release: name of the playing release.
        playing: false after `/aitunes/stop`.
        iterations: of the phase reconstruction, those in use.
        held_events: events with a time tag that wait for their time.
        interruption: why the buffer ran empty last; empty where it never has.
        missing: programs beside the engine that have ended, such as "OSCQuery", with commas between them.
        reserve_ms: how much of the buffer is kept for stalls of the machine, now; 0 without a device.
    """

    underruns: int = 0
    late_events: int = 0
    malformed_packets: int = 0
    subscribers: int = 0
    mean_load: float = 0.0
    peak_load: float = 0.0
    nominal_sample_rate: float = _double()
    measured_sample_rate: float = _double()
    control_ms: float = 0.0
    synthesis_ms: float = 0.0
    buffer_ms: float = 0.0
    device_ms: float = 0.0
    release: str = ""
    playing: bool = False
    iterations: int = 0
    held_events: int = 0
    interruption: str = ""
    missing: str = ""
    reserve_ms: float = 0.0

    @property
    def latency_ms(self) -> float:
        """Return the time from a message to its sound, all stages together."""
        return self.control_ms + self.synthesis_ms + self.buffer_ms + self.device_ms

    def to_arguments(self) -> tuple[Any, ...]:
        """Encode for `aitunes.osc.packets.build`."""
        return tuple([(tag, getattr(self, name)) if tag else getattr(self, name) for name, tag in _TAGS])

    @classmethod
    def from_arguments(cls, arguments: Sequence[Any]) -> Self:
        """Decode what an engine sent; an older one leaves out the last values, and those of a newer one are ignored.

        Raises:
            StatusError: a value has another type, or is not finite.

        >>> Status.from_arguments([3, 0, 0, 2]).subscribers
        2
        """
        return cls(**dict(_converted(arguments)))


def _converted(arguments: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for field, value in zip(dataclasses.fields(Status), arguments, strict=False):
        kind: type = type(field.default)
        if kind is str and isinstance(value, str):
            yield field.name, value
        elif kind is not str and isinstance(value, int | float) and math.isfinite(value):
            yield field.name, kind(value)
        else:
            raise StatusError(f"/status.reply has no {field.name} in {value!r:.40}; it must be {kind.__name__}.")


_TAGS = [(field.name, field.metadata.get("tag")) for field in dataclasses.fields(Status)]
FIELDS = ", ".join(field.name.replace("_", " ") for field in dataclasses.fields(Status))
"""Names the arguments in their order, for the table of the namespace."""
