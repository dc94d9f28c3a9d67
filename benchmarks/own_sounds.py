"""Measures what `aitunes-train learn` makes of small folders, beside principal components, on held-out tracks.

    python -m benchmarks.own_sounds --set beats --minutes 12.7
    python -m benchmarks.own_sounds [--minutes 10] [--processor-seconds 60] [--data ../shared/data/music]

Of every set of `music`, the tracks at one and two thirds of the sorted names are held out whole; so many minutes of the
others are learnt, the same share of each. Held-out tracks are encoded, decoded, and rendered as the instrument renders
them; that sound is compared with the recording: log-spectral distance at 2048/512 down to −60 dB, mel-cepstral
distortion of 13 coefficients of 80 mel bands, multi-resolution distance. The lower, the better.

| row | what |
| --- | --- |
| learn | the release's model after the processor seconds, stopped early on what `learn` itself holds out |
| first | its first playable state: the linear model |
| as motion | the same model, codes only as often as `motion.npz` keeps them, gliding from one to the next |
| envelope PCA | principal components of the same envelopes, as many, without weights |
| log-mel PCA | principal components of 128 log-mel bands at 1024/128, as many, through the instrument's mel inversion |
| chance | the same network from random weights, for the same processor seconds |
| ceiling | the envelopes themselves, rendered |
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from torch import Tensor
from typing_extensions import override

from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.features import AudioFeatures, FloatArray, stft_magnitudes
from benchmarks.decoders import multi_resolution
from training.export.motion import TRACK_RATE
from training.learn import rendering
from training.learn.fitting import linear_model
from training.learn.frames import FrameCollector, Frames
from training.learn.learner import Learner, LearnSettings
from training.learn.network import SAMPLE_RATE, FrameAutoencoder
from training.learn.textures import LATENT_DIM

SETS = ("ambient", "beats", "choir_voice", "electronic_game", "keyboard_solo", "orchestral", "textures_field")

_MEL = AudioFeatures()
_MEL_HOP_SECONDS = 0.01
_BLOCK_SECONDS = 10.0

Render = Callable[[FloatArray], FloatArray]
"""Takes a recording, gives what a model makes of it, as long."""


@dataclass(frozen=True)
class Material:
    """Holds a set's sounds, mono [samples] at 44.1 kHz.

    Args:
        learnt: name and sound of what is learnt from.
        held: name and sound of what is not.
    """

    learnt: list[tuple[str, FloatArray]]
    held: list[tuple[str, FloatArray]]


def main() -> None:
    """Measure and print a table for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data/music")
    parser.add_argument("--set", nargs="*", choices=SETS, default=SETS, help="some of them (default: all)")
    parser.add_argument("--minutes", type=float, default=10.0, help="of sound to learn from")
    parser.add_argument("--processor-seconds", type=float, default=60.0, help="that learning may take")
    parser.add_argument("--held-seconds", type=float, default=20.0, help="of each held-out track that are rendered")
    parser.add_argument("--coordinates", type=int, default=LATENT_DIM, help="of each model")
    parser.add_argument("--no-chance", action="store_true", help="leave that row out, which takes as long as learning")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print("| set | model | processor seconds | log-spectral, dB | mel-cepstral, dB | multi-resolution |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in arguments.set:
        material = read_set(arguments.data / name, arguments.minutes, arguments.held_seconds)
        for model, seconds, render in models(
            material, arguments.coordinates, arguments.processor_seconds, not arguments.no_chance
        ):
            figures = np.mean([distances(render(y), y) for _, y in material.held], axis=0)
            row = " | ".join(f"{value:.2f}" for value in figures)
            print(f"| {name} | {model} | {'–' if seconds is None else f'{seconds:.0f}'} | {row} |", flush=True)


def read_set(folder: Path, minutes: float, held_seconds: float) -> Material:
    """Read the tracks of a folder.

    Args:
        minutes: of all sounds to learn from together.
        held_seconds: of each held-out track, from its middle.
    """
    tracks = sorted(folder.glob("*.opus"))
    held = {len(tracks) // 3, 2 * len(tracks) // 3}
    seconds = [soundfile.info(path).duration for path in tracks]
    share = min(1.0, 60.0 * minutes / sum(length for n, length in enumerate(seconds) if n not in held))
    learnt = [(path, share * seconds[n]) for n, path in enumerate(tracks) if n not in held]
    return Material(
        [(path.stem, _mono(path, 0.0, length)) for path, length in learnt],
        [(tracks[n].stem, _mono(tracks[n], 0.5 * (seconds[n] - held_seconds), held_seconds)) for n in sorted(held)],
    )


def models(
    material: Material, coordinates: int, processor_seconds: float, with_chance: bool
) -> Iterator[tuple[str, float | None, Render]]:
    """Yield the name of each model, the processor seconds that it took with the reading, and how it renders."""
    begin = time.process_time()
    frames = collect(material)
    read = time.process_time() - begin
    learner = Learner(frames, LearnSettings(latent_dim=coordinates), time.process_time)
    steps = list(learner.run(processor_seconds))  # at once: what renders would spend their time
    yield "first", steps[0].seconds + read, _renderer(steps[0].model.model, frames)
    kind = "" if learner.best.epochs else " (linear)"
    yield f"**learn**{kind}", steps[-1].seconds + read, _renderer(learner.best.model, frames)
    stride = round(frames.features.frame_rate / TRACK_RATE)
    yield "as motion", None, lambda y: gliding(learner.best.model, y, frames.features, stride)
    begin = time.process_time()
    components = linear_model(frames.train, coordinates, weighted=False).eval()
    yield "envelope PCA", time.process_time() - begin + read, _renderer(components, frames)
    begin = time.process_time()
    render = mel_components(material, coordinates)
    yield "log-mel PCA", time.process_time() - begin, render
    if with_chance:
        learner = Learner(frames, LearnSettings(latent_dim=coordinates, linear=False), time.process_time)
        *_, last = learner.run(processor_seconds)
        yield "chance", last.seconds + read, _renderer(learner.best.model, frames)
    yield "ceiling", None, _renderer(None, frames)


def collect(material: Material) -> Frames:
    """Collect frames as `learn` does."""
    collector, block = FrameCollector(), round(_BLOCK_SECONDS * SAMPLE_RATE)
    for name, y in material.learnt:
        for start in range(0, y.size, block):
            collector.add(name, name, y[start : start + block])
    return collector.finish()


def mel_components(material: Material, coordinates: int) -> Render:
    """Fit principal components of log-mel frames."""
    stride = round(_MEL_HOP_SECONDS * SAMPLE_RATE / _MEL.hop_length)
    count, total, squares = 0, np.zeros(_MEL.n_mels), np.zeros((_MEL.n_mels, _MEL.n_mels))
    block = _MEL.hop_length * stride * 4_096
    for _, y in material.learnt:
        for start in range(0, y.size - _MEL.n_fft, block):
            magnitudes = stft_magnitudes(y[start : start + block + _MEL.n_fft], _MEL.n_fft, _MEL.hop_length * stride)
            S = _MEL.normalise(_MEL.filter_bank @ magnitudes).T
            count, total, squares = count + len(S), total + S.sum(axis=0, dtype=np.float64), squares + S.T @ S
    mean = total / count
    axes = np.linalg.eigh(squares / count - np.outer(mean, mean))[1][:, -coordinates:]

    def render(y: FloatArray) -> FloatArray:
        S = _MEL.analyse(y).T
        return sound_of_frames((mean + (S - mean) @ axes @ axes.T).T.astype(np.float32), _MEL)

    return render


def gliding(model: FrameAutoencoder, y: FloatArray, features: AudioFeatures, stride: int) -> FloatArray:
    """Render a recording [samples] from every so many of its codes."""
    with torch.no_grad():
        z = model.encode(torch.from_numpy(features.analyse(y).T.copy())[..., None]).numpy()
        kept, at = np.arange(0, len(z), stride), np.arange(len(z))
        moving = np.stack([np.interp(at, kept, values) for values in z[kept].T], axis=1).astype(np.float32)
        return sound_of_frames(model.decode(torch.from_numpy(moving))[..., 0].numpy().T, features)


def distances(sound: FloatArray, recording: FloatArray) -> tuple[float, float, float]:
    """Return log-spectral distance (dB), mel-cepstral distortion (dB) and multi-resolution distance."""
    spectral = rendering.distances(sound, recording)
    return *spectral, multi_resolution(rendering.inside(sound, recording), rendering.inside(recording, sound))


def _renderer(model: FrameAutoencoder | None, frames: Frames) -> Render:
    """Return how a model renders a recording; None renders the envelopes themselves."""
    return lambda y: rendering.rendered(model or _Envelopes(1), y, frames.features)


class _Envelopes(FrameAutoencoder):
    """Takes the envelope itself for the code."""

    @override
    def encode_envelope(self, x: Tensor) -> Tensor:
        return x

    @override
    def decode_envelope(self, z: Tensor) -> Tensor:
        return z


def _mono(path: Path, start: float, seconds: float) -> FloatArray:
    """Read so many seconds of a file, from a second on, mono at `SAMPLE_RATE`."""
    with soundfile.SoundFile(path) as sound:
        sound.seek(max(0, round(start * sound.samplerate)))
        y = sound.read(round(seconds * sound.samplerate), dtype="float32", always_2d=True).mean(axis=1)
        return np.asarray(soxr.resample(y, sound.samplerate, SAMPLE_RATE), np.float32)


if __name__ == "__main__":
    main()
