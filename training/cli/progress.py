"""Shows the progress of a preparation: a bar with the rate and the time left."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from training.data.feature_preparation import Progress as ProgressFunction


@contextmanager
def preparation_bar(quiet: bool) -> Iterator[ProgressFunction]:
    """Yield a progress function; on a terminal it shows tracks, seconds of sound a second, and the time left."""
    columns = (
        TextColumn("preparing"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    hidden = quiet or not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=hidden) as bar:
        task = bar.add_task("prepare", total=None, rate="", visible=False)
        sound = 0.0

        def update(done: int, total: int, seconds: float) -> None:
            nonlocal sound
            sound += seconds
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = f"{sound / elapsed:,.0f} × real time" if elapsed > 0.0 else ""
            bar.update(task, completed=done, total=total, rate=rate, visible=True)

        yield update
