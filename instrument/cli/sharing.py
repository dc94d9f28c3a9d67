"""Runs `aitunes pack`, `install`, `remove` and `index`: releases as files that people give each other."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from aitunes.errors import ReleaseError
from aitunes.printable import printable
from aitunes.release.archive import ENDING, pack_release
from instrument.cli.common import UsageError, library
from instrument.cli.lists import licence
from instrument.storage import paths
from instrument.storage.installing import Installed, Installer, Wishes, remove_release
from instrument.storage.release_index import INDEX, read_index, write_index
from instrument.storage.release_trial import ReleaseTrial


def run(options: argparse.Namespace) -> int:
    """Run the command that was asked for."""
    commands = {"pack": _pack, "install": _install, "remove": _remove, "index": _index}
    return commands[options.command](options)


def _pack(options: argparse.Namespace) -> int:
    folder = library(options).folder(options.name)
    path = options.output or Path(f"{folder.name}{ENDING}")
    if path.suffix != ENDING:
        raise UsageError(f"{path} does not end in {ENDING}, by which a packed release is known.")
    card = pack_release(folder, path)
    size = path.stat().st_size
    data = licence(card.training.data_licence)
    sentence = f"{path} holds {printable(card.public_name)} ({size / 1e6:.1f} MB; data: {data})."
    return _answer(options, {"file": str(path), "release": card.name, "bytes": size}, sentence)


def _install(options: argparse.Namespace) -> int:
    releases = options.releases or paths.user_releases()
    trial = ReleaseTrial(paths.home() / "tried-releases.json")
    installer = Installer(releases, paths.bundled_releases(), trial.check)
    wishes = Wishes(options.name, options.replace, options.beside)
    if options.index is None:
        found = installer.install(options.source, wishes)
    else:
        index = read_index(options.index)
        source = index.source(options.source)
        found = installer.install(source, wishes, index.releases[options.source])
    name = found.folder.name
    status = _answer(options, {"release": name, "was_there": found.was_there}, _sentence(found))
    if not options.play:
        return status
    from instrument.cli import main

    where = [] if options.releases is None else ["--releases", str(options.releases)]
    return main(["play", "--release", name, *where])


def _sentence(found: Installed) -> str:
    card, name = found.card, found.folder.name
    if found.was_there:
        return f"{printable(card.public_name)} is installed already: aitunes --release {name}"
    data = licence(card.training.data_licence)
    return f"{printable(card.public_name)} is installed (data: {data}). To play it: aitunes --release {name}"


def _remove(options: argparse.Namespace) -> int:
    folder = library(options).folder(options.name)
    if folder.parent == paths.bundled_releases():
        raise ReleaseError(f"{options.name} comes with AiTunes and stays.")
    if not options.yes:
        if not sys.stdin.isatty():
            raise UsageError(f"{folder} would be deleted for good; add --yes if it shall be.")
        if input(f"Delete {folder} for good? [y/N] ").strip().lower() not in ("y", "yes"):
            print("Nothing was deleted.")
            return 0
    remove_release(folder)
    return _answer(options, {"removed": str(folder)}, f"{folder} is removed.")


def _index(options: argparse.Namespace) -> int:
    if not options.folder.is_dir():
        raise UsageError(f"{options.folder} is no folder; give the one that holds packed releases.")
    listed, complaints = write_index(options.folder)
    for complaint in complaints:
        print(f"aitunes: {printable(complaint)}", file=sys.stderr)
    path = options.folder / INDEX
    count = "1 release" if len(listed) == 1 else f"{len(listed)} releases"
    _answer(options, {"index": str(path), "releases": len(listed)}, f"{path} lists {count}.")
    return 1 if complaints else 0


def _answer(options: argparse.Namespace, values: dict[str, object], sentence: str) -> int:
    print(json.dumps(values) if options.json else printable(sentence))
    return 0
