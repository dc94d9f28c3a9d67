"""Chooses the recorded trajectory that suits a note, inside a TorchScript module, as `aitunes.motion.choice` does."""

import math

import numpy as np
import torch
from torch import Tensor, nn

from aitunes.features import FloatArray
from aitunes.motion import choice as rules
from aitunes.motion.choice import NoteMotions
from aitunes.motion.velocity_timbre import VelocityTimbre
from aitunes.pitch import midi_to_hz


class NnChoice(nn.Module):
    """Knows the notes of a release, and how velocity moves their timbre.

    Args:
        motions: of a release with notes.
    """

    metric: Tensor
    points: Tensor
    lines: Tensor
    figures: Tensor
    attacks: Tensor
    slopes: Tensor
    pitch: Tensor
    dynamic: Tensor
    played: Tensor
    members: Tensor
    sizes: Tensor
    trends: Tensor
    softest: Tensor
    loudest: Tensor
    __constants__ = (
        *("attack_floor", "attack_neighbours", "centre", "code_weight", "decaying_db", "dynamic_weight", "hz_of_0"),
        *("level_seconds", "max_correction", "neighbours", "octave", "pitch_spread", "range_semitones"),
        *("range_weight", "rise_of_window", "slope_unit", "stretch_high", "stretch_low", "typical_weight"),
    )

    def __init__(self, motions: NoteMotions) -> None:
        super().__init__()
        self.attack_floor, self.slope_unit = rules.ATTACK_FLOOR_SECONDS, rules.SLOPE_UNIT
        self.neighbours, self.attack_neighbours = rules.NEIGHBOURS, rules.ATTACK_NEIGHBOURS
        self.centre, self.octave, self.pitch_spread = rules.CENTRE, rules.OCTAVE, rules.PITCH_SPREAD
        self.code_weight, self.dynamic_weight = rules.CODE_WEIGHT, rules.DYNAMIC_WEIGHT
        self.decaying_db, self.max_correction = rules.DECAYING_DB, rules.MAX_CORRECTION
        self.level_seconds, self.rise_of_window = rules.LEVEL_SECONDS, rules.RISE_OF_WINDOW
        self.range_semitones, self.range_weight = rules.RANGE_SEMITONES, rules.RANGE_WEIGHT
        (self.stretch_low, self.stretch_high), self.typical_weight = rules.STRETCH, rules.TYPICAL_WEIGHT
        self.hz_of_0 = float(midi_to_hz(0.0))
        self._register(motions)

    def _register(self, motions: NoteMotions) -> None:
        motion = motions.motion
        most = max(len(group) for group in motions.groups)
        timbre = VelocityTimbre(motion)
        lines = [timbre.line(n) for n in range(len(motion))]
        none = np.zeros(motion.codes.shape[1], np.float32)
        dynamic = motion.dynamic.astype(np.float64)
        for name, values in {
            "metric": motion.metric,
            "points": motions.points,
            "lines": motions.lines,
            "figures": motions.figures,
            "attacks": motions.attacks,
            "slopes": motions.slopes,
            "pitch": motion.pitch.astype(np.float64),
            "dynamic": np.where(dynamic >= 0.0, dynamic, rules.UNSAID_DYNAMIC),
            "played": dynamic,
            # Each group's notes, the last one repeated to the length of the longest.
            "members": np.stack([np.pad(group, (0, most - len(group)), "edge") for group in motions.groups]),
            "sizes": np.array([len(group) for group in motions.groups]),
            "trends": np.stack([none if line is None else line[0] for line in lines]),
            "softest": np.array([0.0 if line is None else line[1] for line in lines]),
            "loudest": np.array([-1.0 if line is None else line[2] for line in lines]),
        }.items():
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(values)))

    @torch.jit.export
    def choose(self, z: Tensor, pitch: float, velocity: float) -> tuple[int, float, float]:
        """Return a trajectory's number, the stretch of its attack and the correction of its decay, for z [latent_dim].

        Args:
            pitch: MIDI note with fraction.
            velocity: 0 to 1.
        """
        point = z @ self.metric
        members = self.group(point, pitch)
        louder = self.dynamic_weight * (self.dynamic[members] - velocity).square()
        apart = ((self.pitch[members] - pitch) / self.pitch_spread).square() + louder - louder.min()
        code = self.code_weight * (self.points[members] - point).square().mean(1)
        order = torch.sort(apart + code, dim=0, stable=True)[1]
        near, weights = order[: self.neighbours], 1.0 / (1.0 + apart[order])
        figures = self.figures[members[order]]
        attack = self.median(figures[: self.attack_neighbours, 0], weights[: self.attack_neighbours])
        slope = self.median(figures[: self.neighbours, 1], weights[: self.neighbours])
        typical = torch.tensor([attack, slope], dtype=torch.float64)
        unlike = self.typical_weight * (self.figures[members[near]] - typical).abs().sum(1)
        index = int(members[near][(apart[near] + code[near] + unlike).argmin()])
        return index, self.stretch(index, attack, pitch), self.correction(index, slope)

    def group(self, point: Tensor, pitch: float) -> Tensor:
        """Return the numbers of the notes of the instrument that a point names."""
        octaves = (pitch - self.centre) / self.octave
        apart = (point - self.lines[:, 0] - octaves * self.lines[:, 1]).square().sum(1)
        beyond = (self.pitch[self.members] - pitch).abs().amin(1) - self.range_semitones
        number = int((apart + self.range_weight * beyond.clamp(min=0.0).square()).argmin())
        return self.members[number, : int(self.sizes[number])]

    def median(self, values: Tensor, weights: Tensor) -> float:
        """Return the weighted median."""
        order = torch.sort(values, dim=0, stable=True)[1]
        total = torch.cumsum(weights[order], 0)
        before = int((total < 0.5 * total[-1]).sum())
        return float(values[order[before]])

    def stretch(self, index: int, attack: float, pitch: float) -> float:
        """Return how much longer a trajectory's attack is to be."""
        seconds = math.exp(attack) - self.attack_floor
        hz = self.hz_of_0 * 2.0 ** (pitch / 12.0)
        window = self.rise_of_window * math.ceil(self.level_seconds * hz) / hz
        seconds = math.sqrt(max(seconds * seconds - window * window, 0.0))
        return min(max(seconds / max(float(self.attacks[index]), 1e-3), self.stretch_low), self.stretch_high)

    def correction(self, index: int, slope: float) -> float:
        """Return what a trajectory's decay lacks, dB a second."""
        own, asked = float(self.slopes[index]), self.slope_unit * math.sinh(slope)
        if own >= self.decaying_db or asked >= self.decaying_db:
            return 0.0
        most = -self.max_correction * own
        return min(max(asked - own, -most), most)

    def timbre(self, index: int, velocity: float) -> tuple[Tensor, float]:
        """Return by how much velocity shifts a code [latent_dim], and the level of the recorded dynamic, dB."""
        played, loudest = float(self.played[index]), float(self.loudest[index])
        if played < 0.0 or loudest < 0.0:
            return torch.zeros_like(self.trends[index]), 0.0
        dynamic = min(max(velocity, float(self.softest[index])), loudest)
        return self.trends[index] * (dynamic - played), 40.0 * math.log10(max(dynamic, 1e-3))


def quantised(values: FloatArray, starts: np.ndarray, kind: type[np.signedinteger]) -> tuple[np.ndarray, FloatArray]:
    """Return whole numbers for trajectories, and by what to multiply those of each, [items, latent_dim]."""
    most = np.iinfo(kind).max
    scale = np.maximum(np.maximum.reduceat(np.abs(values), starts[:-1], axis=0) / most, 1e-12).astype(np.float32)
    return np.round(values / np.repeat(scale, np.diff(starts), axis=0)).astype(kind), scale
