"""Holds the pad of a release of music where its tracks lie, and compares what one hears with these tracks.

    python -m benchmarks.held_textures --data ../shared/data/music [--releases FOLDER] [--pictures FOLDER] [NAME ...]

Of every release: tracks, evenly chosen; the pad goes to where the encoder places the middle 20 seconds of each, all
other coordinates at rest, and is held for as long, as it is when a release is opened (`/aitunes/motion` 1); then with
the trajectory of that track alone, from its beginning on. Medians over the tracks, of both and of the recording:

- ripple: standard deviation of the level within four seconds, in blocks of 93 ms, dB
- slope: change of the level by a straight line through four seconds, dB a second, whatever its sign
- change: mean change of a bin from one frame to the next, within 60 dB of the loudest, dB
- moves: standard deviation of a bin within four seconds, in blocks of 93 ms, dB
- rough: the largest fourth difference of the waveform, relative to the root mean square around it (93 ms)
- jump: the largest change of level from hop to hop (11.6 ms), within 30 dB of the loudest, dB
- level: range of the sounds' mean levels over the places, dB
- distance: log-spectral distance of the mean spectrum from the recording's, dB
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr
from matplotlib.figure import Figure

from aitunes.features import FloatArray, mel_filter_bank, stft_magnitudes
from aitunes.release.encoder import Encoder
from aitunes.release.motion import read_motion
from aitunes.release.reader import Release, read_release
from instrument.namespace import ROOT
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer
from training.export.motion import add_motion
from training.learn.music_releases import MUSIC_RELEASES, MusicRelease, free_tracks
from training.learn.segment_releases import SEGMENT_RELEASES

RELEASES = Path(__file__).parents[1] / "instrument" / "releases"
_RATE, _N_FFT, _HOP = 44_100, 2048, 512
_SECONDS, _WINDOW_SECONDS = 20.0, 4.0
_BLOCK, _ITERATIONS, _ENCODED = 8, 8, 200
_TITLES = ("held", "its own track", "recording")
_FIGURES = ("ripple", "slope", "change", "moves", "rough", "jump")


def main() -> None:
    """Print a row for each release, sound and recording."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=["carousel", "arcade"], metavar="NAME")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--releases", type=Path, default=RELEASES)
    parser.add_argument("--tracks", type=int, default=12)
    parser.add_argument("--dream", type=float, default=0.0)
    parser.add_argument("--pictures", type=Path)
    arguments = parser.parse_args()
    print(f"| release | what | {' | '.join(_FIGURES)} | level | distance |\n|{' --- |' * 10}")
    for name in arguments.names:
        release = read_release(arguments.releases / name)
        files = files_of(name, arguments.data)
        chosen = [files[round(n)] for n in np.linspace(0, len(files) - 1, min(arguments.tracks, len(files)))]
        report(release, chosen, arguments.dream, arguments.pictures)


def files_of(name: str, data: Path) -> list[Path]:
    """List the recordings that a release was made of."""
    music = MUSIC_RELEASES.get(name)
    parts = (music.part,) if music else SEGMENT_RELEASES[name].parts
    return [
        data / part / track
        for part in parts
        for track in sorted(free_tracks(data, MusicRelease(part, "", "", music.without if music else ())))
        if soundfile.info(data / part / track).duration > _SECONDS
    ]


def report(release: Release, files: list[Path], dream: float, pictures: Path | None) -> None:
    """Print two rows: what is heard, and the recordings."""
    rows, levels, apart = [], [], []
    for file in files:
        y = middle(file)
        mean, at = place(release, y)
        with tempfile.TemporaryDirectory() as folder:
            sounds = held(release, at, dream), held(alone(release, mean, Path(folder)), at, 1.0), y
        rows.append([figures(part) for part in sounds])
        levels.append([10.0 * np.log10((part**2).mean() + 1e-12) for part in sounds])
        apart.append([distance(part, y) for part in sounds])
        if pictures:
            draw(sounds, f"{release.card.name}: {file.stem}", pictures / f"{release.card.name}-{file.stem}.png")
    for which, title in enumerate(_TITLES):
        cells = " | ".join(f"{value:.2f}" for value in np.median([row[which] for row in rows], axis=0))
        level, far = np.array(levels)[:, which], np.median(apart, axis=0)[which]
        print(f"| {release.card.public_name} | {title} | {cells} | {np.ptp(level):.1f} | {far:.2f} |", flush=True)


def alone(release: Release, mean: FloatArray, folder: Path) -> Release:
    """Return the release with the trajectory alone whose mean code is nearest to one."""
    motion = read_motion(release.folder, release.card)
    assert motion is not None
    nearest = np.argmin(((motion.codes - mean) ** 2).sum(axis=1))
    to = folder / release.card.name
    shutil.copytree(release.folder, to)
    return read_release(add_motion(to, motion.of(np.array([nearest]))))


def middle(path: Path) -> FloatArray:
    """Read the middle 20 seconds of a recording, mono."""
    with soundfile.SoundFile(path) as sound:
        frames = round(_SECONDS * sound.samplerate)
        sound.seek((sound.frames - frames) // 2)
        y = sound.read(frames, dtype="float32", always_2d=True).mean(axis=1)
        return np.asarray(soxr.resample(y, sound.samplerate, _RATE), np.float32)


def place(release: Release, y: FloatArray) -> tuple[FloatArray, tuple[float, float]]:
    """Return the mean code of a recording, and where on the pad it lies."""
    card = release.card
    S = card.features.analyse(y).astype(np.float32)
    size = card.features.frames
    count = S.shape[1] // size
    segments = np.ascontiguousarray(S[:, : count * size].reshape(-1, count, size).swapaxes(0, 1))
    codes = Encoder(release.folder, card)(segments[:: max(1, count // _ENCODED)])
    mean = codes.mean(axis=0)
    x, height = card.latent.pad_positions(card.latent.coordinates(mean)[None], (0, 1))[0]
    return mean, (float(x), float(height))


def held(release: Release, at: tuple[float, float], dream: float) -> FloatArray:
    """Hold the pad there."""
    card = release.card
    renderer = ReleaseRenderer(release, _RATE, _ITERATIONS, background=False)
    performance = Performance.of(card, _ITERATIONS)
    for path, *values in (("/smoothing", 0.0), ("/pad/xy", *at), ("/dream", dream)):
        performance.apply(ROOT + path, tuple(values))
    performance.sound(renderer.hop_seconds)
    renderer.prepare(performance.advance(renderer.hop_seconds), performance)
    blocks = []
    for _ in range(round((_SECONDS + 0.5) / renderer.hop_seconds)):
        performance.sound(renderer.hop_seconds)
        blocks.append(renderer.render(performance.advance(renderer.hop_seconds), performance)[:, 0])
    renderer.close()
    return np.concatenate(blocks)[-round(_SECONDS * _RATE) :]


def figures(y: FloatArray) -> list[float]:
    """Measure a sound, in the order of `_FIGURES`."""
    S = stft_magnitudes(y, _N_FFT, _HOP)
    db = 20.0 * np.log10(np.maximum(S, S.max() * 1e-3))
    frame = 10.0 * np.log10((S**2).sum(axis=0) + 1e-9)
    frame = np.maximum(frame, frame.max() - 60.0)
    blocks = round(_WINDOW_SECONDS * _RATE / _HOP / _BLOCK)
    level = in_windows(frame[None], blocks)[0]
    seconds = np.arange(blocks) * _BLOCK * _HOP / _RATE
    slopes = np.polyfit(seconds, level.T, 1)[0]
    hops = 10.0 * np.log10((y[: len(y) // _HOP * _HOP].reshape(-1, _HOP) ** 2).mean(axis=1) + 1e-12)
    loud = hops > hops.max() - 30.0
    jumps = np.abs(np.diff(hops))[loud[1:] & loud[:-1]]
    return [
        float(level.std(axis=1).mean()),
        float(np.abs(slopes).mean()),
        float(np.abs(np.diff(db)).mean()),
        float(in_windows(db, blocks).std(axis=2).mean()),
        roughness(y),
        float(jumps.max(initial=0.0)),
    ]


def in_windows(db: FloatArray, blocks: int) -> FloatArray:
    """Average blocks of frames and cut them into windows, [rows, windows, blocks]."""
    count = db.shape[1] // (blocks * _BLOCK)
    parts = db[:, : count * blocks * _BLOCK].reshape(len(db), count, blocks, _BLOCK)
    return np.asarray(parts.mean(axis=3))


def roughness(y: FloatArray) -> float:
    """Return the largest fourth difference, relative to the root mean square of 93 ms around it."""
    size = _BLOCK * _HOP
    parts = y[: len(y) // size * size].reshape(-1, size)
    rms = np.sqrt((parts**2).mean(axis=1))
    loud = rms > rms.max() * 10.0 ** (-30.0 / 20.0)
    return float((np.abs(np.diff(parts, 4, axis=1)).max(axis=1)[loud] / rms[loud]).max())


def distance(sound: FloatArray, y: FloatArray) -> float:
    """Return the log-spectral distance of two mean spectra in mel bands, whatever their levels, dB."""
    bank = mel_filter_bank(_RATE, _N_FFT, 80, 40.0, 16_000.0)
    db = [10.0 * np.log10((bank @ stft_magnitudes(part, _N_FFT, _HOP) ** 2).mean(axis=1) + 1e-9) for part in (sound, y)]
    apart = db[0] - db[1]
    return float(np.sqrt(((apart - apart.mean()) ** 2).mean()))


def draw(sounds: tuple[FloatArray, ...], title: str, to: Path) -> None:
    """Draw the mel spectrograms of sounds below each other."""
    figure = Figure(figsize=(13, 9), layout="constrained")
    for axes, name, part in zip(figure.subplots(len(sounds), 1), _TITLES, sounds, strict=True):
        S = mel_filter_bank(_RATE, _N_FFT, 128, 30.0, 18_000.0) @ stft_magnitudes(part, _N_FFT, _HOP)
        db = 20.0 * np.log10(np.maximum(S / S.max(), 1e-4))
        axes.imshow(db, origin="lower", aspect="auto", vmin=-80.0, vmax=0.0, cmap="magma",
                    extent=(0.0, part.size / _RATE, 0, 128))  # fmt: skip
        axes.set(title=f"{title}: {name}", xlabel="seconds", ylabel="mel band")
    to.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(to, dpi=70)


if __name__ == "__main__":
    main()
