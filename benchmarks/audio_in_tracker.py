"""Measures the pitch tracker: how often it is right, an octave off, how soon, and what it costs."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aitunes.audio_generation.notes import GeneratedNote
from aitunes.audio_processing.pitch_tracker import PitchTracker
from aitunes.pitch import midi_to_hz

RATE, BLOCK, LEAD = 44_100, 128, 2_205
_SETTLED = round(0.03 * RATE)
_OCTAVES = (12, 19, 24, 28, 31, 36)


class Sound(NamedTuple):
    """Holds a sound, its first sample, and the pitch that it has at a sample, 0 for none."""

    y: np.ndarray
    onset: int
    pitch: Callable[[int], float]


def with_noise(y: np.ndarray, snr_db: float, rng: np.random.Generator) -> np.ndarray:
    """Put noise of the whole band under a sound, also before it."""
    power = np.mean(y**2) * 10.0 ** (-0.1 * snr_db)
    y = np.concatenate([np.zeros(LEAD), y])
    return (y + np.sqrt(power) * rng.standard_normal(len(y))).astype(np.float32)


def generated(snr_db: float, count: int = 90) -> Iterator[Sound]:
    """Make notes in nine families of timbres, which know nothing of the tracker."""
    rng = np.random.default_rng(1)
    for n in range(count):
        note = GeneratedNote(n, seed=5)
        yield Sound(with_noise(note.read(RATE)[: RATE // 2], snr_db, rng), LEAD, lambda _, m=note.midi: m)


def glides(snr_db: float, count: int = 40) -> Iterator[Sound]:
    """Make glides of up to an octave with vibrato."""
    rng = np.random.default_rng(2)
    for _ in range(count):
        low = rng.uniform(45, 80)
        t = np.arange(round(0.6 * RATE)) / RATE
        midi = low + rng.uniform(-12, 12) * t / 0.6 + 0.3 * np.sin(2 * np.pi * 5.5 * t)
        phase = np.cumsum(2 * np.pi * midi_to_hz(midi) / RATE)
        numbers = range(1, int(rng.integers(2, 13)))
        y = sum(np.sin(n * phase + rng.uniform(0, 6)) * n ** -rng.uniform(0.5, 1.5) for n in numbers)
        y = 0.3 * y / np.abs(y).max()
        heard = midi[np.clip(np.arange(len(midi)) - 400, 0, None)]  # at the end of a block, its last periods
        yield Sound(
            with_noise(y, snr_db, rng), LEAD, lambda end, m=heard: float(m[min(max(end - LEAD, 0), len(m) - 1)])
        )


def recorded(folder: Path, snr_db: float, every: int = 2) -> Iterator[Sound]:
    """Read recorded notes, with the pitch that pYIN gives each moment within a minor third of the label."""
    import librosa
    import soundfile

    rng = np.random.default_rng(3)
    for row in list(csv.DictReader((folder / "labels.csv").open(encoding="utf-8")))[::every]:
        midi = float(row.get("midi_measured") or row["midi"])
        if not 36.0 <= midi <= 95.0:
            continue
        y, rate = soundfile.read(folder / row["path"], dtype="float32", always_2d=True)
        if rate != RATE:
            continue
        y = y.mean(axis=1)
        begin = int(np.argmax(np.abs(y) > 0.1 * np.abs(y).max()))
        y = y[begin : begin + round(0.6 * RATE)]
        low, high = (float(midi_to_hz(midi + side)) for side in (-3.0, 3.0))
        hz = librosa.pyin(y, fmin=low, fmax=high, sr=RATE, frame_length=4_096, hop_length=256)[0]
        truth = np.nan_to_num(69.0 + 12.0 * np.log2(hz / 440.0))
        yield Sound(
            with_noise(y, snr_db, rng),
            LEAD,
            lambda end, m=truth: float(m[min(max(end - LEAD - 500, 0) // 256, len(m) - 1)]),
        )


def judge(name: str, sounds: Iterator[Sound]) -> None:
    """Print a row: raw pitch accuracy, octave errors, time to the first right pitch."""
    right = octaves = count = 0
    first: list[float] = []
    for y, onset, pitch in sounds:
        tracker, known = PitchTracker(RATE), False
        for at in range(0, len(y) - BLOCK, BLOCK):
            if at <= onset < at + BLOCK:
                tracker.begin(at - onset)
            midi, end = tracker.look(y[at : at + BLOCK]).midi, at + BLOCK
            wanted = pitch(end)
            apart = abs(midi - wanted)
            if end > onset and not known and wanted and apart < 0.5:
                known = True
                first.append(1e3 * (end - onset) / RATE)
            if end >= onset + _SETTLED and wanted:
                count += 1
                right += apart < 0.5
                octaves += midi > 0.0 and any(abs(apart - interval) < 0.5 for interval in _OCTAVES)
    soon = f"{np.median(first):.1f} ms, 90 % {np.percentile(first, 90):.1f}"
    print(f"| {name} | {100 * right / count:.1f} % | {100 * octaves / count:.2f} % | {soon} |")


def time_to_pitch(midi: float, count: int = 60) -> None:
    """Print how long after its onset a note's pitch is known, at 30 dB of noise."""
    rng = np.random.default_rng(4)
    found = []
    for _ in range(count):
        t = np.arange(round(0.2 * RATE)) / RATE
        y = sum(np.sin(2 * np.pi * float(midi_to_hz(midi)) * n * t + rng.uniform(0, 6)) / n for n in range(1, 10))
        noisy, tracker = with_noise(0.1 * y, 30.0, rng)[int(rng.integers(BLOCK)) :], PitchTracker(RATE)
        onset = LEAD - (LEAD + len(y) - len(noisy))
        for at in range(0, len(noisy) - BLOCK, BLOCK):
            if at <= onset < at + BLOCK:
                tracker.begin(at - onset)
            if abs(tracker.look(noisy[at : at + BLOCK]).midi - midi) < 0.5 and at + BLOCK > onset:
                found.append(1e3 * (at + BLOCK - onset) / RATE)
                break
    late = f"median {np.median(found):.1f} ms, most {max(found):.1f} ms"
    print(f"pitch known, MIDI {midi:.0f}      {late}, {len(found)} of {count}")


def share_of_a_core(seconds: float = 4.0) -> None:
    """Print what a look every 128 samples costs, of one core's time."""
    rng = np.random.default_rng(0)
    t = np.arange(round(seconds * RATE)) / RATE
    tones = {
        f"tone {midi}": sum(np.sin(2 * np.pi * float(midi_to_hz(midi)) * n * t) / n for n in range(1, 9))
        for midi in (45, 60, 80)
    }
    for name, y in {**tones, "noise": rng.standard_normal(len(t))}.items():
        tracker, y = PitchTracker(RATE), y.astype(np.float32)
        shares = []
        for part in np.array_split(y[: len(y) // BLOCK * BLOCK].reshape(-1, BLOCK), 8):
            begin = time.thread_time()
            for block in part:
                tracker.look(block)
            shares.append((time.thread_time() - begin) * RATE / part.size)
        print(f"tracker's share of a core  {name:8} {100 * np.median(shares):.1f} %")


def main(notes: Path | None) -> None:
    """Print all figures of the tracker."""
    print("| sounds | right within 50 cents | octave errors | first right pitch |\n| --- | --- | --- | --- |")
    for snr_db in (10.0, 20.0, 30.0):
        judge(f"generated notes, noise {snr_db:.0f} dB below", generated(snr_db))
        judge(f"glides with vibrato, noise {snr_db:.0f} dB below", glides(snr_db))
    if notes is not None:
        for snr_db in (10.0, 20.0, 30.0):
            judge(f"recorded notes, noise {snr_db:.0f} dB below", recorded(notes, snr_db))
    for midi in (40.0, 48.0, 60.0, 72.0):
        time_to_pitch(midi)
    share_of_a_core()
