"""Writes and reads the table of a training's losses, a row an epoch; PyTorch is not needed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from aitunes.atomic import write_text

HISTORY = "history.csv"
"""Its name in the folder of a run."""

Row = dict[str, float]
"""`epoch`, counting from 1, and what was logged: `train/loss`, `validation/kl` and so on."""


def write_history(path: Path, rows: list[Row]) -> None:
    """Replace the file as a whole, so that no reader sees half of it."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = io.StringIO()
    writer = csv.DictWriter(table, columns)
    writer.writeheader()
    writer.writerows({name: f"{value:.9g}" for name, value in row.items()} for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, table.getvalue())


def read_history(path: Path) -> list[Row]:
    """Read the rows of such a file; empty fields are left out."""
    with path.open(newline="", encoding="utf-8") as stream:
        return [{name: float(text) for name, text in row.items() if text} for row in csv.DictReader(stream)]
