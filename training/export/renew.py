"""Writes a release's `model.ts` once more, with the code of today around the networks that are in it.

    python -m training.export.renew FOLDER …

The networks and all other files stay as they are; the card gets the new file's hash. PyTorch opens what is in the file:
renew your own releases, not those of strangers.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from aitunes.errors import ReleaseError
from aitunes.printable import printable
from aitunes.release.reader import TORCHSCRIPT, read_release
from aitunes.release.writer import write_release
from training.export.torchscript import load_torchscript, scripted_bytes


def renew(folder: Path) -> Path:
    """Renew the `model.ts` of the release in a folder.

    Raises:
        ReleaseError: there is no release, it has another name than its folder, or its file is missing or none of ours.
    """
    folder = folder.resolve()
    card = read_release(folder).card
    if TORCHSCRIPT not in card.files:
        raise ReleaseError(f"The release in {folder} has no {TORCHSCRIPT} to renew.")
    if folder.name != card.name:
        raise ReleaseError(f"The release in {folder} is called {card.name}; give its folder that name.")
    files = {name: (folder / name).read_bytes() for name in card.files}
    try:
        frames = load_torchscript(files[TORCHSCRIPT]).frames
        files[TORCHSCRIPT] = scripted_bytes(replace(card, files={}), frames.encoder, frames.decoder)
    except (RuntimeError, AttributeError, ValueError) as error:
        why = (str(error).strip().splitlines() or ["it is damaged"])[0][:200]
        raise ReleaseError(f"The {TORCHSCRIPT} in {folder} is none that AiTunes writes: {why}") from error
    return write_release(folder.parent, card, files)


def main(words: Sequence[str] | None = None) -> int:
    """Renew each folder's file; those that cannot be renewed stay as they are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", metavar="FOLDER", nargs="+", type=Path, help="of a release with a model.ts")
    torch.manual_seed(0)
    status = 0
    for folder in parser.parse_args(words).folders:
        try:
            print(printable(str(renew(folder))))
        except ReleaseError as error:
            print(printable(str(error)), file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    raise SystemExit(main())
