"""Prints what the cards of the bundled releases of music say, and draws their previews beside their material.

    python -m benchmarks.gallery [--pictures FOLDER --data ../shared/data/music]

Log-spectral distance and mel-cepstral distortion are of tracks that were held out whole, through the phases. Movement
is the standard deviation of a point of the envelope over four seconds, of the material and of its motion.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import soundfile
import soxr
from matplotlib.figure import Figure

from aitunes.features import FloatArray, mel_filter_bank, stft_magnitudes
from aitunes.release.reader import read_card
from training.learn.music_releases import MUSIC_RELEASES, free_tracks

RELEASES = Path(__file__).parents[1] / "instrument" / "releases"
_RATE, _N_FFT, _HOP, _BANDS = 44_100, 2048, 512, 128
_SECONDS, _PIECES = 14.0, 4


def main() -> None:
    """Print the table of docs/gallery.md, and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--releases", type=Path, default=RELEASES)
    parser.add_argument("--pictures", type=Path, help="folder for a picture of each")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data/music")
    arguments = parser.parse_args()
    print("| release | tracks | log-spectral, dB | mel-cepstral, dB | coordinates in use | level over the pad, dB "
          "| moves: material, motion, dB | MB |\n| --- | --- | --- | --- | --- | --- | --- | --- |")  # fmt: skip
    for name in MUSIC_RELEASES:
        folder = arguments.releases / name
        if folder.is_dir():
            print(row(folder))
            if arguments.pictures:
                draw(folder, arguments.data, arguments.pictures / f"{name}.png")


def row(folder: Path) -> str:
    """Return the line of the table for a release."""
    card = read_card(folder)
    of = card.training.metrics
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    return (
        f"| {card.public_name} | {card.training.data_items} | {of['held_log_spectral_db']:.2f} | "
        f"{of['held_mel_cepstral_db']:.2f} | {of['coordinates_used']:.1f} of {card.latent_dim} | "
        f"{of['pad_level_db']:.1f} | {of['material_moves_db']:.2f}, {of['motion_moves_db']:.2f} | {size:.1f} |"
    )


def draw(folder: Path, data: Path, to: Path) -> None:
    """Draw the mel spectrograms of a release's preview and, below it, of passages of four of its tracks."""
    release = MUSIC_RELEASES[folder.name]
    preview = _read(folder / "preview.ogg", 0.0, _SECONDS)
    tracks = sorted(free_tracks(data, release))
    chosen = [tracks[round(n)] for n in np.linspace(0, len(tracks) - 1, _PIECES)]
    material = np.concatenate([_read(data / release.part / name, 0.4, _SECONDS / _PIECES) for name in chosen])
    figure = Figure(figsize=(12, 7), layout="constrained")
    for axes, (title, y) in zip(
        figure.subplots(2, 1), (("preview", preview), ("material: " + ", ".join(chosen), material)), strict=True
    ):
        S = mel_filter_bank(_RATE, _N_FFT, _BANDS, 30.0, 18_000.0) @ stft_magnitudes(y, _N_FFT, _HOP)
        db = 20.0 * np.log10(np.maximum(S / S.max(), 1e-4))
        axes.imshow(db, origin="lower", aspect="auto", vmin=-80.0, vmax=0.0, cmap="magma",
                    extent=(0.0, y.size / _RATE, 0, _BANDS))  # fmt: skip
        axes.set(title=f"{folder.name}: {title}"[:150], xlabel="seconds", ylabel="mel band")
    to.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(to, dpi=80)


def _read(path: Path, share: float, seconds: float) -> FloatArray:
    """Read mono seconds of a file, from a share of its length on."""
    with soundfile.SoundFile(path) as sound:
        sound.seek(round(share * sound.frames))
        y = sound.read(round(seconds * sound.samplerate), dtype="float32", always_2d=True).mean(axis=1)
        return np.asarray(soxr.resample(y, sound.samplerate, _RATE), np.float32)


if __name__ == "__main__":
    main()
