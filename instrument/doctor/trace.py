"""Writes the flight recorder's hops as a trace that a browser opens."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aitunes.atomic import write_text
from aitunes.errors import reason
from instrument.engine.flight_recorder import SYNTH, FlightRecorder
from instrument.engine.interruptions import Hop, Interruption


def trace(hops: Sequence[Hop], causes: Sequence[Interruption]) -> dict[str, Any]:
    """Write the record in the Trace Event Format, which chrome://tracing and ui.perfetto.dev open.

    Reference:
        Google, "Trace Event Format": complete events (X), counters (C) and instants (i), microseconds.
    """
    start = hops[0].waited if hops else 0.0

    def at(moment: float) -> float:
        return round(1e6 * (moment - start), 1)

    def span(name: str, begin: float, seconds: float, **values: float) -> dict[str, Any]:
        return {"name": name, "ph": "X", "ts": at(begin), "dur": round(1e6 * seconds, 1), "pid": 1, "tid": 1} | (
            {"args": values} if values else {}
        )

    events: list[dict[str, Any]] = [{"name": "thread_name", "ph": "M", "pid": 1, "tid": 1, "args": {"name": SYNTH}}]
    for hop in hops:
        figures = {name: getattr(hop, name) for name in ("processor", "others", "events", "switches", "faults")}
        events += [
            span("wait", hop.waited, hop.woke - hop.waited),
            span("hop", hop.woke, hop.ended - hop.woke, **figures),
            span("render", hop.woke, hop.rendered),
            span("events", hop.woke, hop.handled),
            span("decode", hop.woke + hop.handled, hop.decoded),
            {"name": "buffer", "ph": "C", "ts": at(hop.woke), "pid": 1, "args": {"ms": round(1e3 * hop.buffered, 3)}},
        ]
    for cause in causes:
        events.append({"name": cause.sentence, "ph": "i", "s": "g", "ts": at(cause.moment), "pid": 1, "tid": 1})
    return {"traceEvents": events, "displayTimeUnit": "ms"}


def write_trace(path: Path, flight: FlightRecorder, say: Callable[[str], None]) -> bool:
    """Write the trace and return True, or say why not: what was measured meanwhile must not be lost with it."""
    try:
        write_text(path, json.dumps(trace(flight.hops(), flight.causes)), durable=False)
    except OSError as error:
        say(f"The trace cannot be written to {path}: {reason(error)}.")
        return False
    say(f"The last hops are in {path}; ui.perfetto.dev opens it.")
    return True
