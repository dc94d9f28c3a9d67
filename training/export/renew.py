"""Writes a release's `model.ts` once more, with the code of today around the networks that are in it.

    python -m training.export.renew [--still] FOLDER …

The networks and all other files stay as they are; the card gets the new file's hash.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from aitunes.release.card import ReleaseCard
from aitunes.release.motion import Motion, read_motion
from aitunes.release.reader import TORCHSCRIPT, read_release
from aitunes.release.writer import write_release
from training.export.torchscript import load_torchscript, scripted_bytes


def renew(folder: Path, still: bool = False) -> Path:
    """Renew the `model.ts` of the release in a folder.

    Args:
        still: leave the release's motion out.

    Raises:
        ReleaseError: there is no release, or it has no such file.
    """
    release = read_release(folder)
    files = {name: (folder / name).read_bytes() for name in release.card.files}
    motion = None if still else read_motion(folder, release.card)
    files[TORCHSCRIPT] = renewed(release.card, files[TORCHSCRIPT], motion)
    return write_release(folder.parent, release.card, files)


def renewed(card: ReleaseCard, contents: bytes, motion: Motion | None) -> bytes:
    """Return the contents of a `model.ts` with the code of today and a motion around its networks."""
    frames = load_torchscript(contents).frames
    return scripted_bytes(replace(card, files={}), frames.encoder, frames.decoder, motion)


def main() -> int:
    """Renew each folder's file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", metavar="FOLDER", nargs="+", type=Path, help="of a release with a model.ts")
    parser.add_argument("--still", action="store_true", help="without its motion, which takes about a megabyte")
    options = parser.parse_args()
    torch.manual_seed(0)
    for folder in options.folders:
        print(renew(folder, options.still))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
