"""How loud the frames are that a model learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aitunes.features import FloatArray


@dataclass(frozen=True)
class Levels:
    """Which frames of a clip are kept, and how loud they become.

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
    n_fft = 2 * (len(magnitudes) - 1)
    # Parseval, both halves of the spectrum, and the mean square 3/8 of a Hann window.
    power = 2.0 * (magnitudes.astype(np.float64) ** 2).sum(axis=0) / (n_fft**2 * 0.375)
    below_db = 10.0 * np.log10(np.maximum(power, 1e-20) / max(power.max(initial=0.0), 1e-20))
    kept = (below_db >= -levels.drop_below_db) & (power > 1e-12)
    target = levels.loudest_rms * 10.0 ** (below_db[kept] * levels.dynamics / 20.0)
    return (magnitudes[:, kept] * (target / np.sqrt(power[kept]))).astype(np.float32)
