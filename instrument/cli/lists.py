"""Runs `aitunes releases` and `aitunes devices`."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from aitunes.printable import printable
from aitunes.release.card import ReleaseCard
from instrument.cli.common import library
from instrument.outputs.portaudio import input_devices, output_devices
from instrument.storage.origins import origin_of
from instrument.storage.release_index import read_index

_LICENCE_CHARACTERS = 60


def run(options: argparse.Namespace) -> int:
    """Print the list that was asked for."""
    return _devices(options) if options.command == "devices" else _releases(options)


def _releases(options: argparse.Namespace) -> int:
    if options.index is not None:
        return _listed(options)
    releases = library(options)
    cards, complaints = releases.cards()
    folders = {name: folder for name in cards if (folder := releases.find(name)) is not None}
    for complaint in complaints:
        print(f"aitunes: {printable(complaint)}", file=sys.stderr)
    if options.json:
        rows = [
            {
                "name": name,
                "public_name": card.public_name,
                "description": card.description,
                "latent_dim": card.latent_dim,
                "features": card.features.as_dict(),
                "licence": card.training.data_licence,
                "bytes": _size(folders[name], card),
                "origin": origin_of(folders[name]),
                "folder": str(folders[name]),
            }
            for name, card in cards.items()
        ]
        print(json.dumps(rows, indent=1))
        return 0
    for name, card in cards.items():
        kind = "immediate" if card.is_frame_model else f"segments of {card.features.frames} frames"
        print(f"{printable(name):20} {printable(card.public_name)} ({card.latent_dim} coordinates, {kind})")
        print(f"{'':20} {printable(card.description)}")
        size, origin = _size(folders[name], card) / 1e6, printable(origin_of(folders[name]))
        print(f"{'':20} {size:.1f} MB, {origin}; data: {licence(card.training.data_licence)}")
    if not cards:
        print("No releases are installed; `aitunes-train --help` says how to make one.")
    return 0


def _listed(options: argparse.Namespace) -> int:
    index = read_index(options.index)
    if options.json:
        print(json.dumps([asdict(entry) for entry in index.releases.values()], indent=1))
        return 0
    for entry in index.releases.values():
        print(f"{printable(entry.name):20} {printable(entry.public_name)}")
        print(f"{'':20} {printable(entry.description)}")
        print(f"{'':20} {entry.bytes / 1e6:.1f} MB, data: {licence(entry.licence)}")
    print(f"`aitunes install --from {shlex.quote(options.index)} NAME` installs one of them.")
    return 0


def licence(text: str) -> str:
    """Shorten the licence of a release's data to what fits a line; `--json` and the card have all of it."""
    return printable(text if len(text) <= _LICENCE_CHARACTERS else f"{text[: _LICENCE_CHARACTERS - 1]}…") or "not given"


def _size(folder: Path, card: ReleaseCard) -> int:
    """Return how many bytes the files of a release have."""
    sizes = 0
    for name in card.files:
        with suppress(OSError):
            sizes += (folder / name).stat().st_size
    return sizes


def _devices(options: argparse.Namespace) -> int:
    devices = input_devices() if options.inputs else output_devices()
    if options.json:
        print(json.dumps(devices, indent=1))
        return 0
    for device in devices:
        mark = "*" if device["default"] else " "
        print(
            f"{mark} {printable(device['name'])}  ({printable(device['host'])}, {device['channels']} channels, "
            f"{device['sample_rate']:.0f} Hz, {1e3 * device['latency_seconds']:.1f} ms)"
        )
    if not devices:
        what, missing = ("input", "deaf") if options.inputs else ("sound device", "silent")
        print(f"PortAudio finds no {what}. Plug one in, or start JACK or PipeWire; until then AiTunes is {missing}.")
    return 0
