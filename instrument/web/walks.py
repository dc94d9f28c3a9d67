"""Writes scores of paths over the pad: a line drawn by hand, or a walk drawn by a seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from instrument.namespace import ROOT

STEP_SECONDS = 0.04
_SCALE = (0, 3, 5, 7, 10)  # minor pentatonic, in which any note goes with any other
_REACH = 12

Place = tuple[float, float, float]
"""Seconds, x and y."""


def path_score(points: Sequence[Place], axes: tuple[int, int] | None = None, note: float | None = None) -> str:
    """Return the score of straight lines between points, in order of time.

    Args:
        axes: that the pad spans.
        note: pitch of the drone.
    """
    lines = [] if axes is None else [f"0 {ROOT}/pad/axes {axes[0]} {axes[1]}"]
    lines += [] if note is None else [f"0 {ROOT}/pitch {note:g}"]
    table = np.array(sorted(points))
    first, last = table[0, 0], table[-1, 0]
    times = np.union1d(np.arange(first, last, STEP_SECONDS), table[:, 0])
    x, y = (np.interp(times, table[:, 0], table[:, column]) for column in (1, 2))
    before = ""
    for place in zip([0.0, *times], [x[0], *x], [y[0], *y], strict=True):
        values = f"{place[1]:.5f} {place[2]:.5f}"
        if values != before:
            lines.append(f"{place[0]:.4f} {ROOT}/pad/xy {values}")
        before = values
    return "\n".join([*lines, ""])


def walk_score(
    seconds: float, seed: int, places: Sequence[tuple[float, float]], notes: tuple[float, float] | None
) -> str:
    """Return the score of a walk from landmark to landmark, with a slow tune where the release plays notes.

    Args:
        seconds: length.
        seed: chooses landmarks, times and notes.
        places: of landmarks on the pad; none, and it walks anywhere.
        notes: lowest and highest note of the release; None for one without notes.
    """
    rng = np.random.default_rng(seed)
    stops = [0.0]
    while stops[-1] < seconds:
        stops.append(stops[-1] + float(rng.uniform(1.5, 4.0)))
    chosen = rng.integers(len(places), size=len(stops)) if places else None
    spots = rng.random((len(stops), 2)) if chosen is None else np.array(places)[chosen]
    lines = [f"0 {ROOT}/motion/seed {seed}"]
    score = path_score([(time, float(x), float(y)) for time, (x, y) in zip(stops, spots, strict=True)])
    if notes is not None:
        lines += _tune(seconds, rng, *notes)
    return "\n".join([*lines, score])


def _tune(seconds: float, rng: np.random.Generator, low: float, high: float) -> list[str]:
    middle = 0.5 * (low + high)
    keys = [
        key for key in range(128) if (key - 9) % 12 in _SCALE and abs(key - middle) <= _REACH and low <= key <= high
    ]
    keys = keys or [round(middle)]
    lines, place, time = [f"0 {ROOT}/drone false"], len(keys) // 2, 0.0
    while time < seconds - 0.2:
        place = int(np.clip(place + rng.integers(-2, 3), 0, len(keys) - 1))
        end = min(time + 0.25 * int(rng.integers(1, 7)), seconds - 0.1)
        lines.append(f"{time:.3f} {ROOT}/note {keys[place]} {int(rng.integers(60, 110))}")
        lines.append(f"{max(time, end - 0.02):.3f} {ROOT}/note {keys[place]} 0")
        time = end
    return lines
