"""Measures how well a release knows how wide its material is, band by band and over time.

    python -m benchmarks.stereo_music [--data ../shared/data/music] [--seconds 20] [SET ...]

Of the stereo tracks of every set, the first seconds are read. Twice something is held out of what is learnt: a stretch
of every track, in its middle, and whole tracks, those at one and two thirds of the sorted names. What is held out is
encoded by the linear model of 64 coordinates. The figures are mean distances of the side channel's level beside the
mid channel's in third-octave bands, in dB, over all frames in which the band is within 60 dB of the loudest:

| column | what |
| --- | --- |
| width | a mono release at `/aitunes/width` 0.5, where it is when it opens: the same everywhere above the bass |
| constant | the mean in each band of what is learnt |
| learnt | what `aitunes-train learn` puts into `side.npz` |
| own mean | the mean in each band of what is held out itself, track by track: what a mix has that never changes |

Balance is how far the channels differ in level: the correlation of mid and side, −1..1, as its mean distance from the
middle, from the mean of what is learnt, and from what a linear map of the code gives.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from numpy.typing import NDArray

from aitunes.features import FloatArray
from benchmarks.own_sounds import SETS
from instrument.synthesis.stereo import SIDE_GAIN
from training.learn.envelopes import envelopes
from training.learn.fitting import linear_model
from training.learn.network import N_FFT, RANGE_DB, SAMPLE_RATE
from training.learn.side import fit_side
from training.learn.side_levels import EDGES_HZ, side_levels_db
from training.learn.textures import LATENT_DIM

_HOP = 1024
_THIRDS = 1000.0 * 2.0 ** (np.arange(-10, 13) / 3.0)
"""Centres, Hz: 100 Hz to 16 kHz."""
_BETWEEN = np.append(_THIRDS * 2.0 ** (-1 / 6), _THIRDS[-1] * 2.0 ** (1 / 6))
_OPENED, _BASS_HZ, _SILENT_DB = 0.5, 120.0, -40.0
_RIDGE = 0.1


@dataclass(frozen=True)
class Track:
    """Holds a recording's frames: envelopes, levels in bands and thirds of octaves, balance."""

    x: FloatArray
    levels: FloatArray
    thirds: FloatArray
    balance: NDArray[np.float64]


def main() -> None:
    """Print a row for each set and kind of what is held out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=list(SETS), metavar="SET")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data/music")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each track")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| set | held out | width | constant | learnt | own mean | balance: middle | constant | linear |")
    print("| --- " * 9 + "|")
    for name in options.sets:
        tracks = list(read(options.data / name, options.seconds))
        number = np.concatenate([np.full(len(track.x), n) for n, track in enumerate(tracks)])
        place = np.concatenate([np.arange(len(track.x)) / len(track.x) for track in tracks])
        for what, held in (
            ("stretches", np.abs(place - 0.5) < 0.05),
            ("tracks", np.isin(number, [len(tracks) // 3, 2 * len(tracks) // 3])),
        ):
            figures = measured(tracks, number, held)
            print(
                f"| {name} ({len(tracks)}) | {what} | " + " | ".join(f"{value:.2f}" for value in figures) + " |",
                flush=True,
            )


def read(folder: Path, seconds: float) -> Iterator[Track]:
    """Yield the stereo tracks of a set."""
    for path in sorted(folder.glob("*.opus")):
        with soundfile.SoundFile(path) as sound:
            if sound.channels != 2:
                continue
            y = sound.read(round(seconds * sound.samplerate), dtype="float32")
            y = soxr.resample(y, sound.samplerate, SAMPLE_RATE)
        mid, side = 0.5 * (y[:, 0] + y[:, 1]), 0.5 * (y[:, 0] - y[:, 1])
        thirds = side_levels_db(mid, side, _HOP, _BETWEEN)[:, 1:-1]
        yield Track(envelopes(mid, _HOP)[0], side_levels_db(mid, side, _HOP), thirds, balances(mid, side))


def balances(mid: FloatArray, side: FloatArray) -> NDArray[np.float64]:
    """Return the correlation of mid and side in each third of an octave, [frames, thirds]."""
    window = np.hanning(N_FFT + 1)[:-1].astype(np.float32)
    band = np.eye(len(_BETWEEN) + 1)[np.searchsorted(_BETWEEN, np.fft.rfftfreq(N_FFT, 1.0 / SAMPLE_RATE))][:, 1:-1]
    m, s = (
        np.fft.rfft(np.lib.stride_tricks.sliding_window_view(y, N_FFT)[::_HOP] * window).astype(np.complex64)
        for y in (mid, side)
    )
    together = (m * s.conj()).real @ band
    return np.asarray(together / np.sqrt((np.abs(m) ** 2 @ band) * (np.abs(s) ** 2 @ band) + 1e-20), np.float64)


def measured(tracks: list[Track], number: NDArray[np.int64], held: NDArray[np.bool_]) -> list[float]:
    """Return the figures of a row."""
    x, levels, thirds, balance = (
        np.concatenate([getattr(track, name) for track in tracks]) for name in ("x", "levels", "thirds", "balance")
    )
    top = x.max()
    x = np.clip((x - top) / RANGE_DB + 1.0, 0.0, 1.0).astype(np.float32)
    with torch.no_grad():
        z = linear_model(x[~held][::2], LATENT_DIM).encode_envelope(torch.from_numpy(x)).numpy()
    known = np.isfinite(thirds[held])
    width = np.where(_THIRDS > _BASS_HZ, 20.0 * np.log10(_OPENED * SIDE_GAIN), _SILENT_DB)
    learnt = fit_side(z[~held], levels[~held]).levels_db(z[held])[:, np.searchsorted(EDGES_HZ, _THIRDS)]
    own = np.zeros_like(thirds[held])
    for n in np.unique(number[held]):
        own[number[held] == n] = means(thirds[held & (number == n)])
    made = (width, means(thirds[~held]), learnt, own)
    errors = [float(np.abs(level - thirds[held])[known].mean()) for level in made]
    inputs = np.column_stack([z / z.std(axis=0), np.ones(len(z))])
    normal = inputs[~held].T @ inputs[~held] + _RIDGE * (~held).sum() * np.eye(inputs.shape[1])
    linear = inputs[held] @ np.linalg.solve(normal, inputs[~held].T @ balance[~held])
    found = (np.zeros(len(_THIRDS)), balance[~held].mean(axis=0), linear)
    return errors + [float(np.abs(value - balance[held])[known].mean()) for value in found]


def means(levels: FloatArray) -> FloatArray:
    """Return the mean of what is known of each band, [bands]; 0 where nothing is."""
    known = np.isfinite(levels)
    return np.asarray(np.where(known, levels, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), np.float32)


if __name__ == "__main__":
    main()
