"""Writes and reads the table of a training's losses, a row an epoch; PyTorch is not needed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from aitunes.atomic import write_text
from aitunes.bounded_files import read_bounded

HISTORY = "history.csv"
"""Its name in the folder of a run."""

_MAX_BYTES = 1 << 27

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
    """Read the rows of such a file; empty fields are left out.

    Raises:
        OSError: there is none, or it is no regular file, or larger than any history.
        ValueError: it is no such table.
    """
    lines = csv.DictReader(io.StringIO(read_bounded(path, _MAX_BYTES).decode("utf-8"), newline=""))
    try:
        return [{name: float(text) for name, text in row.items() if text} for row in lines]
    except (csv.Error, TypeError) as error:  # more fields than the header has
        raise ValueError(f"{path} is no table of losses: {error}") from error
