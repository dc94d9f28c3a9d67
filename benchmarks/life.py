"""Compares how notes move: held-out recordings, the release that holds still, a sampler, the release that moves.

    python -m benchmarks.life --data-dir ../shared/data [--release NAME] [--limit N]

Every seventh pitch and all notes of one instrument are left out of the motion, then played from the position that the
release's encoder gives them, for as long as the recording is held. Figures of the sound, not of the parameters:

- slope: of the level over up to a second from 50 ms after the attack, dB/s; within 30 % or 2 dB/s of the recording's
- attack: from 10 % to 90 % of the largest amplitude (10 ms, or one period) of the first second; within 50 % or 15 ms
- change: mean difference of a bin from frame to frame (2048/512, down to −60 dB) while held; 0.7 to 1.4 of it
- vibrato: rate and depth of the pitch between 3.5 and 9 Hz where the recording has 8 cents; both within 1.5
- distance: log-spectral, along the whole note from the onset (2048/512, down to −60 dB), both at one level

"Same instrument" is a sampler that knows which instrument to play: the recording of it that is nearest in pitch and
dynamic, resampled. It says how far two notes of one instrument differ, which nobody can know who has not heard both.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from aitunes.audio_processing.griffin_lim import DEFAULT_ITERATIONS
from aitunes.audio_processing.metrics import log_spectral_distance
from aitunes.datasets.notes import Note, read_notes
from aitunes.features import FloatArray, stft_magnitudes
from aitunes.release.motion import Motion
from aitunes.release.reader import Release, read_release
from instrument.namespace import ROOT
from instrument.storage.library import Library
from instrument.synthesis.motion_choice import NoteMotions
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer
from training.data.note_motion import find_marks, short_levels_db
from training.data.pitch import refine_pitch
from training.export.motion import DYNAMICS, OnnxEncoder, add_motion, follow_notes, join_tracks

HELD_OUT_INSTRUMENT = "guitar"
EVERY, OFFSET = 7, 3
N_FFT, HOP = 2048, 512
FLOOR_DB = -60.0
MIN_VIBRATO_CENTS = 8.0
_FIGURES = ("slope", "attack", "change", "rate", "depth")


@dataclass(frozen=True)
class Figures:
    """Keeps the measures of one sound; rate and depth are NaN without vibrato."""

    slope: float
    attack: float
    change: float
    rate: float
    depth: float
    distance: float = 0.0


@dataclass(frozen=True)
class Asked:
    """A held-out note: its recording from the onset on, and how it is played."""

    note: Note
    y: FloatArray
    held_seconds: float
    velocity: float
    z: FloatArray


def onset(y: FloatArray, rate: int, midi: float) -> int:
    """Return the first sample within 34 dB of the peak level."""
    level = levels(y, rate, midi)
    return max(0, int(np.argmax(level > level.max() - 34.0)) * 256)


def levels(y: FloatArray, rate: int, midi: float) -> np.ndarray:
    """Level every 256 samples, dB."""
    from aitunes.features import AudioFeatures

    features = AudioFeatures(sample_rate=rate, n_fft=512, hop_length=256, scale="linear", f_max=rate / 2)
    frames = len(y) // 256
    return short_levels_db(y, features, midi, frames + 2)[1 : frames + 1]


def measure(y: FloatArray, rate: int, midi: float, held_seconds: float) -> Figures:
    """Figures of a sound that begins at its onset."""
    held = y[: max(int(held_seconds * rate), N_FFT)]
    level, step = levels(held, rate, midi), 256 / rate
    amplitude = 10.0 ** (level / 20.0)
    first = amplitude[: int(1.0 / step)]
    rise = (crossing(first, 0.9 * first.max()) - crossing(first, 0.1 * first.max())) * step
    smooth = np.convolve(np.pad(level, 4, mode="edge"), np.ones(9) / 9, "valid")[: len(first)]
    begin = int(np.argmax(smooth >= smooth.max() - 1.0)) + 8
    part = level[begin : begin + int(1.0 / step)]
    seconds = np.arange(len(part)) * step
    slope = float(np.polyfit(seconds, part, 1)[0]) if len(part) > 30 else np.nan
    steady = held[begin * 256 :][: rate * 2]
    rate_hz, depth = vibrato(steady, rate, midi)
    return Figures(slope, 1e3 * rise, change(steady), rate_hz, depth)


def crossing(amplitude: np.ndarray, threshold: float) -> float:
    """Index, with fraction, at which an amplitude first reaches a threshold."""
    at = int(np.argmax(amplitude >= threshold))
    if at == 0:
        return 0.0
    return at - 1 + float((threshold - amplitude[at - 1]) / (amplitude[at] - amplitude[at - 1]))


def change(y: FloatArray) -> float:
    """Mean difference of a bin from frame to frame, dB."""
    if len(y) < 3 * N_FFT:
        return float("nan")
    S = stft_magnitudes(y, N_FFT, HOP)
    db = 20.0 * np.log10(np.maximum(S, 1e-9))
    audible = db[:, 1:] > db.max() + FLOOR_DB
    return float(np.abs(np.diff(db, axis=1))[audible].mean())


def vibrato(y: FloatArray, rate: int, midi: float) -> tuple[float, float]:
    """Rate (Hz) and depth (cents) of the pitch's strongest oscillation; NaN where there is none."""
    hop = 512
    if len(y) < rate * 0.8:
        return float("nan"), float("nan")
    windows = np.lib.stride_tricks.sliding_window_view(y, N_FFT)[::hop]
    cents = 100.0 * (refine_pitch(windows, np.zeros(len(windows)), midi, rate) - midi)
    cents = cents - np.polyval(np.polyfit(np.arange(len(cents)), cents, 1), np.arange(len(cents)))
    window = np.hanning(len(cents))
    spectrum = np.abs(np.fft.rfft(cents * window, 1024)) * 2.0 / window.sum()
    hz = np.fft.rfftfreq(1024, hop / rate)
    inside = (hz > 3.5) & (hz < 9.0)
    at = int(np.argmax(np.where(inside, spectrum, 0.0)))
    # A slow drift or slips of the tracker are no vibrato: the peak must stand above all else.
    outside = spectrum[(hz > 12.0) | ((hz > 1.0) & (hz < 3.0))].max()
    if spectrum[at] < MIN_VIBRATO_CENTS or spectrum[at] < 1.5 * outside:
        return float("nan"), float("nan")
    return float(hz[at]), float(spectrum[at])


def distance(y: FloatArray, recording: FloatArray) -> float:
    """Log-spectral distance along the whole recording, both at the same peak level."""
    y = np.pad(y, (0, max(0, len(recording) - len(y))))[: len(recording)]
    S, M = stft_magnitudes(y, N_FFT, HOP), stft_magnitudes(recording, N_FFT, HOP)
    scale = np.sqrt((M**2).sum(axis=0).max() / max((S**2).sum(axis=0).max(), 1e-12))
    return log_spectral_distance((S * scale).T, M.T, floor_db=FLOOR_DB)


def play(release: Release, asked: Asked, amount: float, seed: int = 0) -> FloatArray:
    """Return the note as the instrument plays it, from its onset on."""
    card = release.card
    rate = card.features.sample_rate
    renderer = ReleaseRenderer(release, rate, DEFAULT_ITERATIONS, background=False)
    performance = Performance.of(card, DEFAULT_ITERATIONS)
    key = round(asked.note.midi)
    for path, *values in (
        ("/latent", *np.clip(card.latent.coordinates(asked.z), -4.0, 4.0).tolist()),
        ("/drone", False),
        ("/motion", amount),
        ("/motion/seed", seed),
        ("/bend", asked.note.midi - key),
        ("/note", key, max(1, round(127 * asked.velocity))),
    ):
        performance.apply(ROOT + path, tuple(values))
    blocks = []
    for n in range(int(np.ceil((len(asked.y) / rate + 0.5) / renderer.hop_seconds))):
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


def is_held_out(note: Note, low: float, high: float) -> bool:
    """Return whether a note that the release plays is kept from the motion."""
    left_out = round(note.midi) % EVERY == OFFSET or note.label == HELD_OUT_INSTRUMENT
    return low <= note.midi <= high and left_out


def ask(note: Note, motion: Motion, item: int, rate: int) -> Asked:
    """Return a held-out note as a player would play it."""
    y = note.read(rate)
    y = y[onset(y, rate, note.midi) :]
    level = levels(y, rate, note.midi)
    marks = find_marks(level - level.max(), rate / 256)
    index = slice(motion.code_starts[item], motion.code_starts[item + 1])
    loud = motion.offsets[index].mean(axis=0)
    velocity = DYNAMICS.get(note.dynamic, 1.0)
    return Asked(note, y[: marks[4] * 256], marks[3] * 256 / rate, velocity, motion.codes[item] + 0.0 * loud)


def within(figures: Figures, reference: Figures) -> dict[str, bool]:
    """Which bars a sound meets; what the recording does not have is not asked for."""

    def near(name: str, share: float, least: float) -> bool:
        target = getattr(reference, name)
        return bool(abs(getattr(figures, name) - target) <= max(share * abs(target), least))

    def factor(name: str) -> bool:
        value, target = getattr(figures, name), getattr(reference, name)
        return bool(np.isfinite(value) and 1.0 / 1.5 <= value / target <= 1.5)

    met = {"attack": near("attack", 0.5, 15.0)}
    if np.isfinite(reference.slope):
        met["slope"] = near("slope", 0.3, 2.0)
    if np.isfinite(reference.change):
        met["change"] = bool(0.7 <= figures.change / reference.change <= 1.4)
    if np.isfinite(reference.rate):
        met["vibrato"] = factor("rate") and factor("depth")
    return met


def with_distance(y: FloatArray, rate: int, asked: Asked) -> Figures:
    """Measure a sound against the recording of the note that was asked for."""
    figures = measure(y, rate, asked.note.midi, asked.held_seconds)
    return Figures(*(getattr(figures, name) for name in _FIGURES), distance(y, asked.y))


def print_rows(rows: dict[str, list[tuple[str, Figures, Figures]]]) -> None:
    """Print a line for each instrument and way, then the fractions within the bars."""
    labels = sorted({label for label, _, _ in next(iter(rows.values()))})
    print(f"\n{'':28}{'':17}{'slope':>7}{'attack':>8}{'change':>8}{'LSD':>7}")
    for label in labels:
        for way, notes in rows.items():
            chosen = [figures for name, figures, _ in notes if name == label]
            columns = [np.nanmedian([getattr(f, name) for f in chosen]) for name in ("slope", "attack", "change")]
            mean = np.mean([f.distance for f in chosen])
            print(f"{label:28}{way:17}{columns[0]:7.1f}{columns[1]:8.0f}{columns[2]:8.2f}{mean:7.2f}")
    print(f"\n{'fraction within the bar':28}{'slope':>9}{'attack':>9}{'change':>9}{'vibrato':>9}{'LSD dB':>9}")
    for way, notes in rows.items():
        met = [within(figures, reference) for _, figures, reference in notes]
        shares = [np.mean([m[bar] for m in met if bar in m]) for bar in ("slope", "attack", "change", "vibrato")]
        mean = np.mean([figures.distance for _, figures, _ in notes])
        print(f"{way:28}" + "".join(f"{share:9.2f}" for share in shares) + f"{mean:9.2f}")
    vibrato_notes = sum(bool(np.isfinite(reference.rate)) for _, _, reference in next(iter(rows.values())))
    print(f"{len(next(iter(rows.values())))} notes, {vibrato_notes} with vibrato")


def compare(
    release: Release, notes: Sequence[Note], motion: Motion, held: np.ndarray, limit: int | None
) -> dict[str, list[tuple[str, Figures, Figures]]]:
    """Play and measure every held-out note in every way."""
    rate = release.card.features.sample_rate
    known = np.flatnonzero(~held)
    motions = NoteMotions(motion.of(known))
    rows: dict[str, list[tuple[str, Figures, Figures]]] = {}
    chosen = np.flatnonzero(held)
    if limit:
        chosen = chosen[np.linspace(0, len(chosen) - 1, min(limit, len(chosen))).astype(int)]
    with tempfile.TemporaryDirectory() as folder:
        moving = read_release(add_motion_in(Path(folder), release, motion.of(known)))
        for count, item in enumerate(chosen, 1):
            asked = ask(notes[item], motion, int(item), rate)
            reference = with_distance(asked.y, rate, asked)
            nearest = known[motions.choose(asked.z, asked.note.midi, asked.velocity).index]
            same = same_instrument(notes, known, asked.note)
            ways: dict[str, Callable[[], FloatArray]] = {
                "recording": lambda a=asked: a.y,
                "holds still": lambda a=asked: play(release, a, 0.0),
                "sampler": lambda a=asked, n=nearest: sampled(notes[n].read(rate), notes[n].midi, rate, a),
                "moves": lambda a=asked: play(moving, a, 1.0),
            }
            if same is not None:
                ways["same instrument"] = lambda a=asked, n=same: sampled(notes[n].read(rate), notes[n].midi, rate, a)
            for way, sound in ways.items():
                rows.setdefault(way, []).append((asked.note.label, with_distance(sound(), rate, asked), reference))
            print(f"\r{count}/{len(chosen)} {asked.note.name[:60]:60}", end="", file=sys.stderr, flush=True)
    return rows


def same_instrument(notes: Sequence[Note], known: np.ndarray, asked: Note) -> int | None:
    """Return the known note of the same instrument that is nearest in dynamic, then in pitch."""
    alike = [n for n in known if notes[n].label == asked.label]
    velocity = DYNAMICS.get(asked.dynamic, 1.0)

    def apart(n: int) -> float:
        return 100.0 * abs(DYNAMICS.get(notes[n].dynamic, 1.0) - velocity) + abs(notes[n].midi - asked.midi)

    return int(min(alike, key=apart)) if alike else None


def add_motion_in(folder: Path, release: Release, motion: Motion) -> Path:
    """Return a copy of a release with another motion."""
    import shutil

    copy = folder / release.card.name
    shutil.copytree(release.folder, copy)
    return add_motion(copy, motion)


def main() -> int:
    """Follow all notes, leave some out, play those."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True, help="of notes, or of several folders of notes")
    parser.add_argument("--release", default="chamber", help="with notes")
    parser.add_argument("--limit", type=int, help="play only so many")
    parser.add_argument("--workers", type=int, default=1, help="that follow the notes")
    arguments = parser.parse_args()
    release = Library().open(arguments.release)
    low, high = release.card.inputs[1].range
    data = read_notes(arguments.data_dir).notes
    encode = OnnxEncoder(release.folder)
    features = release.card.features
    motion, kept = join_tracks(list(follow_notes(data, features, encode, arguments.workers)), data, features)
    notes = [data[n] for n in kept]
    held = np.array([is_held_out(note, low, high) for note in notes])
    print_rows(compare(release, notes, motion, held, arguments.limit))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
