"""Formats durations, rates, dates and figures for the window."""

from __future__ import annotations

from datetime import datetime


def duration(seconds: float | None) -> str:
    """Format a duration.

    >>> duration(None), duration(8.2), duration(125), duration(7_380), duration(200_000)
    ('–', '8 s', '2 min 5 s', '2 h 3 min', '2 d 7 h')
    """
    if seconds is None:
        return "–"
    whole = round(seconds)
    steps = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))
    for size, unit, smaller, smaller_unit in steps:
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // smaller} {smaller_unit}"
    return f"{whole} s"


def rate(per_second: float) -> str:
    """Format a rate, examples a second.

    >>> rate(0.0), rate(3.14159), rate(12_345.6)
    ('–', '3.1', '12,346')
    """
    if per_second <= 0.0:
        return "–"
    return f"{per_second:.1f}" if per_second < 100.0 else f"{per_second:,.0f}"


def moment(seconds: float) -> str:
    """Format a time of day, and the day."""
    return f"{datetime.fromtimestamp(seconds):%d %b %H:%M}"


def item_title(name: str, label: str) -> str:
    """Return the title of a held-out item: its label follows where the name does not begin with it.

    >>> item_title("drones/one.wav", "drones"), item_title("held out 3", "seven")
    ('drones/one.wav', 'held out 3 (seven)')
    """
    return name if name.startswith(f"{label}/") else f"{name} ({label})"


def count(number: int) -> str:
    """Format a large number, short.

    >>> count(950), count(12_400), count(9_640_353)
    ('950', '12.4 thousand', '9.6 million')
    """
    if number >= 1_000_000:
        return f"{number / 1e6:.1f} million"
    return f"{number / 1e3:.1f} thousand" if number >= 1_000 else str(number)


def figure(value: float | None) -> str:
    """Format a loss or another measured number."""
    return "–" if value is None else f"{value:.4g}"
