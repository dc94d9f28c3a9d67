"""Looks for clicks and jumps of level while notes move and the pad moves, against recordings of the same sounds.

    python -m benchmarks.motion_clicks --data-dir ../shared/data/notes [--release NAME] [--pairs N] [--cache FOLDER]

A note is held for two seconds at the pitch of one recording while the pad goes from where the release's encoder places
it to where it places a second recording, and back, with motion as recorded. Of the sound and of both recordings:

- the largest fourth difference of the waveform, relative to the root mean square of the held part; at most 1.5 times
  the larger of the two recordings'
- the largest change of level from hop to hop (256 samples, levels over 10 ms or one period) from 60 ms after the onset
  on, within 30 dB of the peak; at most 3 dB, or what the recordings have
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aitunes.datasets.notes import read_notes
from aitunes.features import FloatArray
from aitunes.release.reader import Release
from benchmarks.life_figures import LEVEL_HOP, levels, onset
from benchmarks.life_notes import Asked, ask, trajectories
from instrument.namespace import ROOT
from instrument.storage.library import Library
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer

_ITERATIONS = 8
_SECONDS, _SETTLED_SECONDS = 2.0, 0.06
_AUDIBLE_DB = 30.0
_BEYOND = 4
MAX_RATIO, MAX_JUMP_DB = 1.5, 3.0


@dataclass(frozen=True)
class Roughness:
    """Holds the largest fourth difference, relative to the root mean square, and the largest jump of level, dB."""

    fourth: float
    jump_db: float


def roughness(y: FloatArray, rate: int, midi: float) -> Roughness:
    """Measure a sound from its onset on."""
    first = round(_SETTLED_SECONDS * rate / LEVEL_HOP)
    settled = y[first * LEVEL_HOP :]
    # The last windows reach beyond the sound, where nothing is.
    level = levels(y, rate, midi)[first:-_BEYOND]
    heard = level > level.max() - _AUDIBLE_DB
    jumps = np.abs(np.diff(level))[heard[1:] & heard[:-1]]
    loud = np.repeat(heard, LEVEL_HOP)
    part = settled[: len(loud)][loud]
    fourth = np.abs(np.diff(settled[: len(loud)], 4))[loud[4:]]
    return Roughness(float(fourth.max() / np.sqrt((part**2).mean())), float(jumps.max(initial=0.0)))


def play(release: Release, first: Asked, second: Asked, amount: float) -> FloatArray:
    """Hold a note while the pad goes from one sound to another and back."""
    card = release.card
    renderer = ReleaseRenderer(release, card.features.sample_rate, _ITERATIONS, background=False)
    performance = Performance.of(card, _ITERATIONS)
    ends = [np.clip(card.latent.coordinates(asked.z), -4.0, 4.0) for asked in (first, second)]
    key = round(first.note.midi)
    for path, *values in (
        ("/smoothing", 0.0),
        ("/drone", False),
        ("/motion", amount),
        ("/bend", first.note.midi - key),
        ("/latent", *ends[0].tolist()),
        ("/note", key, 127),
    ):
        performance.apply(ROOT + path, tuple(values))
    blocks = []
    hops = round(_SECONDS / renderer.hop_seconds)
    for n in range(hops):
        share = 0.5 - 0.5 * np.cos(2.0 * np.pi * n / hops)
        position = (1.0 - share) * ends[0] + share * ends[1]
        performance.apply(f"{ROOT}/latent", tuple(position.tolist()))
        performance.sound(renderer.hop_seconds)
        blocks.append(renderer.render(performance.advance(renderer.hop_seconds), performance)[:, 0])
    renderer.close()
    y = np.concatenate(blocks)
    return y[onset(y, card.features.sample_rate, first.note.midi) :]


def main() -> int:
    """Play pairs of sounds and print the ratios to the recordings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True, help="of notes")
    parser.add_argument("--release", default="chamber", help="with notes")
    parser.add_argument("--pairs", type=int, default=24, help="of sounds")
    parser.add_argument("--workers", type=int, default=1, help="that follow the notes")
    parser.add_argument("--cache", type=Path, help="folder for the trajectories")
    arguments = parser.parse_args()
    release = Library().open(arguments.release)
    low, high = release.card.inputs[1].range
    data = read_notes(arguments.data_dir).notes
    motion, kept = trajectories(release, data, arguments.workers, arguments.cache)
    items = [n for n, index in enumerate(kept) if low <= data[index].midi <= high]
    order = np.random.default_rng(0).permutation(items)[: 2 * arguments.pairs].reshape(2, -1).T
    rate = release.card.features.sample_rate
    found = []
    for pair in order:
        first, second = (ask(data[kept[n]], motion, int(n), rate) for n in pair)
        recorded = [
            roughness(asked.y[: round(asked.held_seconds * rate)], rate, asked.note.midi) for asked in (first, second)
        ]
        limits = max(r.fourth for r in recorded), max(r.jump_db for r in recorded)
        for amount in (0.0, 1.0):
            sound = roughness(play(release, first, second, amount), rate, first.note.midi)
            found.append((amount, sound.fourth / limits[0], sound.jump_db, limits[1]))
            print(
                f"{first.note.name[:34]:35}{second.note.name[:34]:35}amount {amount:.0f}"
                f" fourth {sound.fourth / limits[0]:5.2f}  jump {sound.jump_db:5.1f} dB (recordings {limits[1]:.1f})"
            )
    for amount in (0.0, 1.0):
        rows = np.array([row[1:] for row in found if row[0] == amount])
        calm = (rows[:, 1] <= np.maximum(rows[:, 2], MAX_JUMP_DB)).mean()
        print(
            f"amount {amount:.0f}: fourth differences {np.median(rows[:, 0]):.2f} of the recordings', at most"
            f" {rows[:, 0].max():.2f}, within {MAX_RATIO} for {(rows[:, 0] <= MAX_RATIO).mean():.2f};"
            f" jumps {np.median(rows[:, 1]):.1f} dB, at most {rows[:, 1].max():.1f}, within the bar for {calm:.2f}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
