"""Measures and evens out the loudness of frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray

FULL_LEVEL_DB = -20.0
"""Root mean square of a note's loudest frame where level 0 dB is meant, dB of full scale: harmonic sounds peak 6 to 12
dB above it, and four of them at once still leave the limiter at rest."""

_HANN_MEAN_SQUARE = 3.0 / 8.0


def frame_power(level_db: float, n_fft: int) -> float:
    """Return the sum over the bins 0..n_fft/2 of |STFT|² of a frame of that level, by a Hann window (Parseval).

    Args:
        level_db: root mean square of the samples, dB of full scale.
    """
    return float(0.5 * n_fft**2 * _HANN_MEAN_SQUARE * 10.0 ** (0.1 * level_db))


def frame_levels_db(magnitudes: NDArray[Any]) -> NDArray[np.float64]:
    """Return the root mean square of each frame's samples, dB of full scale; the inverse of `frame_power`.

    Args:
        magnitudes: [bins, frames], by a Hann window.

    Returns:
        [frames], at least −200 dB.
    """
    n_fft = 2 * (len(magnitudes) - 1)
    power = (magnitudes.astype(np.float64) ** 2).sum(axis=0)
    return np.asarray(10.0 * np.log10(np.maximum(power / frame_power(0.0, n_fft), 1e-20)))


@dataclass(frozen=True)
class Levels:
    """Says which frames of a clip are kept, and how loud they become.

    Args:
        drop_below_db: frames this far below the clip's loudest are left out, so that tails do not fill the space.
        loudest_rms: what the loudest frame of every clip is scaled to, 0..1 of full scale.
        dynamics: share of a frame's distance (dB) below the loudest that it keeps; 0 makes all equally loud.
    """

    drop_below_db: float = 40.0
    loudest_rms: float = 0.2
    dynamics: float = 0.3


def level_frames(magnitudes: FloatArray, levels: Levels) -> FloatArray:
    """Drop the quiet frames of a clip and scale the others into a moderate range.

    Args:
        magnitudes: [bins, frames], by a Hann window.

    Returns:
        [bins, frames kept]
    """
    kept, gain_db = levelled(frame_levels_db(magnitudes), levels)
    return (magnitudes[:, kept] * 10.0 ** (gain_db / 20.0)).astype(np.float32)


def levelled(level_db: NDArray[np.float64], levels: Levels) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Choose the frames of a clip that are kept, [frames], and their gains, dB [frames kept].

    Args:
        level_db: of every frame, dB of full scale.
    """
    below_db = level_db - level_db.max(initial=-200.0)
    kept = (below_db >= -levels.drop_below_db) & (level_db > -120.0)
    return kept, 20.0 * np.log10(levels.loudest_rms) + below_db[kept] * levels.dynamics - level_db[kept]
