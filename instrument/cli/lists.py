"""Runs `aitunes releases` and `aitunes devices`."""

from __future__ import annotations

import argparse
import json
import sys

from aitunes.printable import printable
from instrument.cli.common import library
from instrument.outputs.portaudio import output_devices


def run(options: argparse.Namespace) -> int:
    """Print the list that was asked for."""
    return _devices(options) if options.command == "devices" else _releases(options)


def _releases(options: argparse.Namespace) -> int:
    cards, complaints = library(options).cards()
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
            }
            for name, card in cards.items()
        ]
        print(json.dumps(rows, indent=1))
        return 0
    for name, card in cards.items():
        kind = "immediate" if card.is_frame_model else f"segments of {card.features.frames} frames"
        print(f"{printable(name):20} {printable(card.public_name)} ({card.latent_dim} coordinates, {kind})")
        print(f"{'':20} {printable(card.description)}")
    if not cards:
        print("No releases are installed; `aitunes-train --help` says how to make one.")
    return 0


def _devices(options: argparse.Namespace) -> int:
    devices = output_devices()
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
        print("PortAudio finds no sound device. Plug one in, or start JACK or PipeWire; until then AiTunes is silent.")
    return 0
