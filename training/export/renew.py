"""Writes a release's `model.ts` once more, with the code of today around the networks that are in it.

    python -m training.export.renew [--still] FOLDER …

The networks and all other files stay as they are, but a preview in WAV of an older release, which becomes one in Ogg
Opus; the card gets the new files' hashes. PyTorch opens what is in the file: renew your own releases, not those of
strangers.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import soundfile
import torch

from aitunes.errors import ReleaseError
from aitunes.printable import printable
from aitunes.release.card import ReleaseCard
from aitunes.release.motion import Motion, read_motion
from aitunes.release.reader import TORCHSCRIPT, read_release
from aitunes.release.writer import write_release
from training.evaluate.ogg import opus_bytes
from training.evaluate.preview import PREVIEW
from training.export.torchscript import load_torchscript, scripted_bytes

_OLD_PREVIEW = "preview.wav"


def renew(folder: Path, still: bool = False) -> Path:
    """Renew the `model.ts` of the release in a folder.

    Args:
        still: leave the release's motion out.

    Raises:
        ReleaseError: there is no release, it has another name than its folder, or a file is missing or none of ours.
    """
    folder = folder.resolve()
    card = read_release(folder).card
    if TORCHSCRIPT not in card.files:
        raise ReleaseError(f"The release in {folder} has no {TORCHSCRIPT} to renew.")
    if folder.name != card.name:
        raise ReleaseError(f"The release in {folder} is called {card.name}; give its folder that name.")
    files = {name: (folder / name).read_bytes() for name in card.files}
    try:
        motion = None if still else read_motion(folder, card)
        files[TORCHSCRIPT] = renewed(card, files[TORCHSCRIPT], motion)
    except (RuntimeError, AttributeError, ValueError) as error:
        why = (str(error).strip().splitlines() or ["it is damaged"])[0][:200]
        raise ReleaseError(f"The {TORCHSCRIPT} in {folder} is none that AiTunes writes: {why}") from error
    if _OLD_PREVIEW in files and PREVIEW not in files:
        files[PREVIEW] = _in_opus(files.pop(_OLD_PREVIEW), folder)
    return write_release(folder.parent, card, files)


def _in_opus(contents: bytes, folder: Path) -> bytes:
    try:
        y, sample_rate = soundfile.read(io.BytesIO(contents), dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise ReleaseError(f"The {_OLD_PREVIEW} in {folder} cannot be read: {error}") from error
    return opus_bytes(y.mean(axis=1), sample_rate)


def renewed(card: ReleaseCard, contents: bytes, motion: Motion | None) -> bytes:
    """Return the contents of a `model.ts` with the code of today and a motion around its networks."""
    frames = load_torchscript(contents).frames
    return scripted_bytes(replace(card, files={}), frames.encoder, frames.decoder, motion)


def main(words: Sequence[str] | None = None) -> int:
    """Renew each folder's file; those that cannot be renewed stay as they are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", metavar="FOLDER", nargs="+", type=Path, help="of a release with a model.ts")
    parser.add_argument("--still", action="store_true", help="without its motion, which takes about a megabyte")
    torch.manual_seed(0)
    options, status = parser.parse_args(words), 0
    for folder in options.folders:
        try:
            print(printable(str(renew(folder, options.still))))
        except ReleaseError as error:
            print(printable(str(error)), file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    raise SystemExit(main())
