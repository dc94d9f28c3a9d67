"""The words of `aitunes-train learn`; importing this loads neither PyTorch nor a sound library."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from aitunes.errors import AiTunesError
from training.engine_link import DEFAULT_ENGINE

KINDS = ("auto", "notes", "textures")
MINUTES = 5.0
_MAX_MINUTES = 7 * 24 * 60.0
_MAX_COORDINATES = 128
_MAX_THREADS = 8
_NICENESS = 5


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the action to those of `aitunes-train`."""
    learn = actions.add_parser(
        "learn",
        help="turn a folder of sounds into a release that plays, in minutes",
        description="Turn a folder of sounds into a release that `aitunes` plays. A first version is there within a "
        "minute; better ones take its place until the time is over. Ctrl-C keeps the best so far.",
    )
    learn.add_argument("folder", type=Path, metavar="FOLDER", help="of sounds, with folders in it or without")
    learn.add_argument("--name", metavar="NAME", help="of the release: lower-case, no spaces (the folder's)")
    learn.add_argument("--public-name", metavar="TEXT", help="what a performer reads (the folder's name)")
    learn.add_argument("--minutes", type=_minutes, default=MINUTES, metavar="N", help=f"that it may take ({MINUTES:g})")
    learn.add_argument("--kind", choices=KINDS, default="auto", help="what the sounds are (auto: it listens)")
    learn.add_argument("--coordinates", type=_coordinates, metavar="N",
                       help="of the release; the first ones say most (64; of notes 8)")  # fmt: skip
    learn.add_argument("--to", type=Path, metavar="FOLDER", help="of releases (where `aitunes` finds them)")
    learn.add_argument(
        "--no-install", action="store_true", help="write the release into this folder; the same as --to ."
    )
    learn.add_argument("--connect", metavar="HOST:PORT", default=DEFAULT_ENGINE,
                       help=f"the playing engine that changes to each version ({DEFAULT_ENGINE})")  # fmt: skip
    learn.add_argument("--no-play", action="store_true", help="leave a playing engine alone")
    learn.add_argument("--seed", type=int, default=0, metavar="N", help="of all chances (0)")
    learn.add_argument("--workers", type=int, default=2, metavar="N", help="processes that listen for notes (2)")
    learn.add_argument("-Q", "--quiet", action="store_true", help="no progress bar")
    learn.add_argument("--json-progress", action="store_true", help="for programs: a JSON object a line; `stop` stops")


def run(arguments: argparse.Namespace, command: str) -> int:
    """Learn; returns 0, or 1 after a failure that a JSON reader was told."""
    from training.learn.options import LearnOptions
    from training.learn.progress import JsonReport, TerminalReport
    from training.learn.session import learn
    from training.learn.stopping import Stop, stop_by_signals, stop_by_word

    options = LearnOptions(
        folder=arguments.folder,
        to=Path() if arguments.no_install and arguments.to is None else arguments.to,
        name=arguments.name,
        public_name=arguments.public_name,
        minutes=arguments.minutes,
        kind=arguments.kind,
        coordinates=arguments.coordinates,
        engine=None if arguments.no_play else arguments.connect,
        seed=arguments.seed,
        workers=max(1, arguments.workers),
        command=command,
    )
    _leave_room_for_the_engine()
    stop = Stop()
    if not arguments.json_progress:
        terminal = TerminalReport(arguments.quiet)
        try:
            with stop_by_signals(stop):
                learn(options, terminal, stop)
        finally:
            terminal.close()
        return 0
    report = JsonReport()
    try:
        with stop_by_signals(stop):
            stop_by_word(stop, sys.stdin)
            learn(options, report, stop)
    except AiTunesError as error:
        report.failed(str(error))
        return 1
    except KeyboardInterrupt:
        report.failed("Stopped before there was anything to keep.")
        return 1
    return 0


def _leave_room_for_the_engine() -> None:
    """Have PyTorch use all cores but one, without spinning, and let others go first: an engine may be playing."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when PyTorch is loaded
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, min(_MAX_THREADS, (os.cpu_count() or 2) - 1))))
    if hasattr(os, "nice"):
        os.nice(_NICENESS)


def _minutes(text: str) -> float:
    value = float(text)
    if not 0.2 <= value <= _MAX_MINUTES:
        raise argparse.ArgumentTypeError(f"must be 0.2 to {_MAX_MINUTES:g}, not {text}")
    return value


def _coordinates(text: str) -> int:
    value = int(text)
    if not 2 <= value <= _MAX_COORDINATES:
        raise argparse.ArgumentTypeError(f"must be 2 to {_MAX_COORDINATES}, not {text}")
    return value


_minutes.__name__, _coordinates.__name__ = "number", "whole number"
