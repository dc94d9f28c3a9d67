"""Reads, checks and writes the card of a release: everything about a model but its weights, as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aitunes.errors import InvalidFeaturesError, ReleaseError
from aitunes.features import AudioFeatures
from aitunes.release.files import MAX_CARD_BYTES
from aitunes.release.limits import (
    check_features,
    check_files,
    check_inputs,
    check_training,
    is_release_name,
    whole_number,
)

SCHEMA_VERSION = 1
LATENT_LIMIT = 4.0
"""Furthest a coordinate goes from the mean, standard deviations."""
TOLERANCE = 0.1
"""By what share of its range a decoder may go beyond it, at the far corners of the latent space."""
MAX_LATENT_DIM = 512
_AXES_DECIMALS = 8  # as many as single precision has; all of them would be most of a card
MAX_TEXT = {"name": 64, "public_name": 200, "description": 4_000}
"""Most characters of a card's texts."""

_LARGEST = 1e6  # of a latent space's numbers, so that codes stay far from what float32 cannot hold
_MAX_QUOTED = 300
_TOO_DEEP = "The card is nested too deeply; export the release again."


@dataclass(frozen=True)
class TensorSpec:
    """Describes one input or output of the decoder: its name, its shape ("batch" first) and the range of its values.

    The first input is the latent code. The instrument knows two further ones by name, each [batch, 1]: `pitch`, a
    MIDI note with fraction, and `level`, decibels below the loudest that the model was trained on.
    """

    name: str
    shape: tuple[int | str, ...]
    range: tuple[float, float]

    def neutral(self) -> NDArray[np.float32]:
        """Return a batch of one that says nothing in particular: zeros, or what of the range is nearest to them."""
        value = min(max(0.0, self.range[0]), self.range[1])
        return np.full([1 if isinstance(size, str) else size for size in self.shape], value, np.float32)


@dataclass(frozen=True)
class LatentSpace:
    """Holds where the training data lies in the latent space.

    A *coordinate* counts standard deviations along a principal direction, most variance first; the pad spans
    two of them.

    Args:
        mean: mean code, [latent_dim].
        std: standard deviation of each latent dimension, [latent_dim].
        axes: principal directions as orthonormal rows, [latent_dim, latent_dim].
        variance: variance of the codes along each axis, [latent_dim].
        pad_range: coordinates at the pad's two edges for each axis, standard deviations, [latent_dim, 2].
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    axes: tuple[tuple[float, ...], ...]
    variance: tuple[float, ...]
    pad_range: tuple[tuple[float, float], ...]

    @property
    def explained_variance(self) -> NDArray[np.float64]:
        """Return the share of the variance along each axis, [latent_dim]; sums to 1, or is 0 where there is none."""
        variance = np.asarray(self.variance, np.float64)
        total = variance.sum()
        return variance / total if total > 0.0 else np.zeros_like(variance)

    def codes(self, coordinates: NDArray[Any]) -> NDArray[np.float32]:
        """Turn coordinates in standard deviations [..., latent_dim] into latent codes z of the same shape."""
        scaled = np.asarray(coordinates) * np.sqrt(self.variance)
        return (np.asarray(self.mean) + scaled @ np.asarray(self.axes)).astype(np.float32)

    def coordinates(self, z: NDArray[Any]) -> NDArray[np.float32]:
        """Turn latent codes z [..., latent_dim] into coordinates in standard deviations; the inverse of `codes`."""
        projected = (np.asarray(z) - np.asarray(self.mean)) @ np.asarray(self.axes).T
        return (projected / np.sqrt(np.maximum(self.variance, 1e-12))).astype(np.float32)

    def pad_positions(self, coordinates: NDArray[Any], axes: tuple[int, int]) -> NDArray[np.float32]:
        """Project coordinates [items, latent_dim] on a pad of two axes, [items, 2], clipped to 0..1."""
        low, high = np.asarray(self.pad_range)[list(axes)].T
        span = np.maximum(high - low, 1e-9)
        return np.asarray(np.clip((np.asarray(coordinates)[:, list(axes)] - low) / span, 0.0, 1.0), np.float32)

    @classmethod
    def from_codes(cls, z: NDArray[Any], quantile: float = 0.01) -> Self:
        """Find the latent space that training codes span, by principal component analysis.

        Args:
            z: codes [items, latent_dim]; fewer than latent_dim leave axes without variance.
            quantile: share of the items left outside each edge of the pad.
        """
        z = np.asarray(z, dtype=np.float64)
        missing = max(0, z.shape[1] - len(z))  # rows of nothing complete the axes and change no variance
        centred = np.pad(z - z.mean(axis=0), ((0, missing), (0, 0)))
        axes = np.linalg.svd(centred, full_matrices=False)[2]
        # Signs of a decomposition are arbitrary: the largest weight of each axis is made positive.
        return cls.along(z, axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None], quantile)

    @classmethod
    def along(cls, z: NDArray[Any], axes: NDArray[Any], quantile: float = 0.01) -> Self:
        """Measure training codes z [items, latent_dim] along given axes, orthonormal rows [latent_dim, latent_dim]."""
        z = np.asarray(z, dtype=np.float64)
        projected = (z - z.mean(axis=0)) @ axes.T
        variance = np.maximum((projected**2).mean(axis=0), 1e-12)
        along = projected / np.sqrt(variance)
        edges = np.clip(np.quantile(along, [quantile, 1.0 - quantile], axis=0).T, -LATENT_LIMIT, LATENT_LIMIT)
        return cls(
            mean=tuple(z.mean(axis=0).tolist()),
            std=tuple(z.std(axis=0).tolist()),
            axes=tuple(tuple(row) for row in np.round(axes, _AXES_DECIMALS).tolist()),
            variance=tuple(variance.tolist()),
            pad_range=tuple((low, high) for low, high in edges.tolist()),
        )


@dataclass(frozen=True)
class TrainingRecord:
    """Records how the model came to be."""

    data_name: str
    data_licence: str
    data_items: int
    data_hash: str
    scenario: str
    command: str
    epochs: int
    metrics: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReleaseCard:
    """Holds what `card.json` says; the fields are those of the file.

    Raises:
        ReleaseError: a field contradicts another or is out of range (on construction, so a card is always valid).
    """

    name: str
    public_name: str
    description: str
    latent_dim: int
    features: AudioFeatures
    inputs: tuple[TensorSpec, ...]
    output: TensorSpec
    latent: LatentSpace
    training: TrainingRecord
    files: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("name", "public_name", "description"):
            text = getattr(self, name)
            if not isinstance(text, str):
                raise ReleaseError(f"A card's {name} must be text; {_short(text)} is not.")
            if len(text) > MAX_TEXT[name] and name != "name":
                raise ReleaseError(f"A card's {name} has at most {MAX_TEXT[name]:,} characters, not {len(text):,}.")
        if not is_release_name(self.name):
            raise ReleaseError(
                "A release's name is at most 64 lower-case letters, digits, '-' and '_', without a path, and no "
                f"device's of Windows; {self.name[:80]!r} is not."
            )
        check_files(self.name, self.files)
        self._check_shapes()

    def _check_shapes(self) -> None:
        if type(self.latent_dim) is not int or not 1 <= self.latent_dim <= MAX_LATENT_DIM:
            raise ReleaseError(
                f"The card of {self.name} has the latent_dim {_short(self.latent_dim)}, not a whole number from 1 to "
                f"{MAX_LATENT_DIM}."
            )
        check_features(self.name, self.features)
        check_inputs(self.name, [(spec.name, spec.shape) for spec in self.inputs])
        check_training(self.name, asdict(self.training))
        d, wanted = self.latent_dim, ("batch", self.features.bands, self.features.frames)
        if not self.inputs or self.inputs[0].shape != ("batch", d):
            raise ReleaseError(f"The card of {self.name} must list the latent input of shape [batch, {d}] first.")
        if self.output.shape != wanted:
            raise ReleaseError(
                f"The card of {self.name} gives the decoder's output as {list(self.output.shape)}, "
                f"but its audio features need {list(wanted)}."
            )
        shapes = {"mean": (d,), "std": (d,), "axes": (d, d), "variance": (d,), "pad_range": (d, 2)}
        for name, shape in shapes.items():
            values = np.asarray(getattr(self.latent, name))
            numbers = values.dtype.kind in "fiu"  # whole numbers beyond 64 bits are objects
            if not numbers or values.shape != shape or not (np.abs(values) <= _LARGEST).all():  # false for NaN too
                raise ReleaseError(
                    f"The card of {self.name} needs numbers within ±{_LARGEST:g} of shape {list(shape)} "
                    f"as latent {name}."
                )
        if min(self.latent.variance) < 0.0:
            raise ReleaseError(f"The card of {self.name} has a negative latent variance.")
        if any(low > high for low, high in self.latent.pad_range):
            raise ReleaseError(f"The card of {self.name} has a latent pad_range that falls.")

    @property
    def is_frame_model(self) -> bool:
        """Tell whether one decode gives one hop, so that control is immediate."""
        return self.features.frames == 1

    def to_json(self) -> str:
        """Return the text of `card.json`; the same card always gives the same text."""
        values = asdict(self)
        values["features"] = self.features.as_dict()
        return json.dumps({"schema": SCHEMA_VERSION, **values}, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse and check a card.

        Raises:
            ReleaseError: not JSON, another schema version, or a field that is missing, unknown or wrong.
        """
        if len(text) > MAX_CARD_BYTES:
            raise ReleaseError(f"The card has more than {MAX_CARD_BYTES:,} characters; export the release again.")
        try:
            values = json.loads(text, parse_constant=_refuse_constant, parse_int=whole_number)
        except ValueError as error:
            raise ReleaseError(f"The card is not valid JSON: {error}.") from error
        except RecursionError as error:
            raise ReleaseError(_TOO_DEEP) from error
        if "\\ud" in text.lower() and not _is_text(values):
            raise ReleaseError("The card has text that is none: half of a character. Export the release again.")
        version = values.pop("schema", None) if isinstance(values, dict) else None
        if version != SCHEMA_VERSION:
            raise ReleaseError(
                f"The card has schema version {_short(version)}; this AiTunes reads version {SCHEMA_VERSION}. "
                "Update AiTunes, or export the release again."
            )
        _check_kinds(values)
        try:
            return cls(
                **{
                    **values,
                    "features": AudioFeatures.from_dict(values["features"]),
                    "inputs": tuple(_tensor(spec) for spec in values["inputs"]),
                    "output": _tensor(values["output"]),
                    "latent": LatentSpace(**{key: _tuples(value) for key, value in values["latent"].items()}),
                    "training": TrainingRecord(**values["training"]),
                }
            )
        except RecursionError as error:
            raise ReleaseError(_TOO_DEEP) from error
        except InvalidFeaturesError as error:
            raise ReleaseError(f"The card's audio features are wrong: {str(error)[:_MAX_QUOTED]}") from error
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ReleaseError(f"The card is incomplete or misspelt: {str(error)[:_MAX_QUOTED]}.") from error


def _check_kinds(values: dict[str, Any]) -> None:
    named = {name: values.get(name, {}) for name in ("features", "output", "latent", "training", "files")}
    inputs = values.get("inputs", [])
    if not isinstance(inputs, list):
        raise ReleaseError(f"The card's inputs must be a list […], not {_short(inputs)}.")
    named.update({f"inputs[{n}]": item for n, item in enumerate(inputs)})
    for name, value in named.items():
        if not isinstance(value, dict):
            raise ReleaseError(f"The card's {name} must be named values {{…}}, not {_short(value)}.")
    for name, value in values.get("training", {}).items():
        table = isinstance(value, dict)
        items = value.values() if table else (value,)
        if table is not (name in ("metrics", "versions")) or any(isinstance(item, list | dict) for item in items):
            raise ReleaseError(f"The card's training must have plain values; its {name} has not.")


def _is_text(values: Any) -> bool:
    # JSON can write half of a character, which no program can show or send.
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    except RecursionError:  # which the next look at it refuses
        pass
    return True


def _short(value: object) -> str:
    # The first level alone, because a damaged card may be deep or long.
    return "a list" if isinstance(value, list) else "named values" if isinstance(value, dict) else repr(value)[:40]


def _tensor(values: dict[str, Any]) -> TensorSpec:
    low, high = (float(value) for value in values["range"])
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"range {values['range']!r} does not rise from one number to another")
    return TensorSpec(values["name"], tuple(values["shape"]), (low, high))


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")
