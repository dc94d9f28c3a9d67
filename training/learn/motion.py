"""Gives a learnt release its motion: how its material moves through the codes, and how notes move."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from joblib import Parallel, delayed

from aitunes.errors import TrainingError
from aitunes.features import FloatArray
from aitunes.release.motion import Motion
from aitunes.release.reader import read_card
from training.data.note_motion import NoteAnalysis, analyse_recording
from training.export.motion import MAX_TRACK_FRAMES, OnnxEncoder, add_motion, join_tracks, motion_of_tracks
from training.learn.network import FrameAutoencoder
from training.learn.note_set import HeardNote

_BATCH = 4_096
_MAX_LEVEL_DB = 40.0
_MAX_NOTES = 150


def texture_motion(
    model: FrameAutoencoder, tracks: Sequence[FloatArray], frame_rate: float, max_frames: int = MAX_TRACK_FRAMES
) -> Motion | None:
    """Return the motion of a release that was learnt from tracks of envelopes; None where no track lasts two frames.

    The level is that of the material above what the code of the same moment decodes to, so that what is played is as
    loud as the material was.

    Args:
        tracks: envelopes in their order, [frames, NODES] each, 0..1.
        frame_rate: of the tracks, Hz.
        max_frames: that are kept.
    """
    codes, levels = [], []
    with torch.no_grad():
        for track in tracks:
            parts = [torch.from_numpy(track[first : first + _BATCH]).float() for first in range(0, len(track), _BATCH)]
            z = [model.encode_envelope(x) for x in parts]
            decoded = [model.decode_envelope(code) for code in z]
            apart = [model.level_db(x) - model.level_db(y) for x, y in zip(parts, decoded, strict=True)]
            codes.append(torch.cat(z).numpy())
            levels.append(torch.cat(apart).clamp(-_MAX_LEVEL_DB, _MAX_LEVEL_DB).numpy())
    try:
        return motion_of_tracks(codes, frame_rate, levels, max_frames)
    except TrainingError:
        return None


class NoteMotionOf:
    """Knows how notes move, apart from the codes, which differ with every version of a release.

    Args:
        notes: at most `_MAX_NOTES` of them are followed, evenly chosen.
        workers: processes that follow them.
    """

    def __init__(self, notes: Sequence[HeardNote], workers: int = 1) -> None:
        self._workers = workers
        count = min(_MAX_NOTES, len(notes))
        self._notes = [notes[n] for n in np.unique(np.linspace(0, len(notes) - 1, count).round().astype(int))]
        self._analyses: list[NoteAnalysis | None] | None = None

    def add(self, folder: Path) -> Path:
        """Write a release again with this motion; it stays as it is where no note is long enough."""
        features = read_card(folder).features
        if self._analyses is None:
            jobs = (delayed(analyse_recording)(note, features) for note in self._notes)
            with warnings.catch_warnings():
                # A process that has had nothing to do for minutes may end as its work comes; another one does it.
                warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
                self._analyses = list(Parallel(n_jobs=self._workers)(jobs))
        encode = OnnxEncoder(folder)
        tracks = [None if analysis is None else analysis.encoded(encode) for analysis in self._analyses]
        try:
            motion, _ = join_tracks(tracks, self._notes, features)
        except TrainingError:
            return folder
        return add_motion(folder, motion)
