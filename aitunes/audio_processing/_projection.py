"""Compiles what Griffin and Lim's projection does between two transforms: two spectra get back their magnitudes."""

from __future__ import annotations

from typing import Any

import numpy as np

from aitunes.audio_processing._fourier_kernel import Pair
from aitunes.audio_processing._inlined import compiled
from aitunes.audio_processing._phase_propagation import TINY, Array, Real
from aitunes.audio_processing._vectors import LANES, fill, inverse_root, load, load_reversed, store, store_reversed


@compiled
def restore(Z: Pair, one: tuple[Any, ...], two: tuple[Any, ...], phases: Array, phases_two: Array) -> None:
    """Give two spectra their magnitudes around their phases, carried on by their change since the last iteration.

    Args:
        Z: transform of one frame as real and another as imaginary part, a pair [n_fft]. Then of the other way around,
            with both parts exchanged, so that the next transform is the inverse and leaves the one as real part.
        one, two: what `spectrum_of` says of each.
        phases, phases_two: where their phases go, [2, bins].
    """
    re, im = Z[0], Z[1]
    n_fft, last = re.size, re.size // 2
    half, tiny, momentum, momentum_two = fill(Real(0.5)), fill(TINY), fill(one[2]), fill(two[2])
    done = 1
    for k in range(1, last - LANES + 2, LANES):
        mirrored = n_fft - k - LANES + 1
        a, b, c, d = load(re, k), load_reversed(re, mirrored), load(im, k), load_reversed(im, mirrored)
        x, y = carry(half * (a + b), half * (c - d), k, one[1], momentum, tiny, phases)
        u, v = carry(half * (c + d), half * (b - a), k, two[1], momentum_two, tiny, phases_two)
        M, M_two = load(one[0], k), load(two[0], k)
        x, y, u, v = M * x, M * y, M_two * u, M_two * v
        store(re, k, x + v)
        store(im, k, u - y)
        store_reversed(re, mirrored, x - v)
        store_reversed(im, mirrored, u + y)
        done = k + LANES
    restore_bin(0, Z, one, two, phases, phases_two)
    for k in range(done, last + 1):
        restore_bin(k, Z, one, two, phases, phases_two)


@compiled
def carry(re: Any, im: Any, k: int, last: Array, momentum: Any, tiny: Any, phases: Array) -> tuple[Any, Any]:
    """Return the phases of eight bins from k on, carried on by their change since `last`, which they become."""
    x = re + momentum * (re - load(last[0], k))
    y = im + momentum * (im - load(last[1], k))
    store(last[0], k, re)
    store(last[1], k, im)
    scale = inverse_root(x * x + y * y + tiny)
    x, y = x * scale, y * scale
    store(phases[0], k, x)
    store(phases[1], k, y)
    return x, y


@compiled
def restore_bin(k: int, Z: Pair, one: tuple[Any, ...], two: tuple[Any, ...], phases: Array, phases_two: Array) -> None:
    """Do with one bin what `restore` does with eight."""
    re, im, mirrored = Z[0], Z[1], (Z[0].size - k) % Z[0].size
    a, b, c, d = re[k], re[mirrored], im[k], im[mirrored]
    half = Real(0.5)
    x, y = carry_bin(half * (a + b), half * (c - d), k, one[1], one[2], phases)
    u, v = carry_bin(half * (c + d), half * (b - a), k, two[1], two[2], phases_two)
    x, y, u, v = one[0][k] * x, one[0][k] * y, two[0][k] * u, two[0][k] * v
    re[k], im[k] = x + v, u - y
    re[mirrored], im[mirrored] = x - v, u + y


@compiled
def carry_bin(re: Real, im: Real, k: int, last: Array, momentum: Real, phases: Array) -> tuple[Real, Real]:
    """Do with one bin what `carry` does with eight."""
    x, y = re + momentum * (re - last[0, k]), im + momentum * (im - last[1, k])
    last[0, k], last[1, k] = re, im
    scale = Real(1.0) / np.sqrt(x * x + y * y + TINY)
    phases[0, k], phases[1, k] = x * scale, y * scale
    return x * scale, y * scale
