"""`aitunes-train`: from data to a release, on the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from aitunes.errors import AiTunesError

_EXAMPLES = """examples:
  aitunes-train list
  aitunes-train release sinewave --to instrument/releases
  aitunes-train release sinewave --to /tmp/quick --epochs 2 --limit-items 100
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, 1 after a failure, or 2 after wrong usage."""
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        if arguments.action == "list":
            return _list()
        return _release(arguments, list(sys.argv[1:] if argv is None else argv))
    except AiTunesError as error:
        print(f"aitunes-train: {error}", file=sys.stderr)
    except OSError as error:
        print(f"aitunes-train: {error.filename or 'A file'} cannot be used: {error.strerror}.", file=sys.stderr)
    except KeyboardInterrupt:
        print("aitunes-train: stopped.", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aitunes-train",
        description="Make releases for AiTunes, from data to a folder that the instrument plays.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="name the scenarios")
    release = actions.add_parser("release", help="prepare, train, evaluate and export a scenario in one go")
    release.add_argument("scenario", help="a name that `aitunes-train list` gives")
    release.add_argument("--to", type=Path, required=True, help="folder of releases; the scenario's name is added")
    release.add_argument("--run-dir", type=Path, help="where checkpoints go (default: runs/SCENARIO)")
    release.add_argument("--seed", type=_at_least(0), default=0, help="the same seed makes the same release")
    release.add_argument("--epochs", type=_at_least(1), help="passes over the data (default: the scenario's)")
    release.add_argument("--limit-items", type=_at_least(1), help="use only so many clips, for a quick try")
    release.add_argument("--workers", type=_at_least(1), default=2, help="processes that prepare data (default: 2)")
    release.add_argument(
        "--threads", type=_at_least(1), default=1, help="that train; another number rounds otherwise (default: 1)"
    )
    release.add_argument("--resume", action="store_true", help="go on from the last checkpoint in the run folder")
    return parser


def _list() -> int:
    from aitunes.experiments.release_recipe import RELEASE_RECIPES

    for scenario in RELEASE_RECIPES.values():
        print(f"{scenario.name:12} {scenario.public_name}: {scenario.description}")
    return 0


def _release(arguments: argparse.Namespace, argv: list[str]) -> int:
    # torch and lightning take seconds to load: --help and a wrong option must not wait for them.
    import torch

    from aitunes.experiments.release_recipe import find_release_recipe
    from training.pipeline import RunOptions, make_release

    scenario = find_release_recipe(arguments.scenario)
    torch.set_num_threads(arguments.threads)
    options = RunOptions(
        to=arguments.to,
        run_dir=arguments.run_dir or Path("runs") / scenario.name,
        seed=arguments.seed,
        epochs=arguments.epochs,
        limit_items=arguments.limit_items,
        workers=arguments.workers,
        resume=arguments.resume,
        command=" ".join(["aitunes-train", *argv]),
    )
    folder = make_release(scenario, options, report=lambda sentence: print(sentence, flush=True))
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{scenario.public_name} is in {folder} ({size / 1e6:.1f} MB).")
    return 0


def _at_least(least: int) -> type[int]:
    def whole_number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}, not {value}")
        return value

    whole_number.__name__ = "whole number"
    return whole_number  # type: ignore[return-value]


if __name__ == "__main__":
    raise SystemExit(main())
