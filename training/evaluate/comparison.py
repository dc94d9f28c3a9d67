"""Writes an item, its reconstruction and a random sample: arrays to draw, sounds to hear."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.errors import TrainingError
from aitunes.features import AudioFeatures, FloatArray
from training.data.corpus import Corpus
from training.evaluate.assessment import mean_squared_errors
from training.evaluate.inference import reconstruct
from training.evaluate.preview import wav_bytes
from training.evaluate.sampling import sampled
from training.fit.trained import Trained

SECONDS = 4.0


@dataclass(frozen=True)
class Exhibit:
    """Names the files of something to look at and, of audio, to hear.

    Args:
        values: a file of S [bands, frames], [colours, height, width], [height, width] or [values], 0..1, float32.
        sound: a WAV file; None where there is no audio.
        seconds: of the sound; 0 where there is none.
    """

    values: Path
    sound: Path | None
    seconds: float


@dataclass(frozen=True)
class Comparison:
    """Names the files of a held-out item and its reconstruction.

    Args:
        name, label: of the item.
        error: mean squared.
    """

    original: Exhibit
    reconstruction: Exhibit
    name: str
    label: str
    error: float


def compare(trained: Trained, corpus: Corpus, item: int, to: Path) -> Comparison:
    """Write a held-out item and its reconstruction; of audio, up to four seconds of the track from that item on.

    Args:
        to: their folder.

    Raises:
        TrainingError: there is no such item.
    """
    held = corpus.held
    if not 0 <= item < len(held):
        raise TrainingError(f"Held-out items are numbered from 0 to {len(held) - 1}; there is no {item}.")
    chosen = np.array([item])
    if corpus.features is not None:
        following = np.arange(item, min(len(held), item + _segments(corpus.features)))
        chosen = following[held.names[following] == held.names[item]]
    part = held.of(chosen)
    S = np.asarray(part.S)
    decoded = reconstruct(trained.experiment.model, S, part.conditions)
    return Comparison(
        _write(S, corpus.features, to, "original"),
        _write(decoded, corpus.features, to, "reconstruction"),
        str(held.names[item]),
        str(held.labels[item]),
        float(mean_squared_errors(decoded, S).mean()),
    )


def generate(trained: Trained, corpus: Corpus, seed: int, to: Path) -> Exhibit:
    """Write a decoded random code, drawn from the region of the training data's codes.

    Args:
        seed: of the code.
        to: its folder.
    """
    return _write(sampled(trained, corpus, 1, SECONDS, seed)[0], corpus.features, to, "generated")


def _segments(features: AudioFeatures) -> int:
    return max(1, round(SECONDS * features.frame_rate / features.frames))


def _write(S: FloatArray, features: AudioFeatures | None, to: Path, name: str) -> Exhibit:
    """Write segments [items, *input_shape]: of audio one after the other, else the first."""
    to.mkdir(parents=True, exist_ok=True)
    values = np.concatenate(list(S), axis=1) if features is not None else S[0]
    np.save(to / f"{name}.npy", np.asarray(values, dtype=np.float32), allow_pickle=False)
    if features is None:
        return Exhibit(to / f"{name}.npy", None, 0.0)
    sound = to / f"{name}.wav"
    sound.write_bytes(wav_bytes(sound_of_frames(values, features), features.sample_rate))
    return Exhibit(to / f"{name}.npy", sound, values.shape[1] / features.frame_rate)
