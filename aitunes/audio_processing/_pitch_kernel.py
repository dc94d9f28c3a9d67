"""Compiles the arithmetic of `pitch_tracker`: one call a look, no allocation beyond a few numbers, no GIL."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]
compiled = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz", "afn"})

CLOSE, NOISY = 0.02, 0.9
"""How far below the best peak the first may be, and what noise, which lowers both, adds to that."""
NEAR_BEFORE, SAME = 0.01, 0.03
"""How much better a peak counts that lies where the pitch was, and what share of the period is the same place."""
OCTAVE_COST = 0.005
"""By how much a period of twice the length must be better."""
LOOSE, FEW = 0.12, 12
"""How far below the highest a peak of the coarse samples may be, to be looked at with all of them; twice that far where
a period has few."""
REACH = 2
"""How many samples the top may lie from where the coarse ones have it."""
MAX_PEAKS = 12


@compiled
def similarities(x: Array, sums: Array, since: int, shortest: int, longest: int, least: int, n: Array) -> None:
    """Compare the newest samples with those a lag earlier: n(τ) = 2 Σ x(t) x(t − τ) / Σ (x(t)² + x(t − τ)²).

    The sum goes over the newest w samples. w is one lag at least, so that a whole period is compared with the one
    before it, and `least` at least; but no more than the sound since its onset allows. Where that holds no two
    periods, n is 0.

    Args:
        x: the newest samples, [samples].
        sums: of their squares up to each, [samples + 1].
        since: samples since the onset.
        shortest, longest: lags to compare; n is filled from `shortest` − 1 to `longest` + 1.
        n: filled.
    """
    end = x.size
    for lag in range(shortest - 1, longest + 2):
        n[lag] = np.float32(0.0)
        width = min(max(lag, least), end - lag, since - lag)
        if width < lag:  # not yet two periods
            continue
        begin = end - width
        newest, earlier = x[begin:end], x[begin - lag : end - lag]
        product = np.float32(0.0)
        for t in range(newest.size):  # in vectors, as no index may be negative here
            product += newest[t] * earlier[t]
        energy = sums[end] - sums[begin] + sums[end - lag] - sums[begin - lag]
        n[lag] = 2.0 * product / max(energy, 1e-12)


@compiled
def sum_squares(x: Array, sums: Array) -> None:
    """Fill in the sums of squares up to each sample, [samples + 1], in double precision."""
    total = 0.0
    sums[0] = total
    for t in range(x.size):
        total += float(x[t]) * float(x[t])
        sums[t + 1] = total


@compiled
def find_period(
    coarse: Array,
    fine: Array,
    sums: Array,
    step: int,
    since: int,
    shortest: int,
    longest: int,
    least: int,
    before: float,
    n: Array,
) -> tuple[float, float]:
    """Return the period of the newest samples, with fraction, and how alike its repetitions are; 0 and 0 without one.

    Args:
        coarse, fine: the newest samples, every `step`th, and all of them.
        sums: scratch, [fine samples + 1].
        since: samples since the onset.
        shortest, longest, least: lags to look at, and the least to compare, of the coarse samples.
        before: the period until now, 0 for none.
        n: scratch, [(longest + 2) · step].
    """
    sum_squares(coarse, sums)
    similarities(coarse, sums, since // step, shortest, longest, least, n)
    peaks = np.empty(MAX_PEAKS)
    count = loose_peaks(n, shortest, longest, peaks)
    lags, heights, scores = np.empty(MAX_PEAKS), np.empty(MAX_PEAKS), np.empty(MAX_PEAKS)
    best, clearest = 0.0, 0.0
    sum_squares(fine, sums)
    for k in range(count):
        lags[k], heights[k] = refine(fine, sums, since, peaks[k] * step, least * step, n)
        scores[k] = 0.0
        if lags[k] > 0.0:
            scores[k] = heights[k] - OCTAVE_COST * np.log2(lags[k] / (shortest * step))
            if before > 0.0 and abs(lags[k] - before) < SAME * before:
                scores[k] += NEAR_BEFORE
        best, clearest = max(best, scores[k]), max(clearest, heights[k])
    for k in range(count):
        if scores[k] > 0.0 and scores[k] >= best - CLOSE - NOISY * max(1.0 - clearest, 0.0):
            return lags[k], heights[k]
    return 0.0, 0.0


@compiled
def loose_peaks(n: Array, shortest: int, longest: int, peaks: Array) -> int:
    """Fill in the lags of the first peaks that are high; return how many there are."""
    begin = shortest
    while begin <= longest and n[begin] > np.float32(0.0) and n[begin] >= n[begin + 1]:
        begin += 1  # the slope down from lag 0 is no peak
    highest = 0.0
    for lag in range(begin, longest + 1):
        if n[lag] >= n[lag - 1] and n[lag] > n[lag + 1]:
            highest = max(highest, parabola(n, lag)[1])
    count = 0
    for lag in range(begin, longest + 1):
        if count < peaks.size and n[lag] > np.float32(0.0) and n[lag] >= n[lag - 1] and n[lag] > n[lag + 1]:
            at, height = parabola(n, lag)
            if height > highest - (LOOSE if lag > FEW else 2.0 * LOOSE):
                peaks[count] = at
                count += 1
    return count


@compiled
def parabola(n: Array, lag: int) -> tuple[float, float]:
    """Return the top of the parabola through a peak and its neighbours: lag and height."""
    left, top, right = float(n[lag - 1]), float(n[lag]), float(n[lag + 1])
    bend = left - 2.0 * top + right
    shift = 0.0
    if bend < 0.0:
        shift = min(max(0.5 * (left - right) / bend, -0.5), 0.5)
    return lag + shift, top - 0.25 * (left - right) * shift


@compiled
def shift_in(y: Array, kept: Array) -> None:
    """Append new samples to those that are kept, whose oldest go."""
    left = kept.size - y.size
    for k in range(left):
        kept[k] = kept[k + y.size]
    for k in range(y.size):
        kept[left + k] = y[k]


@compiled
def take(y: Array, heard: Array, taps: Array, fine: Array, coarse: Array, skip: int, step: int) -> None:
    """Append new samples, low-passed, to those that are kept, and every `step`th to the coarse ones.

    Args:
        y: new samples, no more than `heard` has beyond the filter's length.
        heard: the newest samples as they came.
        taps: of the filter.
        fine, coarse: the newest filtered samples, all of them and every so many.
        skip: filtered samples before the first that is a coarse one.
        step: from one coarse sample to the next.
    """
    shift_in(y, heard)
    filtered = np.empty_like(y)
    low_pass(heard, taps, filtered)
    shift_in(filtered, fine)
    shift_in(filtered[skip::step], coarse)


@compiled
def low_pass(x: Array, taps: Array, y: Array) -> None:
    """Filter the newest samples of x, as many as y holds."""
    y[:] = np.float32(0.0)
    first = x.size - y.size - taps.size + 1
    for t in range(taps.size):
        tap, later = taps[t], x[first + t : first + t + y.size]
        for k in range(y.size):
            y[k] += tap * later[k]


@compiled
def refine(x: Array, sums: Array, since: int, lag: float, least: int, n: Array) -> tuple[float, float]:
    """Find the top near a lag: lag with fraction, and height; 0 and 0 without one."""
    middle = int(lag + 0.5)
    first, last = max(2, middle - REACH), min(middle + REACH, n.size - 2)
    similarities(x, sums, since, first, last, least, n)
    top = first
    for k in range(first, last + 1):
        if n[k] > n[top]:
            top = k
    if n[top] <= np.float32(0.0):
        return 0.0, 0.0
    return parabola(n, top)
