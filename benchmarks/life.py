"""Compares how notes move: held-out recordings, the release that holds still, samplers, and ways to move.

    python -m benchmarks.life --data-dir ../shared/data/notes [--release NAME] [--limit N] [--each]

Every seventh pitch and all notes of one instrument are left out of the motion, then played from the position that the
release's encoder gives them, for as long as the recording is held. Figures of the sound, not of the parameters:

- slope: of the level over up to a second from 50 ms after the attack, dB/s; within 30 % or 2 dB/s of the recording's
- attack: from 10 % to 90 % of the largest amplitude (10 ms, or one period) of the first second; within 50 % or 15 ms
- change: mean difference of a bin from frame to frame (2048/512, down to −60 dB) while held; 0.7 to 1.4 of it
- vibrato: rate and depth of the pitch between 3.5 and 9 Hz where the recording has 8 cents; both within 1.5
- distance: log-spectral, along the whole note from the onset (2048/512, down to −60 dB), both at one level

"Moves" knows the place alone; "moves as encoded" the contour, too, that was measured on the held-out note: its attack
and its slope beside what is typical of the place, as a note has them that is dropped on the pad. The trajectory is
another note's. "Its own", with --models, moves as the held-out note itself did: what the synthesis loses. "Same
instrument" is a sampler that knows which instrument to play: the recording of it that is nearest in dynamic and pitch,
resampled; the held-out instrument has none. "Autoregressive" and "recurrent" are models of `benchmarks.life_models`.

The trajectories are kept in the folder of `--cache` and read from there the next time.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aitunes.datasets.notes import Note, read_notes
from aitunes.features import FloatArray
from aitunes.motion.choice import Choice, Contour, NoteMotions, attack_seconds, slope_db
from aitunes.release.motion import ATTACK_END, RELEASE_START, Motion
from aitunes.release.reader import Release
from benchmarks.life_figures import BARS, Figures, compared, measure, rise_and_slope, within
from benchmarks.life_models import TrajectoryModel, linear_model, recurrent_model
from benchmarks.life_notes import Asked, ask, moving_release, play, sampled, trajectories
from instrument.storage.library import Library
from instrument.synthesis.motion import MotionSettings, NotePlayer
from training.export.motion import DYNAMICS

HELD_OUT_INSTRUMENT = "guitar"
EVERY, OFFSET = 7, 3
Row = tuple[str, float, Figures, Figures]
"""Instrument, pitch, figures of the sound, and those of the recording."""


@dataclass(frozen=True)
class Material:
    """Holds notes with their trajectories.

    Args:
        held: which are played, [notes].
        known: numbers of those that motion, samplers and models know.
    """

    notes: Sequence[Note]
    motion: Motion
    held: np.ndarray
    known: np.ndarray

    @classmethod
    def of(cls, notes: Sequence[Note], motion: Motion, low: float, high: float) -> Material:
        """Hold out every seventh pitch and one instrument; of the rest all are known."""
        left_out = np.array([round(note.midi) % EVERY == OFFSET or note.label == HELD_OUT_INSTRUMENT for note in notes])
        playable = np.array([low <= note.midi <= high for note in notes])
        return cls(notes, motion, left_out & playable, np.flatnonzero(~left_out))

    def chosen(self, limit: int | None) -> np.ndarray:
        """Return the numbers of the held-out notes, or of so many of them, evenly spread."""
        items = np.flatnonzero(self.held)
        return items if not limit else items[np.linspace(0, len(items) - 1, min(limit, len(items))).astype(int)]


def same_instrument(material: Material, asked: Note) -> int | None:
    """Return the known note of the same instrument that is nearest in dynamic, then in pitch."""
    notes = material.notes
    alike = [n for n in material.known if notes[n].label == asked.label]
    velocity = DYNAMICS.get(asked.dynamic, 1.0)

    def apart(n: int) -> float:
        return 100.0 * abs(DYNAMICS.get(notes[n].dynamic, 1.0) - velocity) + abs(notes[n].midi - asked.midi)

    return int(min(alike, key=apart)) if alike else None


def ways_of(
    release: Release, material: Material, models: dict[str, TrajectoryModel], folder: Path
) -> Callable[[int, Asked], dict[str, Callable[[], FloatArray]]]:
    """Return what gives every way to play a held-out note."""
    rate, notes = release.card.features.sample_rate, material.notes
    known = material.motion.of(material.known)
    motions = NoteMotions(known)
    moving = moving_release(folder / "moving", release, known)

    def with_motion(name: str, motion: Motion) -> Release:
        return moving_release(folder / name, release, motion)

    def ways(item: int, asked: Asked) -> dict[str, Callable[[], FloatArray]]:
        nearest = motions.choose(asked.z, asked.note.midi, asked.velocity).index
        like, same = notes[material.known[nearest]], same_instrument(material, asked.note)
        found: dict[str, Callable[[], FloatArray]] = {
            "recording": lambda: asked.y,
            "holds still": lambda: play(release, asked, 0.0),
            "sampler": lambda: sampled(like.read(rate), like.midi, rate, asked),
            "moves": lambda: play(moving, asked, 1.0),
            "moves as encoded": lambda: play(
                moving, asked, 1.0, heard(motions, material.motion.of(np.array([item])), asked)
            ),
        }
        if models:
            found["its own"] = lambda: play(with_motion("own", material.motion.of(np.array([item]))), asked, 1.0)
        for name, model in models.items():
            found[name] = lambda m=model, n=name: play(with_motion(n, m.motion_of(asked, known, nearest)), asked, 1.0)
        if same is not None:
            found["same instrument"] = lambda: sampled(notes[same].read(rate), notes[same].midi, rate, asked)
        return found

    return ways


def compare(
    release: Release, material: Material, models: dict[str, TrajectoryModel], limit: int | None, each: bool
) -> dict[str, list[Row]]:
    """Play and measure held-out notes in every way; an interruption keeps what was measured.

    Args:
        each: print a line for each sound, ! where a bar is missed.
    """
    rate = release.card.features.sample_rate
    rows: dict[str, list[Row]] = {}
    chosen = material.chosen(limit)
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(KeyboardInterrupt):
        ways = ways_of(release, material, models, Path(folder))
        for count, item in enumerate(chosen, 1):
            asked = ask(material.notes[item], material.motion, int(item), rate)
            note = asked.note
            reference = measure(asked.y, rate, note.midi, asked.held_seconds)
            found = {
                way: compared(sound(), rate, note.midi, asked.held_seconds, asked.y, reference)
                for way, sound in ways(int(item), asked).items()
            }
            for way, figures in found.items():
                rows.setdefault(way, []).append((note.label, note.midi, figures, reference))
                if each:
                    print_line(f"{note.label} {note.midi:.1f}", way, figures, reference)
            print(f"\r{count}/{len(chosen)} {note.name[:60]:60}", end="", file=sys.stderr, flush=True)
    return rows


def print_line(name: str, way: str, figures: Figures, reference: Figures) -> None:
    """Print the figures of a sound."""
    met = within(figures, reference)
    columns = (("slope", figures.slope, 1), ("attack", figures.attack, 0), ("change", figures.change, 2))
    cells = "".join(
        f"{bar:>8}{value:7.{digits}f}{' ' if met.get(bar, True) else '!'}" for bar, value, digits in columns
    )
    print(f"{name:24}{way:17}{cells}{figures.distance:7.2f} dB", flush=True)


def compare_levels(
    material: Material, models: dict[str, TrajectoryModel], level_rate: float, limit: int | None
) -> dict[str, list[Row]]:
    """Compare the levels that are played, without their sound: slope and attack of every held-out note."""
    known = material.motion.of(material.known)
    motions = NoteMotions(known)
    rows: dict[str, list[Row]] = {}
    for item in material.chosen(limit):
        note, one = material.notes[item], material.motion.of(np.array([item]))
        held = int(one.marks[0, RELEASE_START])
        asked = Asked(note, np.zeros(0, np.float32), held / level_rate, DYNAMICS.get(note.dynamic, 1.0), one.codes[0])
        choice = motions.choose(asked.z, note.midi, asked.velocity)
        encoded = motions.choose(asked.z, note.midi, asked.velocity, heard(motions, one, asked))
        same = same_instrument(material, note)
        ways = {
            "recording": one.level[:held],
            "nearest": played_level(motions, Choice(choice.index), held),
            "moves": played_level(motions, choice, held),
            "moves as encoded": played_level(motions, encoded, held),
        }
        for name, model in models.items():
            ways[name] = model.motion_of(asked, known, choice.index).level[:held]
        if same is not None:
            index = int(np.flatnonzero(material.known == same)[0])
            ways["same instrument"] = played_level(motions, Choice(index), held)
        found = {way: Figures(*rise_and_slope(level, level_rate)[:2]) for way, level in ways.items()}
        for way, figures in found.items():
            rows.setdefault(way, []).append((note.label, note.midi, figures, found["recording"]))
    return rows


def heard(motions: NoteMotions, own: Motion, asked: Asked) -> Contour:
    """Return how a held-out note's own level differs from what is typical of its place, as an encoder measures it."""
    release = int(own.marks[0, RELEASE_START])
    attack = attack_seconds(own.level, release, own.level_rate)
    slope = slope_db(own.level, int(own.marks[0, ATTACK_END]), release, own.level_rate)
    return motions.contour(asked.z, asked.note.midi, asked.velocity, attack, slope)


def played_level(motions: NoteMotions, choice: Choice, frames: int) -> np.ndarray:
    """Return the level that a trajectory is played with while a key is held."""
    player = NotePlayer(motions, choice, np.random.default_rng(0))
    step = 1.0 / motions.motion.level_rate
    return np.array([player.advance(step, True, MotionSettings()).level_db for _ in range(frames)])


def print_shares(rows: dict[str, list[Row]]) -> None:
    """Print the fraction of notes within each bar, without the held-out instrument and with it."""
    for title, chosen in (
        ("held-out pitches", lambda label: label != HELD_OUT_INSTRUMENT),
        (f"held-out instrument ({HELD_OUT_INSTRUMENT})", lambda label: label == HELD_OUT_INSTRUMENT),
        ("all", lambda label: True),
    ):
        print(f"\n{title:28}{'notes':>7}" + "".join(f"{bar:>9}" for bar in BARS) + f"{'LSD dB':>9}")
        for way, notes in rows.items():
            part = [(figures, reference) for label, _, figures, reference in notes if chosen(label)]
            met = [within(figures, reference) for figures, reference in part]
            shares = [[m[bar] for m in met if bar in m] for bar in BARS]
            cells = "".join(f"{np.mean(share):9.2f}" if share else f"{'–':>9}" for share in shares)
            distances = [figures.distance for figures, _ in part if np.isfinite(figures.distance)]
            cells += f"{np.mean(distances):9.2f}" if distances else f"{'–':>9}"
            if part:
                print(f"{way:28}{len(part):7}{cells}")


def main() -> int:
    """Follow all notes, leave some out, play those."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True, help="of notes, or of several folders of notes")
    parser.add_argument("--release", default="chamber", help="with notes")
    parser.add_argument("--limit", type=int, help="play only so many")
    parser.add_argument("--workers", type=int, default=1, help="that follow the notes")
    parser.add_argument("--cache", type=Path, help="folder for the trajectories")
    parser.add_argument("--each", action="store_true", help="print a line for each note, ! where a bar is missed")
    parser.add_argument("--levels", action="store_true", help="compare the levels alone, which takes seconds")
    parser.add_argument("--models", action="store_true", help="train and play the autoregressive models, too")
    arguments = parser.parse_args()
    release = Library().open(arguments.release)
    low, high = release.card.inputs[1].range
    data = read_notes(arguments.data_dir).notes
    motion, kept = trajectories(release, data, arguments.workers, arguments.cache)
    material = Material.of([data[n] for n in kept], motion, low, high)
    models: dict[str, TrajectoryModel] = {}
    if arguments.models:
        known = motion.of(material.known)
        models = {"autoregressive": linear_model(known), "recurrent": recurrent_model(known)}
    if arguments.levels:
        print_shares(compare_levels(material, models, release.card.features.frame_rate, arguments.limit))
        return 0
    print_shares(compare(release, material, models, arguments.limit, arguments.each))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
