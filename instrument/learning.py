"""Runs `aitunes-train learn` from the live side: whether it is installed, its words, and what its progress says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aitunes.printable import printable

PROGRAM = "training.cli"
TRAINING_MISSING = "To make an instrument of a folder, install the training extra: pip install 'aitunes[training]'"

_LIBRARIES = ("torch", "lightning", "librosa", "rich")
_MAX_CHARACTERS = 400
_MAX_SENTENCES = 200


def training_is_installed() -> bool:
    """Find out whether the training extra is there, without loading any of it."""
    return all(find_spec(name) for name in _LIBRARIES)


def learn_words(folder: Path, engine: str) -> list[str]:
    """Return the words of the program that learns a folder and has an engine, HOST:PORT, change to each version."""
    return ["learn", str(folder), "--json-progress", "--connect", engine]


@dataclass
class LearningProgress:
    """Holds what a process that learns has said, line by line.

    Args:
        stage: what it does at this moment.
        share: of everything, 0..1.
        seconds_left: by its own estimate; None before there is one.
        sentences: for the performer, the newest last.
        release: that was installed last; empty before the first version.
        version: its number, 0 before the first one.
        plays: an engine has changed to it.
        held_db: its distance from sound that it has not learnt, dB.
        failure: why nothing came of it; empty where it did.
    """

    stage: str = ""
    share: float = 0.0
    seconds_left: float | None = None
    sentences: list[str] = field(default_factory=list)
    release: str = ""
    version: int = 0
    plays: bool = False
    held_db: float = 0.0
    failure: str = ""

    def take(self, line: bytes) -> str:
        """Take one line; return its kind, such as "progress" or "version", and an empty text for one that has none."""
        try:
            words = json.loads(line)
        except (ValueError, RecursionError):
            return ""
        if not isinstance(words, dict):
            return ""
        for kind, take in (
            ("said", self._say),
            ("progress", self._move),
            ("version", self._note),
            ("failed", self._fail),
        ):
            if kind in words:
                try:
                    take(words[kind])
                except (TypeError, ValueError, AttributeError, OverflowError):
                    return ""
                return kind
        return ""

    def _say(self, sentence: Any) -> None:
        self.sentences.append(_plain(sentence))
        del self.sentences[:-_MAX_SENTENCES]

    def _move(self, words: Any) -> None:
        self.share = min(1.0, max(0.0, float(words.get("share", 0.0))))
        self.seconds_left = max(0.0, float(words.get("seconds_left", 0.0)))
        self.stage = _plain(words.get("stage", ""))

    def _note(self, words: Any) -> None:
        self.version = int(words.get("number", 0))
        self.held_db = float(words.get("held_db", 0.0))
        self.release = _plain(words.get("release", ""))
        self.plays = bool(words.get("plays"))

    def _fail(self, sentence: Any) -> None:
        self.failure = _plain(sentence)


def _plain(text: Any) -> str:
    return printable(str(text)[:_MAX_CHARACTERS])
