"""Writes the command line for a release's card, without the paths of the machine that it ran on."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from aitunes.file_names import spelled
from aitunes.remote_paths import is_remote


def recorded_command(words: Sequence[str], arguments: argparse.Namespace) -> str:
    """Return the command with every path and URL reduced to its last part.

    Args:
        words: of the command line, without the program's name.
        arguments: parsed from them; their paths are those that are reduced.

    >>> words = ["train", "--data-dir=/home/me/my notes", "--runs", "/tmp/x/runs", "--description", "piano / harp"]
    >>> recorded_command(words, argparse.Namespace(data_dir=Path("/home/me/my notes"), runs=Path("/tmp/x/runs")))
    "aitunes-train train '--data-dir=my notes' --runs runs --description 'piano / harp'"
    """
    values = {**vars(arguments), "model": Path(getattr(arguments, "model", None) or "")}
    paths = [value for value in values.values() if isinstance(value, Path) or hasattr(value, "storage_options")]
    return spelled(shlex.join(["aitunes-train", *(_reduced(word, paths) for word in words)]))


def _reduced(word: str, paths: list[Path]) -> str:
    option, equals, value = word.partition("=") if word.startswith("-") else ("", "", word)
    for path in paths:
        if value and (str(path) == value.rstrip("/") if is_remote(path) else path == Path(value)):
            return option + equals + (path.name or Path(value).resolve().name)
    return word
