"""Names the axes of a release's pad after what they were measured to move."""

from __future__ import annotations

from aitunes.release.card import ReleaseCard

QUALITIES = ("brightness", "noisiness", "loudness", "pitch")
WEAKEST = 0.3
"""Smallest correlation that gives an axis a name."""


def axis_title(card: ReleaseCard, axis: int) -> str:
    """Return the title of an axis, counted from 0, such as "PC 1 · brightness 0.8".

    The correlations are among the card's metrics, `axis_1_brightness` and so on, because readers of older versions
    take any metric; cards without them give "PC 1".
    """
    title, metrics = f"PC {axis + 1}", card.training.metrics
    measured = {name: metrics.get(f"axis_{axis + 1}_{name}") for name in QUALITIES}
    # A stranger's metrics may be texts, or numbers that are no correlations.
    known = {name: value if isinstance(value, float) and abs(value) <= 1.0 else 0.0 for name, value in measured.items()}
    name = max(known, key=lambda quality: abs(known[quality]))
    value = f"{known[name]:.1f}".replace("-", "−")
    return f"{title} · {name} {value}" if abs(known[name]) >= WEAKEST else title
