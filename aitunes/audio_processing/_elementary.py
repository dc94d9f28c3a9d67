"""Compiles elementary functions of float32 that the compiler can turn into vectors, unlike those of the C library.

Each is a polynomial with an error below two millionths.
"""

from __future__ import annotations

import numpy as np
from numba import njit

inlined = njit(nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz"}, forceinline=True)
"""Decorates code that becomes a part of whatever calls it; what is no number is still seen as such."""

_ONE, _HALF = np.float32(1.0), np.float32(0.5)
_EXP2 = tuple(np.float32(np.log(2.0) ** n / d) for n, d in ((1, 1), (2, 2), (3, 6), (4, 24), (5, 120), (6, 720)))
_SINE = tuple(
    np.float32((-1) ** n * np.pi ** (2 * n + 1) / d) for n, d in enumerate((1, 6, 120, 5040, 362880, 39916800))
)
_ROOT_TWO = np.float32(np.sqrt(2.0))
_PER_LN2 = tuple(np.float32(2.0 / np.log(2.0) / n) for n in (1, 3, 5, 7))
_BIAS, _FRACTION_BITS, _FRACTION_MASK = np.int32(127), np.int32(23), np.int32(0x7FFFFF)


@inlined
def exp2(x: np.float32) -> np.float32:
    """Return 2^x, of x within ±126."""
    x = min(max(x, np.float32(-126.0)), np.float32(126.0))
    whole = np.floor(x + _HALF)
    f = x - whole
    value = _ONE + f * (_EXP2[0] + f * (_EXP2[1] + f * (_EXP2[2] + f * (_EXP2[3] + f * (_EXP2[4] + f * _EXP2[5])))))
    return value * np.int32((np.int32(whole) + _BIAS) << _FRACTION_BITS).view(np.float32)


@inlined
def log2(x: np.float32) -> np.float32:
    """Return the logarithm to base 2 of a positive x."""
    bits = np.float32(x).view(np.int32)
    whole = np.int32(bits >> _FRACTION_BITS) - _BIAS
    fraction = np.int32((bits & _FRACTION_MASK) | (_BIAS << _FRACTION_BITS)).view(np.float32)
    s = (fraction - _ROOT_TWO) / (fraction + _ROOT_TWO)
    square = s * s
    series = _PER_LN2[0] + square * (_PER_LN2[1] + square * (_PER_LN2[2] + square * _PER_LN2[3]))
    return np.float32(whole) + _HALF + s * series


@inlined
def sine_of_turns(x: np.float32) -> np.float32:
    """Return sin π x, of x within ±1/2."""
    square = x * x
    rest = _SINE[2] + square * (_SINE[3] + square * (_SINE[4] + square * _SINE[5]))
    return x * (_SINE[0] + square * (_SINE[1] + square * rest))
