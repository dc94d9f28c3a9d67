"""Chooses the recorded trajectory that suits a note, and how fast notes of its kind begin and decay."""

from __future__ import annotations

import math
from dataclasses import dataclass

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
STRETCH = (0.1, 2.5)
_SLOPE_FROM_SECONDS, _SLOPE_SECONDS = 0.046, 1.0
_RISE, _ATTACK_SECONDS = (0.1, 0.9), 1.0
ATTACK_FLOOR_SECONDS = 0.012
SLOPE_UNIT = 3.0
LEVEL_SECONDS, RISE_OF_WINDOW = 0.010, 0.8
"""Levels are measured over the shortest window of whole periods that lasts so long; a step rises in so much of it."""


@dataclass(frozen=True)
class Choice:
    """Holds the trajectory of one note.

    Args:
        index: of the trajectory.
        stretch: of its attack, to the length that its neighbours have.
        correction_db: a second, what its decay lacks to theirs.
    """

    index: int
    stretch: float = 1.0
    correction_db: float = 0.0


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
        self.slopes = np.array([self._slope(n) for n in range(len(motion))])
        self.attacks = np.array([self._attack(n) for n in range(len(motion))])
        # Scales on which equal steps sound about equal.
        figures = [np.log(self.attacks + ATTACK_FLOOR_SECONDS), np.arcsinh(self.slopes / SLOPE_UNIT)]
        self.figures = np.stack(figures, axis=1)
        self.points = motion.codes @ motion.metric
        self.groups = [np.flatnonzero(motion.group == number) for number in np.unique(motion.group)]
        self.lines = np.stack([self._line(members) for members in self.groups])
        self._pitches_by_group = motion.pitch[np.concatenate(self.groups)]
        self._group_starts = np.cumsum([0, *(len(members) for members in self.groups[:-1])])

    def choose(self, z: FloatArray, pitch: float, velocity: float) -> Choice:
        """Return the trajectory for a code [latent_dim], a MIDI note with fraction and a velocity 0..1."""
        motion, point = self.motion, z @ self.motion.metric
        members = self._group(point, pitch)
        dynamic = motion.dynamic[members]
        louder = DYNAMIC_WEIGHT * (np.where(dynamic >= 0.0, dynamic, UNSAID_DYNAMIC) - velocity) ** 2
        apart = ((motion.pitch[members] - pitch) / PITCH_SPREAD) ** 2 + louder - louder.min()
        code = CODE_WEIGHT * ((self.points[members] - point) ** 2).mean(axis=1)
        order = np.argsort(apart + code, kind="stable")
        near, weights = order[:NEIGHBOURS], 1.0 / (1.0 + apart[order])
        attacks, slopes = self.figures[members[order]].T
        attack = _weighted_median(attacks[:ATTACK_NEIGHBOURS], weights[:ATTACK_NEIGHBOURS])
        slope = _weighted_median(slopes[:NEIGHBOURS], weights[:NEIGHBOURS])
        unlike = TYPICAL_WEIGHT * np.abs(self.figures[members[near]] - (attack, slope)).sum(axis=1)
        first = int(members[near][np.argmin(apart[near] + code[near] + unlike)])
        return self._corrected(first, attack, slope, pitch)

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

    def _corrected(self, index: int, attack: float, slope: float, pitch: float) -> Choice:
        seconds, slope = math.exp(attack) - ATTACK_FLOOR_SECONDS, SLOPE_UNIT * math.sinh(slope)
        # What the window of the measurement has added is not played: heard, it would be added again.
        hz = float(midi_to_hz(pitch))
        window = RISE_OF_WINDOW * math.ceil(LEVEL_SECONDS * hz) / hz
        seconds = math.sqrt(max(seconds**2 - window**2, 0.0))
        own = max(float(self.attacks[index]), 1e-3)
        stretch = min(max(seconds / own, STRETCH[0]), STRETCH[1])
        correction = 0.0
        if self.decays(index) and slope < DECAYING_DB:
            most = -MAX_CORRECTION * float(self.slopes[index])
            correction = min(max(slope - float(self.slopes[index]), -most), most)
        return Choice(index, stretch, correction)

    def _slope(self, index: int) -> float:
        """Return how the level changes in the first second after the attack, dB a second."""
        motion = self.motion
        attack, release = motion.marks[index, ATTACK_END], motion.marks[index, RELEASE_START]
        first = attack + round(_SLOPE_FROM_SECONDS * motion.level_rate)
        last = min(release, first + round(_SLOPE_SECONDS * motion.level_rate))
        first = min(first, max(attack, last - round(0.1 * motion.level_rate)))
        level = motion.level[motion.level_starts[index] :][first:last].astype(np.float64)
        if len(level) < 3:
            return 0.0
        seconds = np.arange(len(level)) / motion.level_rate
        seconds -= seconds.mean()
        return float(seconds @ level / (seconds @ seconds))

    def _attack(self, index: int) -> float:
        """Return how long the amplitude takes from a tenth to nine tenths of its peak in the first second, seconds."""
        motion = self.motion
        frames = min(int(motion.marks[index, RELEASE_START]), round(_ATTACK_SECONDS * motion.level_rate))
        amplitude = 10.0 ** (motion.level[motion.level_starts[index] :][: max(frames, 2)] / 20.0)
        low, high = (_crossing(amplitude, share * float(amplitude.max())) for share in _RISE)
        return max(high - low, 0.0) / motion.level_rate


def _crossing(amplitude: FloatArray, threshold: float) -> float:
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
