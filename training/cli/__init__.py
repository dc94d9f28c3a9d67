"""Runs `aitunes-train`, the command line from data to a release."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence

from aitunes.early_stop import INTERRUPTED, interrupt_from_now_on
from aitunes.errors import AiTunesError, reason
from aitunes.printable import printable
from aitunes.release.runtime import disable_telemetry
from aitunes.standard_streams import accept_any_letter, drop_output
from training.cli.command_record import recorded_command
from training.cli.parser import build, build_original


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, 1 after a failure, 2 after wrong usage, or 130 after Ctrl-C."""
    accept_any_letter()
    disable_telemetry()  # PyTorch imports ONNX Runtime, too
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it complains where a home cannot be written
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        arguments = _parse(words)
    except SystemExit as stop:
        return int(stop.code or 0)
    if arguments.action is None and not arguments.headless:
        return _with_errors_printed(lambda: _open_window(arguments))
    return _with_errors_printed(lambda: _run(arguments, recorded_command(words, arguments)))


def _open_window(arguments: argparse.Namespace) -> int:
    from training.window import open_window
    from training.window.choice import Choice

    return open_window(
        Choice(
            (arguments.experiment or "").lower(),
            (arguments.scenario or "").lower(),
            arguments.model or "",
            arguments.epochs or 0,
            arguments.save_every,
            str(arguments.data_dir or ""),
            arguments.limit_items or 0,
            arguments.seed,
            str(arguments.runs),
        )
    )


def _run(arguments: argparse.Namespace, command: str) -> int:
    # torch and lightning take seconds to load: --help and a wrong option must not wait for them.
    if arguments.action == "learn":
        from training.learn.command import run as learn

        interrupt_from_now_on()
        return learn(arguments, command)
    from training.cli.actions import run

    interrupt_from_now_on()
    return run(arguments, command)


def _with_errors_printed(action: Callable[[], int]) -> int:
    """Run a function, and print its failure as a sentence."""
    try:
        status = action()
        sys.stdout.flush()
        return status
    except AiTunesError as error:
        print(f"aitunes-train: {printable(str(error), lines=True)}", file=sys.stderr)
    except BrokenPipeError:  # `aitunes-train list | head` has seen enough
        drop_output()
    except OSError as error:
        name = printable(str(error.filename or "A file"))
        print(f"aitunes-train: {name} cannot be used: {reason(error)}.", file=sys.stderr)
    except KeyboardInterrupt:
        print("aitunes-train: stopped.", file=sys.stderr)
        return INTERRUPTED
    return 1


def _parse(words: list[str]) -> argparse.Namespace:
    """Parse an action and its options, or the original program's options, which name no action."""
    original = not words or (words[0].startswith("-") and words[0] not in ("-h", "--help"))
    return (build_original() if original else build()).parse_args(words)
