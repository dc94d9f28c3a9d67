"""Gives a mono sound the side channel of its material: as wide in every band as the recordings near the pad."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from aitunes.features import AudioFeatures, FloatArray
from aitunes.release.side import SideLevels

_HIGHEST = 0.45  # of the sample rate, for an edge between bands
_LOWEST_HZ = 60.0
_ALL_PASS = 0.5
_DELAYS_SECONDS = (0.0011, 0.0026, 0.0043, 0.0067)
_PROBED_DB = 6.0
_EVENNESS = 0.01  # of steps that would undo each other
_TAIL_SECONDS = 0.15


class RecordedSide:
    """Adds to the side channel a scattered copy of the mid channel, each band as loud as `SideLevels` says.

    Four all-pass filters scatter it and leave its spectrum as it is. Between two bands stands a first-order high shelf,
    whose step turns the level of the one into that of the other: shelves in series add up in decibels, and a change of
    their steps makes no click. Levels reach the sound when the middle of the frame does that was decoded from the same
    code.

    Args:
        levels: of the release.
        features: of the release.
        lookahead: frames that a hop waits for.

    Reference:
        Schroeder, "Natural sounding artificial reverberation", J. Audio Eng. Soc. 10, 1962;
        Välimäki and Reiss, "All about audio equalization", Applied Sciences 6, 2016.
    """

    def __init__(self, levels: SideLevels, features: AudioFeatures, lookahead: int) -> None:
        self._levels = levels
        rate, hop = features.sample_rate, features.hop_length
        self._delays = np.round(np.array(_DELAYS_SECONDS) * rate).astype(np.int64)
        self._history = np.zeros((len(self._delays), 1 << int(self._delays.max()).bit_length()), np.float32)
        self._position = 0
        edges = np.minimum(levels.edges, _HIGHEST * rate).astype(np.float64)
        self._edges = np.tan(np.pi * edges / rate)  # of the bilinear transform
        bounds = np.concatenate([[_LOWEST_HZ], edges, [_HIGHEST * rate]])
        self._steps_of = _steps_of_levels(edges, np.sqrt(bounds[:-1] * bounds[1:]))
        self._shelves, self._state = np.zeros((2, len(edges), 3)), np.zeros(len(edges))
        self._gain = 0.0
        centre = features.n_fft / 2 + lookahead * hop - float(self._delays.sum())
        # A hop's levels are reached at its end, and hold in the middle of what they were decoded for.
        self._waiting = np.zeros((1 + max(0, round(centre / hop) - 1), levels.bands))
        self._next = 0
        self._code: FloatArray | None = None
        self._steps = np.zeros(levels.bands)
        self._tail_hops = max(1, round(_TAIL_SECONDS * rate / hop))
        self._quiet_hops = self._tail_hops

    def add(self, y: FloatArray, z: FloatArray, sounding: bool) -> FloatArray:
        """Return a hop of mid and side [hop_length, 2] with the side at the code z [latent_dim].

        Args:
            y: changed in place, unless it is silence.
            sounding: whether any tone sounds.
        """
        first, gain = self._gain, self._turn(z)
        self._quiet_hops = 0 if sounding else self._quiet_hops + 1
        if self._quiet_hops > self._tail_hops:
            return y
        if self._quiet_hops == self._tail_hops:
            self.reset()
            return y
        y = y if sounding else y.copy()
        self._position = _add_side(
            y,
            self._history,
            self._position,
            self._delays,
            self._shelves,
            self._state,
            first,
            gain,
        )
        return y

    def reset(self) -> None:
        """Clear the sound so far; the levels stay."""
        self._history[:] = 0.0
        self._state[:] = 0.0

    def _turn(self, z: FloatArray) -> float:
        """Set the shelves to what they are at the end of this hop; return the gain of the lowest band."""
        if self._code is None or not np.array_equal(z, self._code):
            self._steps = self._steps_of @ self._levels.levels_db(z)
            if self._code is None:
                self._waiting[:] = self._steps
                _set_shelves(self._shelves[1], self._edges, self._steps)
                self._gain = 10.0 ** (0.05 * self._steps[0])
            self._code = z.copy()
        due = self._waiting[self._next].copy()
        self._waiting[self._next] = self._steps
        self._next = (self._next + 1) % len(self._waiting)
        self._shelves[0] = self._shelves[1]
        _set_shelves(self._shelves[1], self._edges, due)
        self._gain = float(10.0 ** (0.05 * due[0]))
        return self._gain


def _steps_of_levels(edges: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix that gives the lowest band's level and the shelves' steps, dB, of the levels at the centres.

    A shelf's decibels at a frequency are nearly in proportion to those of its step; neighbours overlap, so that the
    steps follow from all levels together.
    """
    ratio = centres[:, None] / edges
    root = 10.0 ** (0.025 * _PROBED_DB)
    response = 10.0 * np.log10((1.0 + (root * ratio) ** 2) / (1.0 + (ratio / root) ** 2)) / _PROBED_DB
    shape = np.concatenate([np.ones((len(centres), 1)), response], axis=1)
    even = _EVENNESS * np.eye(shape.shape[1])
    even[0, 0] = 0.0
    return np.asarray(np.linalg.solve(shape.T @ shape + even, shape.T), np.float64)


@numba.njit(nogil=True, cache=True)  # type: ignore[misc, unused-ignore]
def _set_shelves(shelves: NDArray[np.float64], edges: NDArray[np.float64], steps: NDArray[np.float64]) -> None:
    """Set b0, b1, a1 of each shelf [edges, 3], from its edge and its step, dB; steps[0] is no shelf's.

    The bilinear transform of (r s + √r) / (s + √r), which is 1 at the bottom, r at the top and √r at the edge.
    """
    for n in range(len(edges)):
        root = 10.0 ** (0.025 * steps[n + 1])
        turn = root * edges[n]
        scale = 1.0 / (1.0 + turn)
        shelves[n, 0] = (root * root + turn) * scale
        shelves[n, 1] = (turn - root * root) * scale
        shelves[n, 2] = (turn - 1.0) * scale


@numba.njit(nogil=True, cache=True, fastmath=True)  # type: ignore[misc, unused-ignore]
def _add_side(
    y: FloatArray,
    history: FloatArray,
    position: int,
    delays: NDArray[np.int64],
    shelves: NDArray[np.float64],
    state: NDArray[np.float64],
    before: float,
    after: float,
) -> int:
    """Add to y[:, 1] the scattered y[:, 0] behind the shelves; return the next position in the history.

    Gain and shelves [2, edges, 3] go from those before the hop to those at its end.
    """
    mask = history.shape[1] - 1
    step = 1.0 / len(y)
    for i in range(len(y)):
        share = (i + 1) * step
        x = (before + (after - before) * share) * y[i, 0]
        for n in range(len(delays)):  # v = x + g v(−D), y = v(−D) − g v
            old = history[n, (position - delays[n]) & mask]
            new = x + _ALL_PASS * old
            history[n, position] = new
            x = old - _ALL_PASS * new
        position = (position + 1) & mask
        for n in range(len(state)):  # transposed direct form II
            b0 = shelves[0, n, 0] + (shelves[1, n, 0] - shelves[0, n, 0]) * share
            b1 = shelves[0, n, 1] + (shelves[1, n, 1] - shelves[0, n, 1]) * share
            a1 = shelves[0, n, 2] + (shelves[1, n, 2] - shelves[0, n, 2]) * share
            out = b0 * x + state[n]
            state[n] = b1 * x - a1 * out
            x = out
        y[i, 1] += x
    return position
