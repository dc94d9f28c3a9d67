"""`aitunes-train motion`: gives a release of notes the movement of recorded ones; its networks stay as they are."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from aitunes.datasets.notes import Note, read_notes
from aitunes.errors import TrainingError
from aitunes.release.reader import read_card
from training.export.motion import OnnxEncoder, add_motion, follow_notes, join_tracks


def motion(arguments: argparse.Namespace, command: str) -> int:
    """Follow the notes of a data set and write the release again, with their motion.

    Raises:
        TrainingError: the release plays no notes, or no data are named.
    """
    if arguments.data_dir is None:
        raise TrainingError("Whose movement? --data-dir names a folder of notes with a labels.csv, or several in one.")
    notes = read_notes(arguments.data_dir).notes
    folder = add_motion_of_notes(arguments.release, notes, arguments.workers, arguments.quiet, command)
    size = (folder / "motion.npz").stat().st_size
    print(f"{folder} has a motion ({size / 1e6:.1f} MB).")
    return 0


def add_motion_of_notes(folder: Path, notes: Sequence[Note], workers: int, quiet: bool, command: str = "") -> Path:
    """Write a release again, with the motion of these notes.

    Args:
        folder: of the release.
        workers: processes that follow notes.
        quiet: no progress bar.
        command: what the person typed, for the card; empty where the card has it.

    Raises:
        TrainingError: the release plays no notes.
    """
    card = read_card(folder)
    if not (card.is_frame_model and any(spec.name == "pitch" for spec in card.inputs)):
        raise TrainingError(f"{card.name} plays no notes, so recorded notes cannot give it motion.")
    tracks = follow_notes(notes, card.features, OnnxEncoder(folder), workers)
    hidden = quiet or not sys.stderr.isatty()
    bar = track(tracks, "following notes", len(notes), console=Console(stderr=True), transient=True, disable=hidden)
    found, _ = join_tracks(list(bar), notes, card.features)
    return add_motion(folder, found, command)
