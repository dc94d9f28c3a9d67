"""Provides steps for `AudioProcessingInterface.preprocess`: padding, scaling, filters."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from aitunes.errors import AiTunesError
from aitunes.features import FloatArray

Side = Literal["right", "left", "both"]
PADDING_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")
"""What `numpy.pad` calls them; "constant" is silence."""


class PreprocessingError(AiTunesError, ValueError):
    """Says why a step cannot be done with its parameters."""


class PreprocessingCollection:
    """Collects pure functions on arrays; bind their parameters to make steps.

    >>> from functools import partial
    >>> PreprocessingCollection.apply_padding(np.ones(2), 4).tolist()
    [1.0, 1.0, 0.0, 0.0]
    >>> halve = partial(PreprocessingCollection.normalise, min_val=-0.5, max_val=0.5)
    >>> halve(np.array([0.0, 1.0, 4.0])).tolist()
    [-0.5, -0.25, 0.5]
    """

    @staticmethod
    def apply_padding(
        y: NDArray[Any], num_expected_samples: int, mode: str = "constant", padding_side: Side = "right"
    ) -> NDArray[Any]:
        """Lengthen a signal; one that is long enough stays as it is.

        Args:
            y: [..., samples].
            num_expected_samples: wanted at least.
            mode: one of `PADDING_MODES`.
            padding_side: where samples are added; "both" adds the odd one on the right.

        Raises:
            PreprocessingError: the mode or the side is unknown, or nothing is there to repeat.
        """
        if mode not in PADDING_MODES:
            raise PreprocessingError(f"A padding mode is one of {', '.join(PADDING_MODES)}, not {mode!r}.")
        if padding_side not in get_args(Side):
            raise PreprocessingError(f"A padding side is one of {', '.join(get_args(Side))}, not {padding_side!r}.")
        missing = num_expected_samples - y.shape[-1]
        if missing <= 0:
            return y
        if not y.shape[-1] and mode != "constant":
            raise PreprocessingError(f"An empty signal has nothing to pad with in mode {mode!r}.")
        left = {"right": 0, "left": missing, "both": missing // 2}[padding_side]
        return np.pad(y, [(0, 0)] * (y.ndim - 1) + [(left, missing - left)], mode=mode)  # type: ignore[call-overload]

    @staticmethod
    def normalise(array: NDArray[Any], min_val: float = 0.0, max_val: float = 1.0) -> FloatArray:
        """Scale linearly so that the least value becomes `min_val` and the greatest `max_val`.

        A constant array has no scale: it becomes the middle of the two everywhere.

        Raises:
            PreprocessingError: the array is empty or holds what is no number, or the bounds do not rise.
        """
        _check_range("min_val", min_val, "max_val", max_val)
        low, high = _extremes(array)
        if low == high:
            return np.full(array.shape, (min_val + max_val) / 2.0, np.float32)
        share = (array.astype(np.float64) - low) / (high - low)
        return (min_val + share * (max_val - min_val)).astype(np.float32)

    @staticmethod
    def denormalise(
        array: NDArray[Any],
        original_min: float,
        original_max: float,
        norm_min: float | None = None,
        norm_max: float | None = None,
    ) -> FloatArray:
        """Undo `normalise`.

        Args:
            original_min, original_max: extremes of the array before; equal ones mean that it was constant.
            norm_min, norm_max: what they had become; None takes the extremes of `array`.

        Raises:
            PreprocessingError: the array is empty or holds what is no number, or bounds fall.
        """
        if not original_min <= original_max:
            raise PreprocessingError(
                f"original_min must not exceed original_max; {original_min!r} and {original_max!r} do not fit."
            )
        low, high = _extremes(array)
        low = low if norm_min is None else norm_min
        high = high if norm_max is None else norm_max
        if original_min == original_max or low == high:
            return np.full(array.shape, (original_min + original_max) / 2.0, np.float32)
        _check_range("norm_min", low, "norm_max", high)
        share = (array.astype(np.float64) - low) / (high - low)
        return (original_min + share * (original_max - original_min)).astype(np.float32)

    @staticmethod
    def apply_lowpass_filter(
        y: NDArray[Any], sample_rate: float, cutoff_freq: float, filter_order: int = 5
    ) -> FloatArray:
        """Apply a causal Butterworth low-pass: 3 dB down at `cutoff_freq`, then 6 dB an octave per order.

        Args:
            y: [..., samples].
            cutoff_freq: Hz, above 0 and below half the sample rate.
            filter_order: 1 to 20.
        """
        return _butterworth(y, sample_rate, cutoff_freq, filter_order, "lowpass")

    @staticmethod
    def apply_highpass_filter(
        y: NDArray[Any], sample_rate: float, cutoff_freq: float, filter_order: int = 5
    ) -> FloatArray:
        """Apply a causal Butterworth high-pass; see `apply_lowpass_filter`."""
        return _butterworth(y, sample_rate, cutoff_freq, filter_order, "highpass")


def _butterworth(y: NDArray[Any], sample_rate: float, cutoff_hz: float, order: int, kind: str) -> FloatArray:
    from scipy import signal

    if not 0 < cutoff_hz < sample_rate / 2:
        raise PreprocessingError(
            f"A cut-off frequency lies above 0 and below half the sample rate ({sample_rate / 2:g} Hz), "
            f"not at {cutoff_hz!r} Hz."
        )
    if not 1 <= order <= 20:
        raise PreprocessingError(f"A filter's order must be 1 to 20, not {order!r}.")
    # Second-order sections: one polynomial of a high order loses its poles to rounding at low frequencies.
    sections = signal.butter(order, cutoff_hz, kind, fs=sample_rate, output="sos")
    return np.asarray(signal.sosfilt(sections, y, axis=-1), dtype=np.float32)


def _extremes(array: NDArray[Any]) -> tuple[float, float]:
    if not array.size or not np.isfinite(array).all():
        raise PreprocessingError("Only an array of finite values, and of at least one, can be scaled.")
    return float(array.min()), float(array.max())


def _check_range(low_name: str, low: float, high_name: str, high: float) -> None:
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise PreprocessingError(f"{low_name} must be below {high_name}; {low!r} and {high!r} do not fit.")
