"""Measures the level of a recorded note over time, and marks its attack, loop, release and end."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from aitunes.features import AudioFeatures, FloatArray
from aitunes.pitch import midi_to_hz

MIN_DB = -50.0
"""A note ends where it has fallen this far below its peak."""
MAX_SECONDS = 6.0

_ONSET_DB, _SPEAKING_DB = -34.0, -10.0
_LEAD_SECONDS, _ABOVE_LEAD_DB = 0.1, 3.0
_LEVEL_SECONDS = 0.010
_ATTACK_SECONDS = 1.0
_PEAK_DB = 1.0
_SMOOTHED = 9
_RELEASE_SLOPE, _BREAKS = -25.0, 150
_DECAY_DB = -40.0
MIN_LOOP_SECONDS = 0.12
_TAIL_SECONDS = 1.0
_SUSTAINED_SLOPE = -5.0


def short_levels_db(y: FloatArray, features: AudioFeatures, midi: float, frames: int) -> NDArray[np.float64]:
    """Return the level around the centre of each frame of `analysed`, dB of full scale, [frames].

    The window is the shortest of whole periods that lasts 10 ms: the 46 ms of the analysis would make every attack a
    slow one, and a part of a period would make the level of a steady tone waver.
    """
    hz = float(midi_to_hz(midi))
    width = round(features.sample_rate * math.ceil(_LEVEL_SECONDS * hz) / hz)
    pad = features.n_fft + width
    power = np.cumsum(np.pad(y.astype(np.float64), pad) ** 2)
    centre = pad + np.arange(frames) * features.hop_length - features.n_fft // 2
    ends, starts = (np.clip(centre + side, 0, power.size - 1) for side in (width // 2, width // 2 - width))
    return np.asarray(10.0 * np.log10(np.maximum((power[ends] - power[starts]) / width, 1e-14)))


def note_start(level: NDArray[np.float64], frame_rate: float) -> tuple[int, float]:
    """Find the frame at which a note begins, and the level, dB, at which it ends.

    It begins within 34 dB of its peak. What leads to it for a tenth of a second and more at one level is the noise of
    a room: the note begins as it rises out of that, and ends in it. A swell is its attack, however slow.

    Args:
        level: dB below the peak, [frames].
    """
    first = int(np.argmax(level > _ONSET_DB))
    lead = level[first : int(np.argmax(level > _SPEAKING_DB))]
    if len(lead) < _LEAD_SECONDS * frame_rate:
        return first, MIN_DB
    low, high = np.percentile(lead, (25.0, 75.0))
    if high - low > _ABOVE_LEAD_DB:
        return first, MIN_DB
    quiet = float(low) + _ABOVE_LEAD_DB
    return first + int(np.flatnonzero(lead < quiet)[-1]), quiet


def find_marks(level: NDArray[np.float64], frame_rate: float, floor: float = MIN_DB) -> NDArray[np.int32]:
    """Find attack end, loop start and end, release start and end of a note, frames.

    Two straight lines are fitted to the level after the attack. If the second falls much more steeply, it is the
    release; a decay that becomes slower, as those of strings do, has none. A sustained note loops all that lies
    between; a decaying one its last second above −40 dB, where the player continues the fall.

    Args:
        level: dB below the peak from the onset on, [frames].
        floor: dB at which the note ends.
    """
    smooth = np.convolve(np.pad(level, _SMOOTHED // 2, mode="edge"), np.ones(_SMOOTHED) / _SMOOTHED, "valid")
    beginning = smooth[: max(1, int(_ATTACK_SECONDS * frame_rate))]
    attack = int(np.argmax(beginning >= beginning.max() - _PEAK_DB))
    end = min(int(np.flatnonzero(level > floor)[-1]) + 1, int(MAX_SECONDS * frame_rate))
    release = _release_start(smooth[attack:end], frame_rate) + attack
    held = np.arange(attack, release)
    slope = float(np.polyfit(held / frame_rate, smooth[held], 1)[0]) if held.size > 3 else 0.0
    margin = int(0.05 * frame_rate)
    start, stop = attack + margin, release - margin
    if slope < _SUSTAINED_SLOPE:
        above = np.flatnonzero(smooth[attack:release] > _DECAY_DB)
        stop = min(stop, attack + int(above[-1]) + 1) if above.size else stop
        start = max(start, stop - int(_TAIL_SECONDS * frame_rate))
    if stop - start < MIN_LOOP_SECONDS * frame_rate:
        start, stop = attack, release
    return np.array([attack, start, max(stop, start + 1), max(release, start + 1), max(end, start + 1)], np.int32)


def _release_start(level: NDArray[np.float64], frame_rate: float) -> int:
    """Return the frame at which the level begins to fall more steeply, or the last one."""
    count = len(level)
    if count < 24:
        return count
    seconds = np.arange(count) / frame_rate
    target = np.maximum(level, MIN_DB)
    line = np.linalg.qr(np.stack([np.ones(count), seconds], axis=1))[0]
    rest = target - line @ (line.T @ target)
    # A line with a corner is a line and a ramp that begins there; what the ramp adds to the line is its own part.
    corners = np.arange(8, count - 6, max(1, count // _BREAKS))
    ramps = np.maximum(seconds - seconds[corners, None], 0.0)
    own = ramps - (ramps @ line) @ line.T
    at = int(corners[np.argmax((own @ rest) ** 2 / (own**2).sum(axis=1))])
    basis = np.stack([np.ones(count), seconds, np.maximum(seconds - seconds[at], 0.0)], axis=1)
    weights = np.linalg.lstsq(basis, target, rcond=None)[0]
    error = float(np.mean((basis @ weights - target) ** 2))
    before, after = weights[1], weights[1] + weights[2]
    steeper = after < _RELEASE_SLOPE and after < 2.5 * before - 15.0
    return at if steeper and error < 0.7 * float(np.mean(rest**2)) else count
