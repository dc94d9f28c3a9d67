"""Describes notes measured by `benchmarks.note_latency`, and how far they are above the least there can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

GOAL_MS, SPREAD_GOAL_MS = 6.0, 3.0


def describe_notes(name: str, engine_ms: Sequence[float], tone_ms: Sequence[float]) -> Iterator[str]:
    """Describe both, and how far the first lies above the second.

    >>> print(*describe_notes("first-light", [6.0, 7.0, 8.0], [1.0, 2.0, 3.0]), sep="\\n")
    first-light  → sound    median   7.0 ms, 1–99 % 6.0 – 8.0 ms (3 sounds)
    C client     → sound    median   2.0 ms, 1–99 % 1.0 – 3.0 ms (3 sounds)
    above the C client      median +5.0 ms; goal 6: held
    spread above its own    +0.0 ms; goal 3: held
    """
    medians, spreads = [], []
    for program, found in ((name, engine_ms), ("C client", tone_ms)):
        low, median, high = np.percentile(found, [1, 50, 99])
        medians.append(median)
        spreads.append(high - low)
        yield f"{program:12} → sound    median {median:5.1f} ms, 1–99 % {low:.1f} – {high:.1f} ms ({len(found)} sounds)"
    above, wider = medians[0] - medians[1], spreads[0] - spreads[1]
    yield f"above the C client      median {above:+.1f} ms; goal {GOAL_MS:g}: {_judged(above, GOAL_MS)}"
    yield f"spread above its own    {wider:+.1f} ms; goal {SPREAD_GOAL_MS:g}: {_judged(wider, SPREAD_GOAL_MS)}"


def describe_reserve(reserves_ms: Sequence[float]) -> str:
    """Describe what an engine kept for stalls while its notes were measured.

    >>> describe_reserve([4.0, 1.0, 2.0])
    'median 2.0 ms, 1.0 – 4.0 ms'
    """
    return f"median {np.median(reserves_ms):.1f} ms, {min(reserves_ms):.1f} – {max(reserves_ms):.1f} ms"


def _judged(found: float, goal: float) -> str:
    return "held" if found <= goal else "missed"
