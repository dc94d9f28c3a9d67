"""What the pad's two axes shall mean: attributes of every patch that the first two latent dimensions follow.

Left to itself a model puts similar sounds side by side but in no order that a hand can learn. Two attributes
that any spectrogram has, the lowest strong partial and how much of the spectrum above it is filled, give it
one: low to high, thin to full (attribute regularisation: Pati & Lerch, *Attribute-based regularization of
latent spaces for variational auto-encoders*, Neural Computing and Applications 33, 2021).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray

ATTRIBUTES = ("lowest partial", "fullness")

_STRONG = 0.3
"""How far below the loudest band a strong one may lie, share of the dB range."""
_LOBE_BANDS = 6
_FEWEST_BANDS = 24


def order_targets(S: FloatArray, spread: tuple[float, float]) -> FloatArray:
    """Where each patch belongs on the first two latent dimensions.

    Attributes are replaced by their ranks, so that every part of the pad holds as much of the data.

    Args:
        S: normalised log-mel [items, n_mels, frames].
        spread: standard deviation of the targets of each dimension.

    Returns:
        [items, 2], uniformly distributed around 0 in each column.
    """
    mean = S.mean(axis=2)
    columns = [_centred_ranks(lowest_partial(mean)), _centred_ranks(fullness(mean))]
    return (np.stack(columns, axis=1) * spread).astype(np.float32)


def lowest_partial(S: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mel band, with fraction, of the lowest strong peak of every frame [items, n_mels]; returns [items]."""
    bands, first = np.arange(S.shape[1]), _first_strong_band(S)
    # The centre of gravity of the peak's main lobe, squared to lean on its top.
    lobe = np.where((bands >= first[:, None]) & (bands < first[:, None] + _LOBE_BANDS), S.astype(np.float64) ** 8, 0.0)
    return np.asarray((lobe * bands).sum(axis=1) / np.maximum(lobe.sum(axis=1), 1e-30))


def fullness(S: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean of the bands from the lowest strong one up, of every frame [items, n_mels]; returns [items]."""
    above = np.arange(S.shape[1]) >= _first_strong_band(S)[:, None]
    return np.asarray(np.where(above, S, 0.0).sum(axis=1) / np.maximum(above.sum(axis=1), _FEWEST_BANDS))


def _first_strong_band(S: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.asarray(np.argmax(S.max(axis=1, keepdims=True) - S <= _STRONG, axis=1))


def _centred_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks spread evenly over a range of mean 0 and standard deviation 1."""
    ranks = np.empty(len(values))
    ranks[values.argsort(kind="stable")] = np.arange(len(values)) + 0.5
    return np.asarray((ranks / len(values) - 0.5) * np.sqrt(12.0))
