"""Chooses what `aitunes-train learn` counts as silence, and how much the broad shape weighs, on validation tracks.

    python -m benchmarks.envelope_choice [--data ../shared/data/music]

Of every set of `music`, the tracks that `benchmarks.own_sounds` tests with are left out; of the others a third, six at
most, validates, and ten minutes of the rest are learnt, every eighth frame of a hop of 256. Distances are of magnitudes
before phases, down to −60 dB, of 16 numbers a frame: log-spectral and mel-cepstral, the mean of all sets.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from aitunes.audio_processing.metrics import log_spectral_distance, mel_cepstral_distortion
from aitunes.features import FloatArray, mel_filter_bank, stft_magnitudes
from benchmarks.own_sounds import SETS, read_set
from training.learn.fitting import linear_model
from training.learn.network import N_FFT, RANGE_DB, SAMPLE_RATE, pool_matrix, spread_matrix

RANGES_DB, WEIGHTS = (70.0, 76.0, 80.0, 84.0, 90.0), (0.0, 0.1, 0.3, 1.0)
DIMENSION = 16
_HELD_SECONDS, _MAX_VALIDATING, _FLOOR_DB = 8.0, 6, -60.0
_LEARNT_HOP, _HELD_HOP = 8 * 256, 1_024


@dataclass(frozen=True)
class Magnitudes:
    """Holds spectra of a set, [frames, bins] each.

    Args:
        top_db: of the loudest bin.
    """

    learnt: FloatArray
    validating: list[FloatArray]
    top_db: float


def main() -> None:
    """Print the table of decision 8."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data/music")
    parser.add_argument("--set", nargs="*", choices=SETS, default=SETS, help="some of them (default: all)")
    arguments = parser.parse_args()
    found = np.array([list(distances(read(arguments.data / name))) for name in arguments.set])
    print("| range, dB | weight | log-spectral, dB | mel-cepstral, dB | log-spectral of each set |")
    print("| --- | --- | --- | --- | --- |")
    choices = [(range_db, weight) for range_db in RANGES_DB for weight in WEIGHTS]
    for n, (range_db, weight) in enumerate(choices):
        spectral, cepstral = found[:, n].mean(axis=0)
        each = ", ".join(f"{value:.2f}" for value in found[:, n, 0])
        print(f"| {range_db:g} | {weight:g} | {spectral:.2f} | {cepstral:.2f} | {each} |")


def read(folder: Path) -> Magnitudes:
    """Read what is learnt and what validates; test tracks stay unread."""
    tracks = [y for _, y in read_set(folder, 10.0, _HELD_SECONDS).learnt]
    count = min(_MAX_VALIDATING, max(1, len(tracks) // 3))
    held = {int((n + 0.5) * len(tracks) / count) for n in range(count)}
    length = round(_HELD_SECONDS * SAMPLE_RATE)
    middles = [tracks[n][max(0, (tracks[n].size - length) // 2) :][:length] for n in sorted(held)]
    learnt = [stft_magnitudes(y, N_FFT, _LEARNT_HOP).T for n, y in enumerate(tracks) if n not in held]
    validating = [stft_magnitudes(y, N_FFT, _HELD_HOP).T for y in middles]
    loudest = max(float(S.max()) for S in learnt)
    return Magnitudes(np.concatenate(learnt), validating, 20.0 * np.log10(loudest))


def distances(of: Magnitudes) -> Iterator[tuple[float, float]]:
    """Yield log-spectral distance and mel-cepstral distortion of every choice."""
    bank = mel_filter_bank(SAMPLE_RATE, N_FFT, 80, 40.0, 16_000.0)
    for range_db in RANGES_DB:
        train = _envelopes(of.learnt, of.top_db, range_db)
        for weight in WEIGHTS:
            model = linear_model(train, DIMENSION, cepstral_weight=weight).eval()
            pairs = []
            for S in of.validating:
                with torch.no_grad():
                    x = torch.from_numpy(_envelopes(S, of.top_db, range_db))
                    x = model.decode_envelope(model.encode_envelope(x)).numpy() @ spread_matrix().T
                silent = 1.0 - range_db / RANGE_DB
                made = np.where(x > silent, 10.0 ** ((RANGE_DB * (np.minimum(x, 1.0) - 1.0) + of.top_db) / 20.0), 0.0)
                spectral = log_spectral_distance(made, S, _FLOOR_DB)
                pairs.append((spectral, mel_cepstral_distortion(made.T, S.T, bank, floor_db=_FLOOR_DB)))
            yield float(np.mean([pair[0] for pair in pairs])), float(np.mean([pair[1] for pair in pairs]))


def _envelopes(S: FloatArray, top_db: float, range_db: float) -> FloatArray:
    """Return envelopes over the range of `learn`, cut off so many dB below the loudest bin."""
    db = 20.0 * np.log10(np.maximum(S @ pool_matrix().T, 1e-7)) - top_db
    return np.asarray(np.clip(db, -range_db, 0.0) / RANGE_DB + 1.0, np.float32)


if __name__ == "__main__":
    main()
