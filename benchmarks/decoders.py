"""Which decoder for notes: every scenario of the notes case, trained alike, judged by sound on notes it never saw.

    python -m benchmarks.decoders --data-dir ../shared/data/notes --epochs 6

A held-out note is encoded, decoded, and brought back to sound by the instrument's own phase reconstruction; that sound
is compared with the recording. What a scenario gave is kept in `--runs`, so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from aitunes.audio_processing.levels import FULL_LEVEL_DB, frame_levels_db
from aitunes.audio_processing.metrics import log_spectral_distance, spectral_convergence
from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.datasets.notes import Note, read_notes
from aitunes.experiments.cases import find_case
from aitunes.features import AudioFeatures, FloatArray, stft_magnitudes
from training.data.corpus import CorpusOptions
from training.data.note_frames import analysed, note_segments
from training.evaluate.inference import reconstruct
from training.fit.options import TrainOptions
from training.fit.trained import Trained
from training.headless import HeadlessActionPipeline

_SECONDS = 1.2
_RESOLUTIONS = (512, 1024, 2048, 4096)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--scenario", nargs="*", help="some of them (default: all)")
    parser.add_argument("--runs", type=Path, default=Path("runs/decoders"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    case = find_case("notes")
    notes = {note.name: note for note in read_notes(arguments.data_dir).notes}
    rows = {}
    for scenario in case.scenarios:
        if arguments.scenario and scenario.name not in arguments.scenario:
            continue
        kept = arguments.runs / f"{scenario.name}-{arguments.epochs}.json"
        if not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(_judge(scenario.name, arguments, notes)))
        rows[scenario.name] = json.loads(kept.read_text())
        print(_row(scenario.name, rows[scenario.name]), flush=True)
    _print_table(rows)


def _judge(name: str, arguments: argparse.Namespace, notes: dict[str, Note]) -> dict[str, float]:
    """Train one scenario and measure it."""
    actions = HeadlessActionPipeline(CorpusOptions(arguments.data_dir), arguments.runs)
    actions.select_experiment("notes")
    actions.select_scenario(name)
    corpus = actions.corpus()
    begin = time.process_time()
    trained = actions.train(arguments.epochs, options=TrainOptions(actions.run_dir, quiet=True))
    seconds = time.process_time() - begin
    held = [notes[note] for note in np.unique(corpus.held.names)]
    found = np.array([_distances(trained, note, corpus.features or AudioFeatures()) for note in held])
    weights = sum(weight.numel() for weight in trained.experiment.model.parameters())
    lsd, multi, convergence = found.mean(axis=0).tolist()
    return {"lsd": lsd, "multi": multi, "convergence": convergence, "weights": weights, "seconds": seconds}


def _distances(trained: Trained, note: Note, features: AudioFeatures) -> tuple[float, float, float]:
    """Log-spectral distance (dB), multi-resolution distance, spectral convergence (dB) of a note's sound."""
    y = note.read(features.sample_rate)
    _, magnitudes, loud = analysed(y, features)
    y = y * np.float32(10.0 ** ((FULL_LEVEL_DB - frame_levels_db(magnitudes).max()) / 20.0))
    frames = round(_SECONDS * features.frame_rate)
    S, conditions = note_segments(y, note.midi, features, max(1, frames // features.frames))
    decoded = reconstruct(trained.experiment.model, S, conditions)
    sound = sound_of_frames(np.concatenate(list(decoded), axis=1), features)
    start = features.n_fft - int(loud[0]) * features.hop_length  # of the note in the sound
    recording = np.pad(y, (max(start, 0), 0))[max(-start, 0) :]
    # The first and last windows hold frames that were not decoded.
    inside = slice(features.n_fft, min(len(sound), len(recording), S.shape[0] * features.frames * features.hop_length))
    return _compare(sound[inside], recording[inside])


def _compare(sound: FloatArray, recording: FloatArray) -> tuple[float, float, float]:
    fine = [stft_magnitudes(y, 2048, 512) for y in (sound, recording)]
    distance = log_spectral_distance(*fine, floor_db=-60.0, axis=0)
    return distance, multi_resolution(sound, recording), spectral_convergence(*fine)


def multi_resolution(sound: FloatArray, recording: FloatArray) -> float:
    """Return the mean over resolutions of spectral convergence and error of natural logarithms, added."""
    pairs = [[stft_magnitudes(y, n_fft, n_fft // 4) for y in (sound, recording)] for n_fft in _RESOLUTIONS]
    return float(np.mean([10.0 ** (spectral_convergence(*pair) / 20.0) + _log_error(*pair) for pair in pairs]))


def _log_error(estimate: FloatArray, reference: FloatArray) -> float:
    """Mean absolute error of natural logarithms, down to 60 dB below the loudest (Yamamoto et al. 2020, equation 6)."""
    floor = 1e-3 * reference.max()
    return float(np.abs(np.log(np.maximum(estimate, floor) / np.maximum(reference, floor))).mean())


def _row(name: str, row: dict[str, float]) -> str:
    figures = f"{row['lsd']:.2f} | {row['multi']:.3f} | {row['convergence']:.1f}"
    return f"| {name} | {figures} | {row['weights'] / 1e3:.0f} k | {row['seconds']:.0f} s |"


def _print_table(rows: dict[str, dict[str, float]]) -> None:
    print("\n| scenario | log-spectral distance, dB | multi-resolution | convergence, dB | weights | training |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, row in sorted(rows.items(), key=lambda item: item[1]["multi"]):
        print(_row(name, row))


if __name__ == "__main__":
    main()
