"""Parses the command line of `aitunes-train`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from aitunes.file_names import is_device_name
from aitunes.remote_paths import RemotePathError, parse_path
from training.learn.command import add_parser as add_learn

_EXAMPLES = """examples:
  aitunes-train learn ~/my-sounds
  aitunes-train list
  aitunes-train prepare -E gtzan -S low-dim32-momentum --data-dir ~/music/gtzan
  aitunes-train train -E gtzan -S low-dim32-momentum --data-dir ~/music/gtzan -e 20
  aitunes-train evaluate -E gtzan -S low-dim32-momentum --data-dir ~/music/gtzan
  aitunes-train export -E gtzan -S low-dim32-momentum --data-dir ~/music/gtzan --install
  aitunes-train release chamber --data-dir ~/notes --to instrument/releases
  aitunes-train motion ~/.local/share/aitunes/releases/strings --data-dir ~/notes
  aitunes-train --headless -E GTZAN -S low-dim32-momentum -e 20 -s 5
"""
_PRECISIONS = ("32-true", "16-mixed", "bf16-mixed", "64-true")

Actions = argparse._SubParsersAction


def build() -> argparse.ArgumentParser:
    """Make the parser of the actions."""
    parser = argparse.ArgumentParser(
        prog="aitunes-train",
        description="Make releases for AiTunes, from data to a folder that the instrument plays.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(headless=True)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_learn(actions)
    lists = actions.add_parser("list", help="name the experiments; of one, its scenarios; of one of these, its models")
    _experiment(lists, required=False)
    _data(actions.add_parser("prepare", help="make features of an experiment's audio files"))
    _train(actions)
    _results(actions)
    _release(actions)
    _motion(actions)
    return parser


def build_original() -> argparse.ArgumentParser:
    """Make the parser of the original program's options, which name no action."""
    parser = argparse.ArgumentParser(
        prog="aitunes-train", usage="aitunes-train --headless -E NAME -S NAME -e N [options], or aitunes-train ACTION"
    )
    parser.set_defaults(action=None)
    parser.add_argument("--headless", action="store_true", help="without a window")
    _data(parser, required=False)
    _training(parser)
    parser.add_argument("--evaluate", action="store_true", help="evaluate the model; train nothing")
    return parser


def _experiment(parser: argparse.ArgumentParser, required: bool = True) -> None:
    parser.add_argument("-E", "--experiment", metavar="NAME", required=required, help="`aitunes-train list` names them")
    parser.add_argument("-S", "--scenario", metavar="NAME", required=required, help="`list -E NAME` names them")
    _runs(parser)


def _runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="FOLDER", help="of checkpoints (runs)")
    parser.add_argument("--run", type=run_name, default="", metavar="NAME",
                        help="a folder of its own for this run, beside the scenario's others")  # fmt: skip


def _data(parser: argparse.ArgumentParser, required: bool = True) -> None:
    _experiment(parser, required)
    _source(parser)


def _source(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where the data are."""
    parser.add_argument(
        "--data-dir", type=path_or_url, metavar="FOLDER", help="or URL of the data (default: AITUNES_DATA)"
    )
    parser.add_argument("--features", type=path_or_url, metavar="FOLDER",
                        help="or URL of prepared features (default: in features/)")  # fmt: skip
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that prepares, as tcp://host:8786")
    parser.add_argument("--limit-items", type=at_least(1), metavar="N", help="use only so many items, for a quick try")
    parser.add_argument("--workers", type=at_least(1), default=2, metavar="N", help="that prepare data (2)")
    parser.add_argument("--seed", type=at_least(0), default=0, metavar="N", help="the same seed gives the same (0)")
    parser.add_argument("--threads", type=at_least(1), metavar="N", help="of PyTorch")
    parser.add_argument("-Q", "--quiet", action="store_true", help="no progress bar")


def _training(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-M", "--model", metavar="FILE", help="a checkpoint to start from, or to look at")
    parser.add_argument("-e", "--epochs", type=at_least(1), metavar="N", help="passes over the data")
    parser.add_argument("-s", "--save-every", "--save_every", type=at_least(0), default=0, metavar="N",
                        help="keep a checkpoint every N epochs (0: the last one alone)")  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--batch-size", type=at_least(1), metavar="N",
                        help="items of a batch, of all processes together (default: the scenario's)")  # fmt: skip
    parser.add_argument("--devices", type=at_least(1), default=1, metavar="N", help="processes or cards of a node")
    parser.add_argument("--nodes", type=at_least(1), default=1, metavar="N", help="of a cluster")
    parser.add_argument("--precision", choices=_PRECISIONS, default="32-true", help="of the arithmetic (32-true)")
    _compile(parser)


def _compile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--compile", action="store_true",
                        help="translate the model first: minutes, and a C++ compiler, for twice the speed")  # fmt: skip


def _train(actions: Actions[argparse.ArgumentParser]) -> None:
    train = actions.add_parser("train", help="train a scenario; audio is prepared first where it is not yet")
    _data(train)
    _training(train)


def _results(actions: Actions[argparse.ArgumentParser]) -> None:
    """Add the actions that take a model."""
    helps = {
        "evaluate": "figures of a model, and a page of pictures and sounds",
        "export": "a release, with map, preview and card",
        "project": "the data's codes in two dimensions, by PCA and UMAP",
        "sample": "new pictures and sounds",
    }
    parsers = {name: actions.add_parser(name, help=text) for name, text in helps.items()}
    for parser in parsers.values():
        _data(parser)
        parser.add_argument("-M", "--model", metavar="FILE", help="a checkpoint (default: the last)")
        parser.add_argument("--to", type=Path, metavar="FOLDER", help="where it goes (default: beside the checkpoints)")
    parsers["evaluate"].add_argument("--ask", action="store_true", help="ask for items to look at, one after the other")
    parsers["sample"].add_argument("--count", type=at_least(1), default=8, metavar="N", help="samples (8)")
    parsers["sample"].add_argument("--seconds", type=at_least(1), default=4, metavar="N", help="of each sound (4)")
    export = parsers["export"]
    export.add_argument(
        "--install", action="store_true", help="where `aitunes releases` finds it; what --to is without"
    )
    _quick(export)
    export.add_argument("--name", help="of the release: lower-case, no spaces")
    export.add_argument("--public-name", metavar="TEXT", help="what a performer reads")
    export.add_argument("--description", metavar="TEXT", help="likewise")


def _release(actions: Actions[argparse.ArgumentParser]) -> None:
    release = actions.add_parser("release", help="a bundled release in one go: prepare, train, evaluate, export")
    release.add_argument("name", help="first-light; or, with --data-dir, chamber or a release of music")
    release.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="of releases; the name is added")
    _runs(release)
    _source(release)
    release.add_argument("-e", "--epochs", type=at_least(1), metavar="N", help="passes over the data")
    release.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    _compile(release)
    _quick(release)


def _quick(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true",
                        help="leave out the measurements of how it plays, which take minutes")  # fmt: skip


def _motion(actions: Actions[argparse.ArgumentParser]) -> None:
    motion = actions.add_parser("motion", help="give a release of notes the movement of recorded notes")
    motion.add_argument("release", type=Path, help="folder of the release, which is written again")
    motion.add_argument("--data-dir", type=path_or_url, metavar="FOLDER", help="of the notes, or of several such")
    motion.add_argument("--workers", type=at_least(1), default=2, metavar="N", help="that follow notes (2)")
    motion.add_argument("-Q", "--quiet", action="store_true", help="no progress bar")


def run_name(text: str) -> str:
    """Check the name of a folder: letters, digits, hyphens."""
    if not re.fullmatch(r"(\w[\w.-]*)?", text) or is_device_name(text):
        raise argparse.ArgumentTypeError(f"a run's name is letters, digits and hyphens and no device's, not {text!r}")
    return text


def path_or_url(text: str) -> Path:
    """Parse a path or a URL."""
    try:
        return parse_path(text)
    except RemotePathError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def at_least(minimum: int) -> Callable[[str], int]:
    """Make a parser of whole numbers from `minimum` up."""

    def whole_number(text: str) -> int:
        value = int(text)
        if value < minimum:
            raise argparse.ArgumentTypeError(f"must be at least {minimum}, not {value}")
        return value

    whole_number.__name__ = "whole number"
    return whole_number
