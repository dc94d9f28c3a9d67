"""Carries out each action of `aitunes-train`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from aitunes.errors import TrainingError
from aitunes.experiments.cases import CASES
from aitunes.printable import printable
from aitunes.release.bundled import BUNDLED
from training.cli.motion import motion
from training.cli.progress import preparation_bar
from training.cli.release import release
from training.data.corpus import CorpusOptions, preparation_sentences
from training.data.processes import is_first_process
from training.export.case_release import ReleaseNames
from training.fit.options import TrainOptions
from training.headless import HeadlessActionPipeline

Action = Callable[[argparse.Namespace, HeadlessActionPipeline], int]


def run(arguments: argparse.Namespace, command: str) -> int:
    """Run the action that was parsed; returns 0."""
    if arguments.action == "list":
        return _list(arguments)
    if arguments.action == "motion":
        return motion(arguments, command)
    with preparation_bar(arguments.quiet) as progress:
        data, runs, run = _corpus_options(arguments), arguments.runs, arguments.run
        actions = HeadlessActionPipeline(data, runs, run, _print_message, progress, command)
        if arguments.threads:
            torch.set_num_threads(arguments.threads)
        if arguments.action != "release":
            _select(arguments, actions)
        return _ACTIONS[arguments.action or ("evaluate" if arguments.evaluate else "train")](arguments, actions)


def _print_message(sentence: str) -> None:
    print(printable(sentence, lines=True), file=sys.stderr, flush=True)


def _corpus_options(arguments: argparse.Namespace) -> CorpusOptions:
    return CorpusOptions(
        arguments.data_dir,
        arguments.features,
        arguments.limit_items,
        arguments.workers,
        arguments.seed,
        arguments.scheduler,
    )


def _select(arguments: argparse.Namespace, actions: HeadlessActionPipeline) -> None:
    """Select experiment, scenario and model; a missing or unknown name lists the choices."""
    if arguments.experiment:
        actions.select_experiment(arguments.experiment)
    if arguments.scenario:
        actions.select_scenario(arguments.scenario)
    if actions.scenario and getattr(arguments, "model", None):
        actions.select_model(arguments.model)


def _show(line: str) -> None:
    print(printable(line))


def _list(arguments: argparse.Namespace) -> int:
    if arguments.experiment is None:
        for case in CASES.values():
            print(f"{case.name:12} {case.description}, {len(case.scenarios)} scenarios")
        print(f"Releases that come with AiTunes: {', '.join(BUNDLED)}; `aitunes-train release NAME` makes one.")
        return 0
    actions = HeadlessActionPipeline(runs=arguments.runs, run=arguments.run)
    case = actions.select_experiment(arguments.experiment)
    if arguments.scenario is None:
        for scenario in case.scenarios:
            public = f" [{scenario.prod_name}]" if scenario.prod_grade else ""
            print(f"{scenario.name:22} {scenario.description}{public}")
        return 0
    actions.select_scenario(arguments.scenario)
    for model in actions.list_models():
        _show(f"{model} ({model.stat().st_size / 1e6:.1f} MB)")
    if not actions.list_models():
        print("no models yet")
    return 0


def _prepare(arguments: argparse.Namespace, actions: HeadlessActionPipeline) -> int:
    path, card = actions.prepare()
    for sentence in preparation_sentences(card):
        _print_message(sentence)
    statistics = card.statistics or {}
    skipped = f", {len(card.skipped)} tracks skipped" if card.skipped else ""
    _show(f"{path}: {statistics['seconds']:.0f} s of {card.name}{skipped}; SHA-256 {card.hash[:16]}…")
    print(
        f"mean {statistics['mean']:.3f}, standard deviation {statistics['std']:.3f}, {statistics['silent']:.1%} silent"
    )
    return 0


def _train(arguments: argparse.Namespace, actions: HeadlessActionPipeline) -> int:
    options = TrainOptions(
        actions.run_dir,
        seed=arguments.seed,
        resume=arguments.resume,
        batch_size=arguments.batch_size,
        devices=arguments.devices,
        nodes=arguments.nodes,
        precision=arguments.precision,
        quiet=arguments.quiet,
        compiled=arguments.compile,
    )
    trained = actions.train(arguments.epochs, arguments.save_every, options)
    if is_first_process():
        _show(f"{trained.epochs} epochs of {trained.case.name} {trained.scenario.name} are in {trained.checkpoint}.")
        if trained.case.is_audio:
            print("To play it: the same command with `export` for `train`, without -e, with --install.")
    return 0


def _evaluate(arguments: argparse.Namespace, actions: HeadlessActionPipeline) -> int:
    folder = getattr(arguments, "to", None)
    if getattr(arguments, "ask", False):
        actions.interactive_evaluation(folder)
        return 0
    figures, page = actions.evaluate(folder)
    for name, value in figures.items():
        print(f"{name:26} {value:g}")
    _show(f"Pictures and sounds: {page}")
    return 0


def _export(arguments: argparse.Namespace, actions: HeadlessActionPipeline) -> int:
    if arguments.to is None and not arguments.install:
        raise TrainingError("Where to? --to names a folder of releases, --install takes the instrument's own.")
    names = ReleaseNames(arguments.name, arguments.public_name, arguments.description)
    folder = actions.export(None if arguments.install else arguments.to, names, quick=arguments.quick)
    size = sum(path.stat().st_size for path in folder.iterdir())
    _show(f"{folder} ({size / 1e6:.1f} MB).")
    where = "" if arguments.install else f" --releases {folder.parent}"
    _show(f"aitunes play{where} --release {folder.name}")
    return 0


def _print_paths(paths: list[Path]) -> int:
    for path in paths:
        _show(str(path))
    return 0


def _project(arguments: argparse.Namespace, actions: HeadlessActionPipeline) -> int:
    return _print_paths(actions.project(arguments.to))


def _sample(arguments: argparse.Namespace, actions: HeadlessActionPipeline) -> int:
    return _print_paths(actions.sample(arguments.count, float(arguments.seconds), arguments.seed, arguments.to))


_ACTIONS: dict[str, Action] = {
    "prepare": _prepare,
    "train": _train,
    "evaluate": _evaluate,
    "export": _export,
    "project": _project,
    "sample": _sample,
    "release": release,
}
