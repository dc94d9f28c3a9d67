"""Measures the held notes of a bundled release: nine places of the pad by every octave, as on the cards.

    python -m benchmarks.held_notes [--release NAME]

Each is decoded by the release's ONNX decoder and held for `HELD_SECONDS` through the instrument's phase reconstruction.
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np

from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.features import FloatArray
from aitunes.release.reader import Release
from instrument.storage.library import DEFAULT_RELEASE, Library
from training.evaluate.landmarks import pad_codes
from training.evaluate.playability import HELD_SECONDS, dc_db, hop_flux_db, level_range_db

SETTLED_SECONDS = 0.2
PLACES = (0.1, 0.5, 0.9)
FIRST_SEMITONES = 2.3


def held(release: Release, code: FloatArray, midi: float) -> FloatArray:
    """Return a note without its beginning, [samples]."""
    features = release.card.features
    told = {"pitch": np.array([[midi]], np.float32), "level": np.zeros((1, 1), np.float32)}
    (S,) = release.decoder.run(None, {"z": code[None], **told})
    frames = round((SETTLED_SECONDS + HELD_SECONDS) * features.frame_rate)
    y = sound_of_frames(np.tile(S[0], (1, frames)), features)[round(SETTLED_SECONDS * features.sample_rate) :]
    return y[: round(HELD_SECONDS * features.sample_rate)]


def main() -> int:
    """Measure and print the worst of each figure, and the notes with the highest lines at the hop rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", default=DEFAULT_RELEASE, help="one that takes pitch and level")
    release = Library().open(parser.parse_args().release)
    features, (low, high) = release.card.features, release.card.inputs[1].range
    points = list(itertools.product(PLACES, PLACES))
    rows = []
    for midi, point in itertools.product(np.arange(low + FIRST_SEMITONES, high, 12.0), points):
        y = held(release, pad_codes(np.array([point]), release.card.latent)[0], float(midi))
        peak_db = 20.0 * float(np.log10(np.abs(y).max()))
        level_db = level_range_db(y, features.sample_rate)
        rows.append((hop_flux_db(y, features), level_db, dc_db(y), peak_db, f"{midi:.1f} at {point}"))
    flux, level, dc, peak = (max(row[n] for row in rows) for n in range(4))
    print(f"{release.card.public_name}, worst of {len(rows)} notes: line of the flux at the hop rate {flux:.1f} dB,")
    print(f"level within {level:.2f} dB, mean {dc:.1f} dB, peak {peak:.1f} dBFS; highest lines:")
    for row in sorted(rows, reverse=True)[:3]:
        print(f"  {row[0]:.1f} dB, MIDI {row[4]}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
