"""Compares a trained segment model with principal components, as many, of the same segments, on held-out tracks.

    aitunes-train train -E folder -S low-dim32 --data-dir ../shared/data/music -e 110
    python -m benchmarks.segments --data-dir ../shared/data/music [-S low-dim32] [--runs runs] [--features FOLDER]

The components are fitted to the segments that the model was trained on. Held-out tracks, one in ten, are encoded and
decoded: log-spectral distance of the mel bands, then, of the sound that the instrument makes of at most so many
seconds of each, log-spectral distance and mel-cepstral distortion against the sound of the true segments. A row a
first-level folder of the data. The lower, the better.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.experiments.cases.folder import FOLDER
from aitunes.experiments.run_files import BEST_CHECKPOINT, LAST_CHECKPOINT
from aitunes.features import AudioFeatures
from training.data.corpus import Corpus, CorpusOptions, Part, open_corpus
from training.evaluate.components import SegmentModel, components
from training.evaluate.inference import reconstruct
from training.fit.trained import load_trained
from training.learn.rendering import distances

_SECONDS = 6.0


def main() -> None:
    """Measure and print a table for docs/decisions/0015-segments.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("-S", "--scenario", default="low-dim32")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="of checkpoints")
    parser.add_argument("--features", type=Path, help="prepared ones")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    scenario = FOLDER.scenarios.find(arguments.scenario)
    options = CorpusOptions(data_dir=arguments.data_dir, features=arguments.features)
    corpus = open_corpus(FOLDER, scenario, options, lambda done, total, seconds: None, print)
    run = arguments.runs / "folder" / scenario.name
    kept = next(run / name for name in (BEST_CHECKPOINT, LAST_CHECKPOINT) if (run / name).is_file())
    trained = load_trained(FOLDER, scenario, kept)
    network = trained.experiment.model
    models: dict[str, SegmentModel] = {
        "components": components(np.asarray(corpus.train.S), network.latent_dim),
        f"{scenario.name}, {trained.epochs} epochs": lambda S: reconstruct(network, S),
    }
    print_table(corpus, models)


def print_table(corpus: Corpus, models: dict[str, SegmentModel]) -> None:
    """Print a row for each label and one for all tracks, each track counting alike."""
    features = corpus.features or AudioFeatures()
    print("| held-out tracks of | " + " | ".join(models) + " |\n| --- |" + " --- |" * len(models))
    every = []
    for label in sorted({str(label) for label in corpus.held.labels}):
        part = corpus.held.of(np.flatnonzero(corpus.held.labels == label))
        tracks = [part.of(np.flatnonzero(part.names == name)) for name in np.unique(part.names)]
        figures = np.array([[of_track(model, track, features) for model in models.values()] for track in tracks])
        every.append(figures)
        print_row(f"{label} ({len(tracks)})", figures)
    print_row("all", np.concatenate(every))


def of_track(model: SegmentModel, track: Part, features: AudioFeatures) -> tuple[float, float, float]:
    """Measure a track: distance of its bands, distance and distortion of its sound, dB."""
    S = np.asarray(track.S)
    decoded = model(S)
    low, high = features.db_range
    bands = float(np.sqrt((((decoded - S) * (high - low)) ** 2).mean(axis=1)).mean())
    count = max(1, round(_SECONDS * features.frame_rate / features.frames))
    sounds = [sound_of_frames(np.concatenate(list(part[:count]), axis=1), features) for part in (decoded, S)]
    return bands, *distances(*sounds)


def print_row(title: str, figures: np.ndarray) -> None:
    """Print the means over tracks [tracks, models, measures]."""
    cells = (" / ".join(f"{value:.2f}" for value in values) for values in figures.mean(axis=0))
    print(f"| {title} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
