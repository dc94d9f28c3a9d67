"""Shows a person, or tells a program in JSON lines, how far learning is."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import IO, Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from aitunes.errors import TrainingError
from aitunes.printable import printable


@dataclass(frozen=True)
class Version:
    """A release that was just written.

    Args:
        release, folder: its name, and where it lies.
        number: 1 of the first.
        held_db: its distance from sound that it has not learnt, dB.
        plays: an engine has changed to it.
        seconds: since the command began.
    """

    release: str
    folder: str
    number: int
    held_db: float
    plays: bool
    seconds: float


class Report(Protocol):
    """Takes what happens."""

    def say(self, sentence: str) -> None:
        """Tell the person a sentence."""

    def progress(self, stage: str, share: float, seconds_left: float) -> None:
        """Take how far everything is, 0..1."""

    def version(self, version: Version) -> None:
        """Tell that a better release is installed."""

    def done(self, facts: dict[str, Any]) -> None:
        """Tell the end: release, folder, held_db, versions, seconds, was_stopped."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class TerminalReport:
    """Sentences on standard output, a bar with the time left on standard error where that is a terminal."""

    def __init__(self, quiet: bool = False) -> None:
        hidden = quiet or not sys.stderr.isatty()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[left]}"),
        )
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=hidden)
        self._task = self._bar.add_task("looking", total=1.0, left="")
        self._bar.start()

    def say(self, sentence: str) -> None:
        """Print above the bar."""
        sentence = printable(sentence, lines=True)
        if self._bar.disable:
            print(sentence, flush=True)
        else:
            self._bar.console.print(sentence, markup=False, highlight=False)

    def progress(self, stage: str, share: float, seconds_left: float) -> None:
        """Move the bar."""
        left = f"{round(seconds_left) // 60}:{round(seconds_left) % 60:02d} left"
        self._bar.update(self._task, description=stage, completed=share, left=left)

    def version(self, version: Version) -> None:
        """Print what is new."""
        first = "A first version" if version.number == 1 else f"Version {version.number}, better,"
        heard = "the engine plays it" if version.plays else f"aitunes --release {version.release} plays it"
        self.say(
            f"{version.seconds:4.0f} s  {first} is installed: {version.held_db:.2f} dB from unheard sound; {heard}."
        )

    def done(self, facts: dict[str, Any]) -> None:
        """Print nothing: the sentences at the end say it."""

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


class JsonReport:
    """A JSON object a line, for the windows: `said`, `progress`, `version`, `done` or `failed` is its only key."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stdout

    def say(self, sentence: str) -> None:
        """Print `{"said": …}`."""
        self._write({"said": sentence})

    def progress(self, stage: str, share: float, seconds_left: float) -> None:
        """Print `{"progress": {"stage": …, "share": …, "seconds_left": …}}`."""
        self._write({"progress": {"stage": stage, "share": round(share, 4), "seconds_left": round(seconds_left, 1)}})

    def version(self, version: Version) -> None:
        """Print `{"version": {…}}`, the fields of `Version`."""
        self._write({"version": vars(version)})

    def done(self, facts: dict[str, Any]) -> None:
        """Print `{"done": {…}}`."""
        self._write({"done": facts})

    def failed(self, sentence: str) -> None:
        """Print `{"failed": …}`."""
        self._write({"failed": sentence})

    def close(self) -> None:
        """Nothing to leave."""

    def _write(self, line: dict[str, Any]) -> None:
        try:
            print(json.dumps(line), file=self._stream, flush=True)
        except BrokenPipeError as error:
            raise TrainingError("Nobody reads the progress any more.") from error
