"""Chooses the recorded trajectory that suits a note, and how fast notes of its kind begin and decay."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray
from aitunes.pitch import midi_to_hz
from aitunes.release.motion import ATTACK_END, RELEASE_START, Motion

_TREND_RIDGE = 0.5
OCTAVE, CENTRE = 12.0, 60.0
RANGE_SEMITONES, RANGE_WEIGHT = 3.0, 0.06
NEIGHBOURS, ATTACK_NEIGHBOURS = 7, 12
PITCH_SPREAD = 5.0
CODE_WEIGHT, DYNAMIC_WEIGHT = 0.1, 100.0
UNSAID_DYNAMIC = 0.8
"""Most who record single notes and write no dynamic down play loudly."""
TYPICAL_WEIGHT = 0.5
DECAYING_DB = -5.0
"""A level that falls faster than this a second decays; a slower one is a sustained sound that breathes."""
MAX_CORRECTION = 1.0
STRETCH, ASKED_STRETCH = (0.1, 2.5), (0.02, 25.0)
MAX_ATTACK_TIMES, MAX_DECAY_DB = 10.0, 60.0
"""Bounds of a contour, which its addresses have, too."""
PACE, PACES = (0.05, 6.0), 2.0 ** (np.arange(-6, 7) / 4.0)
"""Bounds of how fast a decay is played, and what is tried beside the ratio of the slopes."""
SWELL_DB, SWELL_SECONDS = 6.0, 1.0
"""Most that a sustained level is lifted a second, and for how long a slope is played that does not lead to silence."""
_SLOPE_FROM_SECONDS, _SLOPE_SECONDS = 0.046, 1.0
_RISE, _ATTACK_SECONDS = (0.1, 0.9), 1.0
ATTACK_FLOOR_SECONDS = 0.012
SLOPE_UNIT = 3.0
LEVEL_SECONDS, RISE_OF_WINDOW = 0.010, 0.8
"""Levels are measured over the shortest window of whole periods that lasts so long; a step rises in so much of it."""


class Contour(NamedTuple):
    """Says how a note's level differs from what is typical at its place of the latent space, pitch and dynamic.

    Args:
        attack: how many times as long it takes to rise.
        decay: how much faster it falls while it is held, dB a second.
    """

    attack: float = 1.0
    decay: float = 0.0

    def bounded(self) -> Contour:
        """Return what of it can be played.

        Raises:
            ValueError: a number is none.
        """
        if not (math.isfinite(self.attack) and math.isfinite(self.decay)):
            raise ValueError("an attack or a decay is not finite")
        attack = min(max(self.attack, 1.0 / MAX_ATTACK_TIMES), MAX_ATTACK_TIMES)
        return Contour(attack, min(max(self.decay, -MAX_DECAY_DB), MAX_DECAY_DB))


TYPICAL = Contour()


@dataclass(frozen=True)
class Choice:
    """Holds the trajectory of one note.

    Args:
        index: of the trajectory.
        stretch: of its attack, to the length that its neighbours have, or that is asked for.
        correction_db: a second, what its decay lacks to theirs, or to what is asked for.
        corrected_seconds: of its being held, for which that is added.
        pace: of what is held, to the decay that is asked for.
    """

    index: int
    stretch: float = 1.0
    correction_db: float = 0.0
    corrected_seconds: float = math.inf
    pace: float = 1.0


class _Neighbours(NamedTuple):
    """Holds the notes of the instrument that a code names, nearest first in pitch, dynamic and code.

    Args:
        notes: their numbers, [notes].
        apart: distance in pitch and dynamic, [notes].
        code: distance in code, [notes].
        attack, slope: typical figures.
    """

    notes: NDArray[np.intp]
    apart: FloatArray
    code: FloatArray
    attack: float
    slope: float


class NoteMotions:
    """Knows the trajectories of a release, and which of them suits a note.

    A code names an instrument by the line that the codes of its notes follow over pitch, in the metric of what is
    left within instruments (linear discriminant analysis). Of that instrument the nearest notes have typical figures,
    weighted medians of attack and slope; the one that is near and typical moves, corrected to them.

    Args:
        motion: of the release.
    """

    def __init__(self, motion: Motion) -> None:
        self.motion = motion
        rate, ends = motion.level_rate, motion.marks[:, (ATTACK_END, RELEASE_START)].tolist()
        levels = [motion.level[first:end] for first, end in pairwise(motion.level_starts)]
        notes = list(zip(levels, ends, strict=True))
        self.slopes = np.array([slope_db(level, attack_end, release, rate) for level, (attack_end, release) in notes])
        self.attacks = np.array([attack_seconds(level, release, rate) for level, (_, release) in notes])
        # Scales on which equal steps sound about equal.
        figures = [np.log(self.attacks + ATTACK_FLOOR_SECONDS), np.arcsinh(self.slopes / SLOPE_UNIT)]
        self.figures = np.stack(figures, axis=1)
        self.points = motion.codes @ motion.metric
        self.groups = [np.flatnonzero(motion.group == number) for number in np.unique(motion.group)]
        self.lines = np.stack([self._line(members) for members in self.groups])
        self._pitches_by_group = motion.pitch[np.concatenate(self.groups)]
        self._group_starts = np.cumsum([0, *(len(members) for members in self.groups[:-1])])

    def choose(self, z: FloatArray, pitch: float, velocity: float, contour: Contour = TYPICAL) -> Choice:
        """Return the trajectory for a code [latent_dim], a MIDI note with fraction, a velocity 0..1 and a contour."""
        known = self._neighbours(z, pitch, velocity)
        attack, slope = known.attack, known.slope
        if contour != TYPICAL:
            attack += math.log(contour.attack)
            slope = math.asinh(math.sinh(slope) - contour.decay / SLOPE_UNIT)
        near = known.notes[:NEIGHBOURS]
        unlike = TYPICAL_WEIGHT * np.abs(self.figures[near] - (attack, slope)).sum(axis=1)
        first = int(near[np.argmin(known.apart[:NEIGHBOURS] + known.code[:NEIGHBOURS] + unlike)])
        return self._corrected(first, attack, slope, pitch, contour)

    def contour(self, z: FloatArray, pitch: float, velocity: float, attack: float, slope: float) -> Contour:
        """Return how a note differs from what is typical at its place, as far as that can be played.

        Args:
            z: its code, [latent_dim].
            pitch: MIDI note with fraction.
            velocity: 0..1.
            attack: seconds, by `attack_seconds`.
            slope: dB a second, by `slope_db`.
        """
        known = self._neighbours(z, pitch, velocity)
        times = (attack + ATTACK_FLOOR_SECONDS) / math.exp(known.attack)
        decay = SLOPE_UNIT * math.sinh(known.slope) - slope
        return Contour(times, decay).bounded()

    def _neighbours(self, z: FloatArray, pitch: float, velocity: float) -> _Neighbours:
        motion, point = self.motion, z @ self.motion.metric
        members = self._group(point, pitch)
        dynamic = motion.dynamic[members]
        louder = DYNAMIC_WEIGHT * (np.where(dynamic >= 0.0, dynamic, UNSAID_DYNAMIC) - velocity) ** 2
        apart = ((motion.pitch[members] - pitch) / PITCH_SPREAD) ** 2 + louder - louder.min()
        code = CODE_WEIGHT * ((self.points[members] - point) ** 2).mean(axis=1)
        order = np.argsort(apart + code, kind="stable")
        weights = 1.0 / (1.0 + apart[order])
        attacks, slopes = self.figures[members[order]].T
        attack = _weighted_median(attacks[:ATTACK_NEIGHBOURS], weights[:ATTACK_NEIGHBOURS])
        slope = _weighted_median(slopes[:NEIGHBOURS], weights[:NEIGHBOURS])
        return _Neighbours(members[order], apart[order], code[order], attack, slope)

    def decays(self, index: int) -> bool:
        """Return whether the level of a trajectory falls while the note is held."""
        return bool(self.slopes[index] < DECAYING_DB)

    def _group(self, point: FloatArray, pitch: float) -> NDArray[np.intp]:
        """Return the notes of the instrument that a code names."""
        octaves = (pitch - CENTRE) / OCTAVE
        apart = ((point - self.lines[:, 0] - octaves * self.lines[:, 1]) ** 2).sum(axis=1)
        beyond = np.minimum.reduceat(np.abs(self._pitches_by_group - pitch), self._group_starts)
        apart += RANGE_WEIGHT * np.maximum(beyond - RANGE_SEMITONES, 0.0) ** 2
        return self.groups[int(np.argmin(apart))]

    def _line(self, members: NDArray[np.intp]) -> FloatArray:
        """Fit the codes of an instrument over pitch: where they lie at C4, and what an octave adds, [2, latent_dim]."""
        octaves = (self.motion.pitch[members] - CENTRE) / OCTAVE
        basis = np.stack([np.ones(len(members)), octaves], axis=1)
        normal = basis.T @ basis + np.diag([1e-6, _TREND_RIDGE])
        return np.asarray(np.linalg.solve(normal, basis.T @ self.points[members]))

    def _corrected(self, index: int, attack: float, slope: float, pitch: float, contour: Contour) -> Choice:
        seconds, slope = math.exp(attack) - ATTACK_FLOOR_SECONDS, SLOPE_UNIT * math.sinh(slope)
        # What the window of the measurement has added is not played: heard, it would be added again.
        hz = float(midi_to_hz(pitch))
        window = RISE_OF_WINDOW * math.ceil(LEVEL_SECONDS * hz) / hz
        seconds = math.sqrt(max(seconds**2 - window**2, 0.0))
        own = max(float(self.attacks[index]), 1e-3)
        shortest, longest = STRETCH if contour.attack == 1.0 else ASKED_STRETCH
        stretch = min(max(seconds / own, shortest), longest)
        decay, decays = float(self.slopes[index]), self.decays(index)
        if contour.decay == 0.0:
            most = -MAX_CORRECTION * decay
            correction = min(max(slope - decay, -most), most) if decays and slope < DECAYING_DB else 0.0
            return Choice(index, stretch, correction)
        if decays:  # added to the level, more than it lacks would be heard once the decay has become slower
            return Choice(index, stretch, pace=self._pace(index, slope))
        lasts = math.inf if slope < DECAYING_DB else SWELL_SECONDS
        return Choice(index, stretch, min(slope - decay, SWELL_DB), lasts)

    def _pace(self, index: int, slope: float) -> float:
        """Return how fast a decay is played, so that its first second has a slope, dB a second."""
        motion = self.motion
        level = motion.level[motion.level_starts[index] : motion.level_starts[index + 1]]
        attack_end, release = motion.marks[index, (ATTACK_END, RELEASE_START)].tolist()
        near = slope / float(self.slopes[index]) * PACES
        # A decay that becomes slower is less steep over the longer stretch that a faster pace has in a second.
        slopes = [pace * slope_db(level, attack_end, release, motion.level_rate, pace) for pace in near]
        best = float(near[int(np.argmin(np.abs(np.array(slopes) - slope)))])
        return min(max(best, PACE[0]), PACE[1])


def slope_db(
    level: NDArray[np.floating], attack_end: int, release_start: int, rate: float, seconds: float = _SLOPE_SECONDS
) -> float:
    """Return how a level changes in the first second after the attack, dB a second.

    Args:
        level: dB, [frames].
        attack_end, release_start: frames.
        rate: frames a second.
        seconds: or in so many.
    """
    first = attack_end + round(_SLOPE_FROM_SECONDS * rate)
    last = min(release_start, first + round(seconds * rate))
    first = min(first, max(attack_end, last - round(0.1 * rate)))
    part = level[first:last].astype(np.float64)
    if len(part) < 3:
        return 0.0
    t = np.arange(len(part)) / rate
    t -= t.mean()
    return float(t @ part / (t @ t))


def attack_seconds(level: NDArray[np.floating], release_start: int, rate: float) -> float:
    """Return how long the amplitude takes from a tenth to nine tenths of its peak in the first second.

    Args:
        level: dB, [frames].
        release_start: frame.
        rate: frames a second.
    """
    frames = min(release_start, round(_ATTACK_SECONDS * rate))
    amplitude = 10.0 ** (level[: max(frames, 2)] / 20.0)
    low, high = (_crossing(amplitude, share * float(amplitude.max())) for share in _RISE)
    return max(high - low, 0.0) / rate


def _crossing(amplitude: NDArray[np.floating], threshold: float) -> float:
    """Return the index, with fraction, at which an amplitude first reaches a threshold."""
    at = int(np.argmax(amplitude >= threshold))
    if at == 0:
        return 0.0
    below, above = float(amplitude[at - 1]), float(amplitude[at])
    return at - 1 + (threshold - below) / (above - below)


def _weighted_median(values: NDArray[np.floating], weights: NDArray[np.floating]) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(total, 0.5 * total[-1])]])
