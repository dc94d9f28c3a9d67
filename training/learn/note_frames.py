"""Frames of labelled notes, some of the notes held out whole."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from aitunes.datasets.notes import Notes
from aitunes.experiments.scenarios.notes import FINE
from training.data.corpus import Corpus, Part
from training.data.note_frames import prepare_notes
from training.learn.note_set import HeardNote, NoteSet

_MAX_FRAMES = 48_000  # 200 MB
_MAX_OF_A_NOTE = 400
_HELD_EVERY = 8
_MIN_TO_HOLD_OUT = 4
_HELD_TAIL = 0.2


def note_corpus(found: NoteSet, name: str, workers: int, progress: Callable[[float], None]) -> Corpus:
    """Frames to train on and frames of other notes to evaluate with.

    Args:
        name: of the data, for the card.
        workers: processes.
        progress: takes the share that is done, 0..1.

    Raises:
        TrainingError: no note gives a frame.
    """
    data = Notes(name, "the files' own", found.notes)
    most = max(20, min(_MAX_OF_A_NOTE, _MAX_FRAMES // len(found.notes)))
    frames = prepare_notes(data, FINE, workers, lambda done, total, seconds: progress(done / total), most)
    labels, names = (np.array([getattr(note, what) for note in found.notes]) for what in ("label", "name"))
    whole = Part(frames.S, labels[frames.note], names[frames.note], frames.conditions)
    held = _held_frames(found.notes, frames.note)
    train_part, held_part = (whole.of(np.flatnonzero(mask)) for mask in (~held, held))
    return Corpus(
        name, data.licence, frames.hash, len(found.notes), train_part, held_part, FINE, (*frames.skipped, *found.others)
    )


def held_out_notes(notes: tuple[HeardNote, ...]) -> NDArray[np.bool_]:
    """Which notes are held out, [notes]: of each instrument with four and more, one in eight, inside its range."""
    held = np.zeros(len(notes), bool)
    labels = np.array([note.label for note in notes])
    pitch = np.array([note.midi for note in notes])
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) >= _MIN_TO_HOLD_OUT:
            rising = members[np.argsort(pitch[members], kind="stable")]
            held[rising[min(len(rising) // 2, _HELD_EVERY // 2) :: _HELD_EVERY]] = True
    return held


def _held_frames(notes: tuple[HeardNote, ...], note: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which frames are held out, [frames]: whole notes, or, of few notes, the end of each."""
    held = held_out_notes(notes)[note]
    if held.any() and not held.all():
        return np.asarray(held)
    held = np.zeros(len(note), bool)
    for n in np.unique(note):
        frames = np.flatnonzero(note == n)
        held[frames[max(1, int(len(frames) * (1.0 - _HELD_TAIL))) :]] = True
    if not held.any():  # a frame a note: there is nothing to spare
        held[-1] = True
    return held
