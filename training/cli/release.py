"""Makes a bundled release in one go, from its data to its folder."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from aitunes.datasets.notes import Notes
from aitunes.errors import TrainingError
from aitunes.experiments.run_files import LAST_CHECKPOINT
from aitunes.printable import printable
from training.cli.motion import add_motion_of_notes
from training.export.case_release import ReleaseNames, check_target
from training.fit.options import TrainOptions
from training.fit.trained import Trained
from training.headless import HeadlessActionPipeline
from training.learn.music_releases import MUSIC_RELEASES, make_music_release
from training.learn.segment_releases import SEGMENT_RELEASES, make_segment_release


@dataclass(frozen=True)
class Bundled:
    """Names the scenario of a release that comes with AiTunes.

    Args:
        moves: whether it gets the motion of its notes; generated ones answer the pad at once instead.
    """

    experiment: str
    scenario: str
    moves: bool = False


BUNDLED = {"first-light": Bundled("synthetic", "harmonic"), "chamber": Bundled("notes", "harmonic", moves=True)}


def release(arguments: argparse.Namespace, actions: HeadlessActionPipeline) -> int:
    """Prepare, train, evaluate and export.

    Raises:
        TrainingError: there is no such release, or its folder is taken.
    """
    name = arguments.name.lower()
    to: Path = arguments.to
    if name in MUSIC_RELEASES:
        return _music(name, arguments, actions.command)
    if name in SEGMENT_RELEASES:
        return _segments(name, arguments, actions)
    if name not in BUNDLED:
        names = ", ".join([*BUNDLED, *MUSIC_RELEASES, *SEGMENT_RELEASES])
        raise TrainingError(f"There is no release named {arguments.name!r}; choose from {names}.")
    check_target(to / name)
    actions.select_experiment(BUNDLED[name].experiment)
    actions.select_scenario(BUNDLED[name].scenario)
    options = TrainOptions(
        actions.run_dir,
        seed=arguments.seed,
        resume=arguments.resume,
        quiet=arguments.quiet,
        compiled=arguments.compile,
    )
    trained = _finished(actions, arguments) or actions.train(arguments.epochs, options=options)
    folder = actions.export(to, ReleaseNames(name), trained, arguments.quick)
    if BUNDLED[name].moves:
        data = trained.case.data.open(actions.data.data_dir)
        if isinstance(data, Notes):
            folder = add_motion_of_notes(folder, data.notes, arguments.workers, arguments.quiet)
    return _say(trained.scenario.prod_name or name, folder)


def _segments(name: str, arguments: argparse.Namespace, actions: HeadlessActionPipeline) -> int:
    """Make a release of segments.

    Raises:
        TrainingError: no data are named, or they are not there.
    """
    options = TrainOptions(
        actions.runs,
        epochs=arguments.epochs,
        seed=arguments.seed,
        resume=arguments.resume,
        quiet=arguments.quiet,
        compiled=arguments.compile,
        notify=actions.notify,
    )
    return _say(SEGMENT_RELEASES[name].public_name, make_segment_release(name, arguments.to, actions, options))


def _say(public_name: str, folder: Path) -> int:
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(printable(f"{public_name} is in {folder} ({size / 1e6:.1f} MB)."))
    return 0


def _music(name: str, arguments: argparse.Namespace, command: str) -> int:
    """Make a release of music.

    Raises:
        TrainingError: no data are named, or they are not there.
    """
    if arguments.data_dir is None:
        raise TrainingError("Which music? --data-dir names a folder with a tracks.csv and a folder for each set.")
    folder = make_music_release(name, arguments.data_dir, arguments.to, command, arguments.seed)
    return _say(MUSIC_RELEASES[name].public_name, folder)


def _finished(actions: HeadlessActionPipeline, arguments: argparse.Namespace) -> Trained | None:
    """Load what an earlier run has trained to the end, but perhaps not exported.

    Raises:
        TrainingError: there is none to go on from.
    """
    if not arguments.resume:
        return None
    if not (actions.run_dir / LAST_CHECKPOINT).is_file():
        raise TrainingError(f"There is nothing to resume: {actions.run_dir / LAST_CHECKPOINT} does not exist.")
    trained = actions.load()
    _, recipe = trained.case.start(trained.scenario)
    return trained if trained.epochs >= (arguments.epochs or recipe.epochs) else None
