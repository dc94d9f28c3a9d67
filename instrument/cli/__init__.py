"""The `aitunes` command."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from aitunes import __version__
from aitunes.errors import AiTunesError, reason
from aitunes.standard_streams import accept_any_letter, drop_output
from instrument.cli import parser as arguments
from instrument.cli.common import import_with_compiled_code, remove_own_cache
from instrument.terminal import (
    Stopped,
    ending_signals,
    finish,
    say,
    stoppable,
)

FAILURE = 1
_MODULES = dict.fromkeys(("releases", "models", "devices"), "lists")
_MODULES["oscquery"] = "web"
_MODULES |= dict.fromkeys(("pack", "install", "remove", "index"), "sharing")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: the words after the program's name; those of the process by default.

    Returns:
        0, 1 for a failure, 2 for a wrong usage, or 128 and the number of the signal that ended it; a sentence on
        stderr says why.
    """
    accept_any_letter()
    options = arguments.build().parse_args(_words(sys.argv[1:] if argv is None else argv))
    if options.version:
        print(f"AiTunes {__version__}")
        return 0
    try:
        command = _command(options)  # outside, because a signal that raises in an import may end in C
        with stoppable():
            status = command(options)
            finish()
            return status
    except AiTunesError as error:
        say(f"aitunes: {error}")
        return getattr(error, "exit_status", FAILURE)
    except BrokenPipeError:  # `aitunes releases | head` has seen enough
        drop_output()
        return FAILURE
    except OSError as error:
        drop_output()
        say(f"aitunes: {f'{error.filename}: ' if error.filename else ''}{reason(error)}.")
        return FAILURE
    except Stopped as stopped:
        say("Stopped; nothing was written.")
        return stopped.exit_status


def run() -> int:
    """Run `main` as the whole process, after which a late Ctrl-C finds nothing to end, and leaves no traceback."""
    status = main()
    for number in ending_signals():
        signal.signal(number, signal.SIG_IGN)
    if _words(sys.argv[1:])[:1] in ([], ["play"]):
        _end_now(status)
    return status


def _end_now(status: int) -> None:
    """End the process without taking the interpreter apart, which takes seconds on a busy machine: all is closed."""
    remove_own_cache()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(status)


def _words(argv: Sequence[str]) -> list[str]:
    # What `aitunes` alone does takes options too.
    of_all = ("-h", "--help", "--version")
    plays = bool(argv) and argv[0].startswith("-") and argv[0] not in of_all
    return ["play", *argv] if plays else list(argv)


def _command(options: argparse.Namespace) -> Callable[[argparse.Namespace], int]:
    # Imported when asked for: `aitunes --help` must not wait for onnxruntime.
    command = options.command or "play"
    name = _MODULES.get(command, command)
    module = import_with_compiled_code(f"instrument.cli.{name}")
    run: Callable[[argparse.Namespace], int] = module.run
    return run
