"""Plays held-out notes for `benchmarks.life`: by a release, by a sampler."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from aitunes.datasets.notes import Note
from aitunes.features import FloatArray
from aitunes.motion.choice import TYPICAL, Contour
from aitunes.motion.note_level import find_marks, note_start
from aitunes.release.motion import Motion, read_motion
from aitunes.release.reader import Release, read_card, read_release
from benchmarks.life_figures import LEVEL_HOP, levels, onset
from instrument.namespace import ROOT
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer
from training.export.motion import DYNAMICS, OnnxEncoder, add_motion, follow_notes, join_tracks

ITERATIONS = 8
_MAX_COORDINATE = 4.0
_AFTER_SECONDS = 0.5


@dataclass(frozen=True)
class Asked:
    """A held-out note: its recording from the onset on, and how it is played.

    Args:
        held_seconds: for which the key is down.
        z: where the release's encoder places it, [latent_dim].
    """

    note: Note
    y: FloatArray
    held_seconds: float
    velocity: float
    z: FloatArray


def trajectories(
    release: Release, notes: Sequence[Note], workers: int, cache: Path | None
) -> tuple[Motion, Sequence[int]]:
    """Follow all notes, or read what an earlier run has followed; the motion, and the index of each of its notes."""
    names = [note.name for note in notes]
    folder = cache / release.card.name if cache else None
    if folder is not None and (folder / "names.json").is_file():
        stored = json.loads((folder / "names.json").read_text())
        motion = read_motion(folder, read_card(folder))
        if motion is not None and stored["names"] == names and stored["encoder"] == release.card.files["encoder.onnx"]:
            return motion, stored["kept"]
    found = list(follow_notes(notes, release.card.features, OnnxEncoder(release.folder), workers))
    motion, kept = join_tracks(found, notes, release.card.features)
    if cache is not None:
        written = moving_release(cache, release, motion).folder
        stored = {"names": names, "kept": kept, "encoder": release.card.files["encoder.onnx"]}
        (written / "names.json").write_text(json.dumps(stored))
    return motion, kept


def moving_release(parent: Path, release: Release, motion: Motion) -> Release:
    """Copy a release into a folder, with another motion."""
    copy = parent / release.card.name
    if not copy.exists():
        parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(release.folder, copy)
    return read_release(add_motion(copy, motion))


def ask(note: Note, motion: Motion, item: int, rate: int) -> Asked:
    """Cut a held-out note from its onset to its end, as a player would play it."""
    y = note.read(rate)
    level = levels(y, rate, note.midi)
    level -= level.max()
    first, floor = note_start(level, rate / LEVEL_HOP)
    y = y[first * LEVEL_HOP :]
    marks = find_marks(level[first:], rate / LEVEL_HOP, floor)
    seconds = marks[3] * LEVEL_HOP / rate
    return Asked(note, y[: marks[4] * LEVEL_HOP], seconds, DYNAMICS.get(note.dynamic, 1.0), motion.codes[item])


def play(release: Release, asked: Asked, amount: float, contour: Contour = TYPICAL, seed: int = 0) -> FloatArray:
    """Return the note as the instrument plays it, from its onset on."""
    card = release.card
    rate = card.features.sample_rate
    renderer = ReleaseRenderer(release, rate, ITERATIONS, background=False)
    performance = Performance.of(card, ITERATIONS)
    key = round(asked.note.midi)
    position = np.clip(card.latent.coordinates(asked.z), -_MAX_COORDINATE, _MAX_COORDINATE)
    for path, *values in (
        ("/smoothing", 0.0),
        ("/latent", *position.tolist()),
        ("/drone", False),
        ("/motion", amount),
        ("/motion/seed", seed),
        ("/motion/attack", contour.attack),
        ("/motion/decay", contour.decay),
        ("/bend", asked.note.midi - key),
        ("/note", key, max(1, round(127 * asked.velocity))),
    ):
        performance.apply(ROOT + path, tuple(values))
    blocks = []
    for n in range(int(np.ceil((len(asked.y) / rate + _AFTER_SECONDS) / renderer.hop_seconds))):
        if n == round(asked.held_seconds / renderer.hop_seconds):
            performance.apply(ROOT + "/note", (key, 0))
        performance.sound(renderer.hop_seconds)
        blocks.append(renderer.render(performance.advance(renderer.hop_seconds), performance)[:, 0])
    renderer.close()
    y = np.concatenate(blocks)
    return y[onset(y, rate, asked.note.midi) :]


def sampled(recording: FloatArray, midi: float, rate: int, asked: Asked) -> FloatArray:
    """Return a recording moved to the pitch of the note that is asked for, and faded out when it is let go."""
    ratio = float(2.0 ** ((asked.note.midi - midi) / 12.0))
    y = soxr.resample(recording, ratio * rate, rate) if abs(ratio - 1.0) > 1e-4 else recording
    y = y[onset(y, rate, asked.note.midi) :].copy()
    held = int(asked.held_seconds * rate)
    fall = 10.0 ** (-3.0 * np.arange(max(0, len(y) - held)) / (0.3 * rate))
    y[held:] *= fall.astype(np.float32)
    return np.pad(y, (0, max(0, len(asked.y) - len(y))))
