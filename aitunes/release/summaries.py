"""Reads the cards of many releases in a process of its own: `python -P -m aitunes.release.summaries` for the list.

A long card holds the interpreter while it is parsed, and with it the sound of an engine in that process. The folders
come as a JSON list on standard input; the answer is one line of JSON on standard output.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aitunes.errors import ReleaseError
from aitunes.release.processes import own_process
from aitunes.release.reader import read_card

_SECONDS = 20.0
_MAX_ANSWER_BYTES = 64 << 20


@dataclass(frozen=True)
class ReleaseSummary:
    """Holds what a list of releases shows."""

    name: str
    public_name: str
    description: str
    latent_dim: int


Summarise = Callable[[Sequence[Path]], list[ReleaseSummary | str]]
"""Takes folders; returns a summary, or the sentence of why there is none, for each."""


class Unread(str):
    """Says that the process which was to read a card has ended, for whatever reason: it is worth another try."""


def summarise(folders: Sequence[Path]) -> list[ReleaseSummary | str]:
    """Read the cards here."""
    return [_summary(folder) for folder in folders]


def summarise_apart(folders: Sequence[Path]) -> list[ReleaseSummary | str]:
    """Read the cards in a child process, and wait without holding the interpreter."""
    if not folders:
        return []
    command, environment = own_process("aitunes.release.summaries")
    question = json.dumps([str(folder.resolve()) for folder in folders])
    try:
        child = subprocess.run(
            command, env=environment, input=question.encode(), capture_output=True, timeout=_SECONDS, check=True
        )
        answers = json.loads(child.stdout[:_MAX_ANSWER_BYTES])
        return [answer if isinstance(answer, str) else ReleaseSummary(*answer) for answer in answers]
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        if len(folders) > 1:  # one card must not hide the others
            return [found for folder in folders for found in summarise_apart([folder])]
        return [Unread(f"The card of the release in {folders[0]} cannot be read in a process of its own.")]


def _summary(folder: Path) -> ReleaseSummary | str:
    try:
        card = read_card(folder)
    except ReleaseError as error:
        return str(error)
    return ReleaseSummary(card.name, card.public_name, card.description, card.latent_dim)


def main() -> int:
    """Answer the question on standard input."""
    from aitunes.release.trial import limit_process

    limit_process()
    found = summarise([Path(folder) for folder in json.load(sys.stdin)])
    rows = [
        summary
        if isinstance(summary, str)
        else (summary.name, summary.public_name, summary.description, summary.latent_dim)
        for summary in found
    ]
    print(json.dumps(rows), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
