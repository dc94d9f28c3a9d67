"""Reads and writes `side.npz`: how wide the training sounds are, band by band, wherever one is in the latent space."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from aitunes.errors import ReleaseError
from aitunes.features import FloatArray
from aitunes.release.arrays import ArraySpec, read_arrays
from aitunes.release.card import MAX_LATENT_DIM, ReleaseCard

SIDE = "side.npz"
SIDE_DB = (-40.0, 3.0)
"""Range of the side channel's power relative to the mid channel's; at its lower end a band is mono."""
MAX_BANDS = 32
MAX_UNITS = 512
MAX_SIDE_BYTES = 4 << 20

_EDGES_HZ = (20.0, 100_000.0)
_LARGEST = 1e4
_SPECS = {
    "edges": ArraySpec("f", 1, MAX_BANDS - 1),
    "inner": ArraySpec("f", 2, MAX_LATENT_DIM),
    "inner_bias": ArraySpec("f", 1, MAX_UNITS),
    "outer": ArraySpec("f", 2, MAX_UNITS),
    "outer_bias": ArraySpec("f", 1, MAX_BANDS),
}


@dataclass(frozen=True)
class SideLevels:
    """Gives the level of the side channel, relative to the mid channel's, of a latent code.

    A perceptron with one hidden layer: dB = silu(z inner + inner_bias) outer + outer_bias, where
    silu(x) = x / (1 + exp −x).

    Args:
        edges: between the bands, Hz, rising, [bands − 1]; the outer bands reach to 0 Hz and to the top.
        inner: [latent_dim, units].
        inner_bias: [units].
        outer: [units, bands].
        outer_bias: [bands].
    """

    edges: FloatArray
    inner: FloatArray
    inner_bias: FloatArray
    outer: FloatArray
    outer_bias: FloatArray

    @property
    def bands(self) -> int:
        """Return how many bands there are."""
        return len(self.outer_bias)

    def levels_db(self, z: FloatArray) -> FloatArray:
        """Return the level of the side channel in each band, dB of the mid channel's, [..., bands] for z [..., dim]."""
        x = z @ self.inner + self.inner_bias
        x *= 0.5 + 0.5 * np.tanh(0.5 * x)  # which overflows nowhere
        levels = x @ self.outer + self.outer_bias
        return np.asarray(np.clip(levels, *SIDE_DB), np.float32)

    def to_bytes(self) -> bytes:
        """Return the contents of `side.npz`, in half precision: a hundredth of a decibel."""
        stream = io.BytesIO()
        half = {name: values.astype(np.float16) for name, values in self._arrays().items() if name != "edges"}
        np.savez_compressed(stream, allow_pickle=False, edges=self.edges.astype(np.float32), **half)
        return stream.getvalue()

    def _arrays(self) -> dict[str, FloatArray]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def constant(cls, edges: NDArray[np.floating], levels_db: NDArray[np.floating], latent_dim: int) -> Self:
        """Return levels that are the same everywhere."""
        inner = np.zeros((latent_dim, 1), np.float32)
        outer = np.zeros((1, len(levels_db)), np.float32)
        bias = np.zeros(1, np.float32)
        return cls(edges.astype(np.float32), inner, bias, outer, levels_db.astype(np.float32))


def read_side(folder: Path, card: ReleaseCard) -> SideLevels | None:
    """Read how wide a release is; None for one that is mono.

    Raises:
        ReleaseError: the file is damaged, too large, or does not fit the card.
    """
    if SIDE not in card.files:
        return None
    what = f"The stereo side of {card.name}"
    arrays = read_arrays(folder / SIDE, _SPECS, MAX_SIDE_BYTES, what)
    side = SideLevels(**{name: values.astype(np.float32) for name, values in arrays.items()})
    problem = _problem(side, card.latent_dim)
    if problem:
        raise ReleaseError(f"{what} cannot be used: {problem}. Export the release again.")
    return side


def _problem(side: SideLevels, latent_dim: int) -> str:
    """Describe what does not fit, or return nothing."""
    bands, units = len(side.outer_bias), len(side.inner_bias)
    shapes = {"edges": (bands - 1,), "inner": (latent_dim, units), "outer": (units, bands)}
    for name, shape in shapes.items():
        found = getattr(side, name).shape
        if found != shape:
            return f"its array {name} has the shape {list(found)}, not {list(shape)}"
    if not bands or not units:
        return "it has no bands"
    for name in ("inner", "inner_bias", "outer", "outer_bias"):
        if np.abs(getattr(side, name)).max() > _LARGEST:
            return f"its array {name} has values beyond ±{_LARGEST:g}"
    low, high = _EDGES_HZ
    if (np.diff(side.edges) <= 0.0).any() or (side.edges < low).any() or (side.edges > high).any():
        return f"the edges of its bands do not rise from {low:g} to {high:g} Hz"
    return ""
