"""Writes a gesture to disk while it is being recorded, so that a killed engine loses its last seconds alone."""

from __future__ import annotations

import contextlib
from pathlib import Path

from aitunes.unfinished_files import Claim, rescue, unfinished_name
from instrument.scores.gestures import Take, head_line, score_line

KEEP_SECONDS = 2.0
"""How often the engine writes what has come."""


class GestureJournal:
    """Appends what has been recorded of a gesture to `NAME.unfinished.txt`.

    Args:
        path: where the gesture will be kept.
        take: the gesture as it is being recorded.

    Raises:
        FileInUseError: another engine records a gesture of that name.
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path, take: Take) -> None:
        self._path = unfinished_name(path)
        self.take = take
        self._written = 0
        self._moved: set[str] = set()
        path.parent.mkdir(parents=True, exist_ok=True)
        rescue(path)
        self._path.touch(exist_ok=False)
        self._claim = Claim(self._path)
        self._append([head_line(take.release)])

    def keep(self) -> None:
        """Append what has come since the last time.

        Raises:
            OSError: the disk is full or gone.
        """
        events = self.take.events[self._written :]
        new = sorted({path for _, path, _ in events} & self.take.before.keys() - self._moved)
        lines = [score_line(0.0, path, self.take.before[path]) for path in new]
        self._append(lines + [score_line(*event) for event in events])
        self._written += len(events)
        self._moved |= set(new)

    def close(self) -> None:
        """Remove the file: the gesture is kept, or given up."""
        self._claim.release()
        with contextlib.suppress(OSError):
            self._path.unlink()

    def leave(self) -> None:
        """Write the rest and leave the file to the next start, because the engine ends.

        Raises:
            OSError: the disk is full or gone.
        """
        try:
            self.keep()
        finally:
            self._claim.release()

    def _append(self, lines: list[str]) -> None:
        if lines:
            with self._path.open("a", encoding="utf-8", newline="\n") as stream:
                stream.writelines(f"{line}\n" for line in lines)
