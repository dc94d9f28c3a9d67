"""Compiles the Fourier transform of two real signals at once, as real and imaginary part of one complex signal.

For lengths of a power of two it is Stockham's: of radix 4, without reordering, each stage from one pair of arrays into
the other, in vectors. pocketfft, which transforms other lengths, takes two to three times as long, as it is compiled
for the oldest processors.

Reference:
    Van Loan, *Computational Frameworks for the Fast Fourier Transform*, SIAM, 1992, section 1.7.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aitunes.audio_processing._inlined import compiled
from aitunes.audio_processing._vectors import LANES, fill, load, store, store_fours, store_ones
from aitunes.audio_processing.pocketfft import c2c

Array = NDArray[Any]
Pair = tuple[Array, Array]

MIN_LENGTH = 4 * LANES
"""Of a transform in vectors."""


class Fourier(NamedTuple):
    """Holds the twiddle factors of a length; cosines and sines of 1, 2 and 3 times an angle are six numbers.

    Args:
        first, second: of the first two stages, [6, length / 4].
        later: of those after them, in turn, [numbers, 6].
        crosses: 1 if the number of stages is odd, so that a result lies in the other array, [1].
        plain: scratch for pocketfft, [1, length] complex; empty for lengths that are transformed here.
        axis: that pocketfft transforms, [1].
    """

    first: Array
    second: Array
    later: Array
    crosses: Array
    plain: Array
    axis: Array


def fourier(length: int) -> Fourier:
    """Create what is needed for transforms of that length."""
    is_power = length >= MIN_LENGTH and length & (length - 1) == 0
    later, rest = [np.zeros((0, 6))], length // 16
    while rest >= 4:
        later.append(_twiddles(rest).T)
        rest //= 4
    return Fourier(
        first=_twiddles(length).astype(np.float32),
        second=np.repeat(_twiddles(length // 4), 4, axis=1).astype(np.float32),
        later=np.concatenate(later).astype(np.float32),
        crosses=np.array([int(is_power and (length.bit_length() // 2) % 2)]),
        plain=np.zeros((1, 0 if is_power else length), np.complex64),
        axis=np.array([1]),
    )


def _twiddles(length: int) -> Array:
    angles = -2.0 * np.pi * np.arange(length // 4) / length
    return np.concatenate([[np.cos(n * angles), np.sin(n * angles)] for n in (1, 2, 3)])


@compiled
def transform(x: Pair, y: Pair, own: Fourier) -> None:
    """Transform x, a pair of real and imaginary parts [length], into the pair y if the length `crosses`, else in place.

    The other array is scratch. With both parts exchanged before and after it, it is the inverse transform times the
    length.
    """
    if own.plain.size > 0:
        _leave_to_pocketfft(x, own)
        return
    _first(x[0], x[1], y[0], y[1], own.first)
    _second(y[0], y[1], x[0], x[1], own.second)
    stride, rest, at = 16, x[0].size // 16, 0
    while rest >= 4:
        _later(x[0], x[1], y[0], y[1], stride, own.later[at : at + rest // 4])
        x, y, at = y, x, at + rest // 4
        stride, rest = 4 * stride, rest // 4
    if rest == 2:
        _last(x[0], x[1], y[0], y[1])


@compiled
def _leave_to_pocketfft(x: Pair, own: Fourier) -> None:
    z = own.plain
    re, im = x[0], x[1]
    for n in range(re.size):
        z[0, n] = complex(re[n], im[n])
    c2c(z, z, own.axis, True, 1.0, 1)
    for n in range(re.size):
        re[n], im[n] = z[0, n].real, z[0, n].imag


@compiled
def _first(x: Array, xi: Array, y: Array, yi: Array, twiddles: Array) -> None:
    """Run the first stage: neighbours belong to different transforms of a quarter of the length."""
    quarter = x.size // 4
    for p in range(0, quarter, LANES):
        a, b, c, d = load(x, p), load(x, p + quarter), load(x, p + 2 * quarter), load(x, p + 3 * quarter)
        ai, bi, ci, di = load(xi, p), load(xi, p + quarter), load(xi, p + 2 * quarter), load(xi, p + 3 * quarter)
        sum_ac, sum_bd, sum_aci, sum_bdi = a + c, b + d, ai + ci, bi + di
        less_ac, less_bd, less_aci, less_bdi = a - c, b - d, ai - ci, bi - di
        r1, i1 = less_ac + less_bdi, less_aci - less_bd
        r2, i2 = sum_ac - sum_bd, sum_aci - sum_bdi
        r3, i3 = less_ac - less_bdi, less_aci + less_bd
        c1, s1, c2, s2 = load(twiddles[0], p), load(twiddles[1], p), load(twiddles[2], p), load(twiddles[3], p)
        c3, s3 = load(twiddles[4], p), load(twiddles[5], p)
        store_ones(y, 4 * p, sum_ac + sum_bd, r1 * c1 - i1 * s1, r2 * c2 - i2 * s2, r3 * c3 - i3 * s3)
        store_ones(yi, 4 * p, sum_aci + sum_bdi, r1 * s1 + i1 * c1, r2 * s2 + i2 * c2, r3 * s3 + i3 * c3)


@compiled
def _second(x: Array, xi: Array, y: Array, yi: Array, twiddles: Array) -> None:
    """Run the second stage: four neighbours belong together."""
    quarter = x.size // 4
    for p in range(0, quarter, LANES):
        a, b, c, d = load(x, p), load(x, p + quarter), load(x, p + 2 * quarter), load(x, p + 3 * quarter)
        ai, bi, ci, di = load(xi, p), load(xi, p + quarter), load(xi, p + 2 * quarter), load(xi, p + 3 * quarter)
        sum_ac, sum_bd, sum_aci, sum_bdi = a + c, b + d, ai + ci, bi + di
        less_ac, less_bd, less_aci, less_bdi = a - c, b - d, ai - ci, bi - di
        r1, i1 = less_ac + less_bdi, less_aci - less_bd
        r2, i2 = sum_ac - sum_bd, sum_aci - sum_bdi
        r3, i3 = less_ac - less_bdi, less_aci + less_bd
        c1, s1, c2, s2 = load(twiddles[0], p), load(twiddles[1], p), load(twiddles[2], p), load(twiddles[3], p)
        c3, s3 = load(twiddles[4], p), load(twiddles[5], p)
        store_fours(y, 4 * p, sum_ac + sum_bd, r1 * c1 - i1 * s1, r2 * c2 - i2 * s2, r3 * c3 - i3 * s3)
        store_fours(yi, 4 * p, sum_aci + sum_bdi, r1 * s1 + i1 * c1, r2 * s2 + i2 * c2, r3 * s3 + i3 * c3)


@compiled
def _later(x: Array, xi: Array, y: Array, yi: Array, stride: int, twiddles: Array) -> None:
    """Run a later stage: `stride` neighbours, at least sixteen, share their twiddle factors."""
    quarter = x.size // 4
    for p in range(twiddles.shape[0]):
        c1, s1, c2, s2 = fill(twiddles[p, 0]), fill(twiddles[p, 1]), fill(twiddles[p, 2]), fill(twiddles[p, 3])
        c3, s3 = fill(twiddles[p, 4]), fill(twiddles[p, 5])
        for q in range(0, stride, LANES):
            n, out = p * stride + q, 4 * p * stride + q
            a, b, c, d = load(x, n), load(x, n + quarter), load(x, n + 2 * quarter), load(x, n + 3 * quarter)
            ai, bi, ci, di = load(xi, n), load(xi, n + quarter), load(xi, n + 2 * quarter), load(xi, n + 3 * quarter)
            sum_ac, sum_bd, sum_aci, sum_bdi = a + c, b + d, ai + ci, bi + di
            less_ac, less_bd, less_aci, less_bdi = a - c, b - d, ai - ci, bi - di
            r1, i1 = less_ac + less_bdi, less_aci - less_bd
            r2, i2 = sum_ac - sum_bd, sum_aci - sum_bdi
            r3, i3 = less_ac - less_bdi, less_aci + less_bd
            store(y, out, sum_ac + sum_bd)
            store(yi, out, sum_aci + sum_bdi)
            store(y, out + stride, r1 * c1 - i1 * s1)
            store(yi, out + stride, r1 * s1 + i1 * c1)
            store(y, out + 2 * stride, r2 * c2 - i2 * s2)
            store(yi, out + 2 * stride, r2 * s2 + i2 * c2)
            store(y, out + 3 * stride, r3 * c3 - i3 * s3)
            store(yi, out + 3 * stride, r3 * s3 + i3 * c3)


@compiled
def _last(x: Array, xi: Array, y: Array, yi: Array) -> None:
    """Run the last stage of a length that is no power of four."""
    half = x.size // 2
    for n in range(0, half, LANES):
        a, b, ai, bi = load(x, n), load(x, n + half), load(xi, n), load(xi, n + half)
        store(y, n, a + b)
        store(yi, n, ai + bi)
        store(y, n + half, a - b)
        store(yi, n + half, ai - bi)
