"""`aitunes-train`: from data to a release, on the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from aitunes.errors import AiTunesError, reason
from training.cli.parser import build, build_original

NO_WINDOW = "aitunes-train: the window is not here yet; add --headless, or name an action (`aitunes-train --help`)."


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, 1 after a failure, or 2 after wrong usage."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        arguments = _parse(given)
    except SystemExit as stop:
        return int(stop.code or 0)
    if arguments.action is None and not arguments.headless:
        build().print_usage(sys.stderr)
        print(NO_WINDOW, file=sys.stderr)
        return 2
    try:
        # torch and lightning take seconds to load: --help and a wrong option must not wait for them.
        from training.cli.actions import run

        return run(arguments, " ".join(["aitunes-train", *given]))
    except AiTunesError as error:
        print(f"aitunes-train: {error}", file=sys.stderr)
    except OSError as error:
        print(f"aitunes-train: {error.filename or 'A file'} cannot be used: {reason(error)}.", file=sys.stderr)
    except KeyboardInterrupt:
        print("aitunes-train: stopped.", file=sys.stderr)
    return 1


def _parse(given: list[str]) -> argparse.Namespace:
    """With an action first, the actions' options; else the original's, which has none."""
    original = not given or (given[0].startswith("-") and given[0] not in ("-h", "--help"))
    return (build_original() if original else build()).parse_args(given)
