"""Reads and writes `motion.npz`: how the training sounds move over time, in latent codes, level and pitch."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aitunes.errors import ReleaseError
from aitunes.features import FloatArray
from aitunes.release.arrays import ArraySpec, read_arrays
from aitunes.release.card import ReleaseCard

MOTION = "motion.npz"
NOISE_BANDS = 16
"""Bands of equal width in mel (HTK's formula) from 0 to half the sample rate, for the share of noise."""
MAX_TRAJECTORIES = 5_000
MAX_FRAMES = 2_000_000
MAX_MOTION_BYTES = 64 << 20

ATTACK_END, LOOP_START, LOOP_END, RELEASE_START, END = range(5)
"""Columns of `Motion.marks`."""

_SPECS = {
    "rates": ArraySpec("f", 1, 2),
    "codes": ArraySpec("f", 2, MAX_TRAJECTORIES),
    "pitch": ArraySpec("f", 1, MAX_TRAJECTORIES),
    "dynamic": ArraySpec("f", 1, MAX_TRAJECTORIES),
    "group": ArraySpec("iu", 1, MAX_TRAJECTORIES),
    "marks": ArraySpec("iu", 2, MAX_TRAJECTORIES),
    "level": ArraySpec("f", 1, MAX_FRAMES),
    "cents": ArraySpec("f", 1, MAX_FRAMES),
    "offsets": ArraySpec("f", 2, MAX_FRAMES),
    "noise": ArraySpec("f", 3, MAX_TRAJECTORIES),
    "metric": ArraySpec("f", 2, 4_096),
}
_MIN_RATE, _MAX_RATE = 0.01, 2_000.0
_MAX_SECONDS = 3_600.0
_LIMITS = {"level": 400.0, "cents": 2_400.0, "offsets": 1e4, "codes": 1e6, "metric": 1e6, "noise": 1.0}


@dataclass(frozen=True)
class Motion:
    """Stores the trajectories of a release's training sounds, one after the other.

    Args:
        level_rate, code_rate: values a second of `level`, and of `cents` and `offsets`, Hz.
        codes: where each sound lies in the latent space, z [items, latent_dim].
        pitch: MIDI note of each, [items]; 0 for a release without pitch.
        dynamic: how hard it was played, 0..1, or −1 where that is not known, [items].
        group: sounds of one instrument or track share a number, [items].
        marks: frames at the level rate: attack end, loop start and end, release start, end, [items, 5].
        level: dB below the sound's peak, [sum of level frames].
        cents: deviation from `pitch`, [sum of code frames].
        offsets: deviation from `codes`, [sum of code frames, latent_dim].
        noise: share of noise in the power near harmonics and between them, [items, 2, NOISE_BANDS], 0..1.
        metric: `codes @ metric` makes distances comparable: those within a group have unit variance.
    """

    level_rate: float
    code_rate: float
    codes: FloatArray
    pitch: FloatArray
    dynamic: FloatArray
    group: NDArray[np.int32]
    marks: NDArray[np.int32]
    level: FloatArray
    cents: FloatArray
    offsets: FloatArray
    noise: FloatArray
    metric: FloatArray

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def level_starts(self) -> NDArray[np.int64]:
        """Return the first level frame of each trajectory, and the end of the last, [items + 1]."""
        return _starts(self.marks[:, END].astype(np.int64))

    @cached_property
    def code_starts(self) -> NDArray[np.int64]:
        """Return the first code frame of each trajectory, and the end of the last, [items + 1]."""
        return _starts(code_frames(self.marks[:, END], self.level_rate, self.code_rate))

    def of(self, chosen: NDArray[np.intp]) -> Self:
        """Return some of the trajectories, by number; a benchmark leaves out what it asks for."""

        def cut(values: FloatArray, starts: NDArray[np.int64]) -> FloatArray:
            return np.concatenate([values[starts[n] : starts[n + 1]] for n in chosen])

        return replace(
            self,
            level=cut(self.level, self.level_starts),
            cents=cut(self.cents, self.code_starts),
            offsets=cut(self.offsets, self.code_starts),
            marks=self.marks[chosen],
            group=self.group[chosen],
            **{name: getattr(self, name)[chosen] for name in ("codes", "pitch", "dynamic", "noise")},
        )

    def to_bytes(self) -> bytes:
        """Return the contents of `motion.npz`: half precision where a thousandth of the value cannot be heard.

        Offsets are written coordinate by coordinate, since those of one coordinate are alike and so take less room.
        """
        stream = io.BytesIO()
        half = {name: getattr(self, name).astype(np.float16) for name in ("level", "cents", "offsets", "noise")}
        half["offsets"] = np.asfortranarray(half["offsets"])
        full = {name: getattr(self, name).astype(np.float32) for name in ("codes", "pitch", "dynamic", "metric")}
        whole = {name: getattr(self, name).astype(np.int32) for name in ("group", "marks")}
        rates = np.array([self.level_rate, self.code_rate], np.float64)
        np.savez_compressed(stream, allow_pickle=False, rates=rates, **half, **full, **whole)
        return stream.getvalue()


def code_frames(level_frames: NDArray[np.integer], level_rate: float, code_rate: float) -> NDArray[np.int64]:
    """Return how many code frames belong to trajectories of so many level frames."""
    return np.ceil(np.asarray(level_frames) * (code_rate / level_rate)).astype(np.int64)


def read_motion(folder: Path, card: ReleaseCard) -> Motion | None:
    """Read the motion of a release; None for one that has none.

    Raises:
        ReleaseError: the file is damaged, too large, or does not fit the card.
    """
    if MOTION not in card.files:
        return None
    what = f"The motion of {card.name}"
    arrays = read_arrays(folder / MOTION, _SPECS, MAX_MOTION_BYTES, what)
    rates = arrays.pop("rates").astype(np.float64)
    if rates.shape != (2,) or not (_MIN_RATE <= rates[1] <= rates[0] <= _MAX_RATE):
        bounds = f"{_MIN_RATE:g} to {_MAX_RATE:g} Hz"
        raise ReleaseError(f"{what} cannot be used: it needs two rates of {bounds}. Export it again.")
    values: dict[str, Any] = {
        name: array.astype(np.int32 if name in ("group", "marks") else np.float32) for name, array in arrays.items()
    }
    motion = Motion(float(rates[0]), float(rates[1]), **values)
    problem = _problem(motion, card.latent_dim)
    if problem:
        raise ReleaseError(f"{what} cannot be used: {problem}. Export the release again.")
    return motion


def _problem(motion: Motion, latent_dim: int) -> str:
    """Describe what does not fit, or return nothing."""
    items = len(motion.codes)
    shapes: dict[str, tuple[Any, ...]] = {
        "codes": (items, latent_dim),
        "pitch": (items,),
        "dynamic": (items,),
        "group": (items,),
        "marks": (items, 5),
        "noise": (items, 2, NOISE_BANDS),
        "metric": (latent_dim, latent_dim),
    }
    for name, shape in shapes.items():
        if getattr(motion, name).shape != shape:
            return f"its array {name} has the shape {list(getattr(motion, name).shape)}, not {list(shape)}"
    if not items:
        return "it has no trajectories"
    for name, limit in _LIMITS.items():
        if np.abs(getattr(motion, name)).max(initial=0.0) > limit:
            return f"its array {name} has values beyond ±{limit:g}"
    marks = motion.marks.astype(np.int64)
    rising = (marks[:, ATTACK_END] >= 0) & (marks[:, ATTACK_END] <= marks[:, LOOP_START])
    rising &= (marks[:, LOOP_START] < marks[:, LOOP_END]) & (marks[:, LOOP_END] <= marks[:, RELEASE_START])
    rising &= (marks[:, RELEASE_START] <= marks[:, END]) & (marks[:, END] <= _MAX_SECONDS * motion.level_rate)
    if not rising.all():
        return "its marks do not rise from attack to end"
    levels, codes = int(motion.level_starts[-1]), int(motion.code_starts[-1])
    if motion.level.shape != (levels,) or motion.cents.shape != (codes,) or len(motion.offsets) != codes:
        return "its trajectories are not as long as their marks say"
    if motion.offsets.shape[1] != latent_dim:
        return f"its offsets have {motion.offsets.shape[1]} coordinates, not {latent_dim}"
    return ""


def _starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
