"""The `aitunes` command."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Sequence

from aitunes import __version__
from aitunes.errors import AiTunesError
from instrument.cli import parser as arguments
from instrument.cli.stopping import Stopped, say, stoppable

USAGE_ERROR = 2
FAILURE = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: the words after the program's name; those of the process by default.

    Returns:
        0, 1 for a failure, 2 for a wrong usage, or 128 and the number of the signal that ended it; a sentence on
        stderr says why.
    """
    options = arguments.build().parse_args(argv)
    if options.version:
        print(f"AiTunes {__version__}")
        return 0
    try:
        with stoppable():
            return _command(options)(options)
    except AiTunesError as error:
        say(f"aitunes: {error}")
        return getattr(error, "exit_status", FAILURE)
    except Stopped as stopped:
        say("Stopped; nothing was written.")
        return stopped.exit_status


def _command(options: argparse.Namespace) -> Callable[[argparse.Namespace], int]:
    # Imported when asked for: `aitunes --help` must not wait for onnxruntime.
    name = "lists" if options.command in ("models", "devices") else options.command or "play"
    module = importlib.import_module(f"instrument.cli.{name}")
    run: Callable[[argparse.Namespace], int] = module.run
    return run
