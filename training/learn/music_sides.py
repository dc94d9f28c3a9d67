"""Gives bundled releases of music the width of their recordings; their networks stay as they are.

    python -m training.learn.music_sides --data-dir ../shared/data/music instrument/releases/stargazing …

Releases that `aitunes-train` makes have it from the beginning.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper

from aitunes.errors import AiTunesError, TrainingError
from aitunes.release.card import ReleaseCard
from aitunes.release.reader import ENCODER, read_release
from aitunes.release.side import SIDE
from aitunes.release.writer import write_release
from training.learn.music_releases import MUSIC_RELEASES, collect_tracks, free_tracks
from training.learn.network import NODES
from training.learn.side import LearntSide, learn_side


def add_side(folder: Path, data_dir: Path, command: str) -> LearntSide:
    """Write a release of `MUSIC_RELEASES` again, with the width of the tracks that it was learnt from.

    Raises:
        TrainingError: it is none of them, or its material is another one, or mono.
    """
    folder = folder.resolve()
    card = read_release(folder).card
    if card.name not in MUSIC_RELEASES:
        raise TrainingError(f"{card.name} is no release of music; there are {', '.join(MUSIC_RELEASES)}.")
    release = MUSIC_RELEASES[card.name]
    _, survey, frames = collect_tracks(data_dir, release, free_tracks(data_dir, release))
    if survey.digest != card.training.data_hash:
        raise TrainingError(f"{data_dir / release.part} is not what {card.name} was learnt from.")
    side = learn_side(_encoder(folder, card), frames.tracks, frames.sides)
    if side is None:
        raise TrainingError(f"{data_dir / release.part} is mono.")
    files = {name: (folder / name).read_bytes() for name in card.files} | {SIDE: side.levels.to_bytes()}
    first = card.training.command.split("; ")[0]
    training = replace(card.training, command=f"{first}; {command}", metrics={**card.training.metrics, **side.figures})
    write_release(folder.parent, replace(card, training=training), files)
    return side


def _encoder(folder: Path, card: ReleaseCard) -> torch.nn.Linear:
    """Return what the linear encoder of a release does to an envelope."""
    tensors = onnx.load(str(folder / ENCODER)).graph.initializer
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in tensors}
    linear = torch.nn.Linear(NODES, card.latent_dim)
    with torch.no_grad():
        for name, parameter in linear.named_parameters():
            parameter.copy_(torch.from_numpy(arrays[f"model.encoder.{name}"].copy()))
    return linear


def main() -> int:
    """Add the width to each release that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True, help="with a tracks.csv and a folder for each set")
    parser.add_argument("folders", metavar="FOLDER", nargs="+", type=Path, help="of a bundled release of music")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for folder in options.folders:
        try:
            side = add_side(folder, options.data_dir, f"python -m training.learn.music_sides {folder.name}")
        except AiTunesError as error:
            print(error, file=sys.stderr)
            return 1
        print(f"{folder}: {side.held_db:.2f} dB, constant {side.constant_db:.2f} dB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
