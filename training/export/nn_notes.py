"""Moves the notes of a release inside a TorchScript module, as `instrument.synthesis.motion` does.

A row is a signal of the batch, with one note at a time. What happens once a hop is arithmetic on numbers: one operation
on a tensor would cost more than all of it.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

from aitunes.features import AudioFeatures
from aitunes.motion import pace
from aitunes.motion.choice import DECAYING_DB, NoteMotions
from aitunes.pitch import midi_to_hz
from aitunes.release.motion import Motion
from training.export.nn_choice import NnChoice
from training.export.nn_noise import NnNoise
from training.export.nn_phases import DICE_MASK, MAX_BATCH
from training.export.nn_recorded import NnRecorded

RELEASE_SECONDS = 0.3
"""Time in which a note falls by 60 dB once its pitch is 0, as by the instrument's default envelope."""

LEAP_SEMITONES = 0.9
"""A change of pitch from one hop to the next that is another key, and no glide or vibrato."""

Moved = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
"""Holds z [rows, latent_dim]; pitch, level, the factor of the magnitudes and the gain of the samples, [rows, 1]; and
which rows begin a note, [rows]."""


class NnNotes(nn.Module):
    """Plays the recorded trajectories of notes.

    Args:
        motion: of a release with notes.
        features: of the release.
    """

    slopes: Tensor
    share: Tensor
    state: Tensor
    place: Tensor
    apart: Tensor
    shift: Tensor
    begun: Tensor
    dice: Tensor
    __constants__ = (
        *(
            "decaying_db",
            "end_db",
            "fade_seconds",
            "far",
            "fall_db",
            "fluctuates",
            "hop_seconds",
            "hz_of_0",
            "jump_high",
        ),
        *("jump_low", "leap", "mask", "quiet_db", "rate", "release_db", "silent_db", "slowest"),
        # Of a row's state; `note` is 0 at rest, 1 while the key is down, 2 once it is let go.
        *("note", "index", "position", "faded", "fade_frames", "lift_db", "held_seconds", "fallen_db", "releasing"),
        *("next_jump", "stretch", "correction", "apart_db", "apart_cents", "level_db", "drone", "key", "envelope"),
        *("dynamic_db", "decays", "slope", "mean_db"),
    )

    def __init__(self, motion: Motion, features: AudioFeatures) -> None:
        super().__init__()
        motions = NoteMotions(motion)
        self.fluctuates = features.scale == "linear"
        self.hop_seconds = features.hop_length / features.sample_rate
        self.rate, self.leap = motion.level_rate, LEAP_SEMITONES
        self.decaying_db, self.silent_db = DECAYING_DB, pace.SILENT_DB
        self.quiet_db, self.fall_db = pace.MIN_FED_DB, pace.MAX_FALL_DB
        self.fade_seconds, self.slowest = pace.NOTE_FADE_SECONDS, pace.MIN_ATTACK_SPEED
        self.far = pace.LEFT**2
        self.jump_low, self.jump_high = pace.JUMP_SHARE
        self.end_db = pace.END_DB_PER_SECOND * self.hop_seconds
        self.release_db, self.mask = -60.0 * self.hop_seconds / RELEASE_SECONDS, DICE_MASK
        self.hz_of_0 = float(midi_to_hz(0.0))
        self.note, self.index, self.position, self.faded, self.fade_frames, self.lift_db = range(6)
        self.held_seconds, self.fallen_db, self.releasing, self.next_jump, self.stretch = range(6, 11)
        self.correction, self.apart_db, self.apart_cents, self.level_db, self.drone, self.key = range(11, 17)
        self.envelope, self.dynamic_db, self.decays, self.slope, self.mean_db = range(17, 22)
        self.choice, self.recorded, self.noise = NnChoice(motions), NnRecorded(motion), NnNoise(features)
        self._register(motion, motions)
        self.reset(0)

    def _register(self, motion: Motion, motions: NoteMotions) -> None:
        for name, values in {
            "slopes": motions.slopes,
            "share": motion.noise.astype(np.float32),
            "state": np.zeros((MAX_BATCH, self.mean_db + 1), np.float32),
            "place": np.zeros(MAX_BATCH),
            "apart": np.zeros((MAX_BATCH, motion.codes.shape[1]), np.float32),
            "shift": np.zeros((MAX_BATCH, motion.codes.shape[1]), np.float32),
            "begun": np.zeros((MAX_BATCH, motion.codes.shape[1]), np.float32),
            "dice": np.zeros(MAX_BATCH, np.int64),
        }.items():
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(values)))

    @torch.jit.export
    def reset(self, seed: int) -> None:
        """End all notes, and begin all that is random again from a number."""
        self.rest()
        self.seed(seed)

    @torch.jit.export
    def rest(self) -> None:
        """End all notes."""
        self.state.zero_()
        self.place.zero_()
        self.state[:, self.level_db].fill_(self.silent_db)

    @torch.jit.export
    def seed(self, seed: int) -> None:
        """Begin all that is random again from a number; each signal has another."""
        self.dice.copy_((40_503 * seed + 69_069 * torch.arange(self.dice.size(0)) + 1) & self.mask)
        self.noise.seed(seed)

    @torch.jit.export
    def move(
        self, z: Tensor, pitch: Tensor, level: Tensor, amount: float, speed: float, mode: int, drone: bool
    ) -> Moved:
        """Move all rows on by a hop.

        Args:
            z: [rows, latent_dim]; pitch and level, dB, [rows, 1]; pitch 0 ends a note, a leap of it begins another one.
            amount, speed: as `MotionSettings` of the instrument has them.
            mode: 0 repeats the loop, 1 wanders, 2 ends with it.
            drone: notes that begin do so in their loop, and keep its level.
        """
        rows = z.size(0)
        codes, struck = z.clone(), torch.zeros(rows, dtype=torch.bool)
        told = torch.zeros(rows, 4)
        for n in range(rows):
            row: list[float] = self.state[n].tolist()
            row[self.position] = float(self.place[n])
            key, level_db = float(pitch[n, 0]), float(level[n, 0])
            if key > 0.0 and (row[self.note] != 1.0 or abs(key - row[self.key]) >= self.leap):
                self.begin(row, n, z[n], key, level_db, drone)
                struck[n] = True
            if key > 0.0:
                row[self.key] = key
            elif row[self.note] == 1.0:
                row[self.note] = 2.0
            if row[self.note] > 0.0:
                left = self.left(z[n], n)
                if left > self.far and row[self.drone] > 0.0:
                    self.begin_elsewhere(row, n, z[n], level_db, 1.0 / left)
                    left = 0.0
                marks = self.recorded.marks_of(int(row[self.index]))
                offset, moved_db, cents = self.advance(row, marks, n, speed, mode)
                told[n] = torch.tensor(self.heard(row, level_db, amount, moved_db, cents))
                codes[n] = z[n] + amount / max(1.0, left) * (offset + self.shift[n])
            self.state[n].copy_(torch.tensor(row))  # which makes numbers of 32 bits of them, too few for a position
            self.place[n].fill_(row[self.position])
        return codes, told[:, :1], told[:, 1:2], told[:, 2:3], told[:, 3:], struck

    def heard(self, row: list[float], level_db: float, amount: float, moved_db: float, cents: float) -> list[float]:
        """Return pitch, level, factor and gain of a row; a note that has faded away rests."""
        floor = max(self.silent_db, row[self.level_db] - self.fall_db)
        row[self.level_db] = max(amount * moved_db, floor)
        row[self.envelope] += self.release_db if row[self.note] == 2.0 else 0.0
        gain_db = row[self.level_db] + row[self.envelope]
        # A quiet frame is a darker one, too, so the decoder gets the level; the samples have it from the gain.
        fed_db = max(row[self.level_db], self.quiet_db) - min(amount, 1.0) * row[self.dynamic_db]
        pitch = row[self.key] + 0.01 * amount * cents
        if row[self.envelope] < -60.0:
            row[self.note], row[self.level_db], gain_db = 0.0, self.silent_db, self.silent_db
        return [max(pitch, 1e-3), level_db + fed_db, 10.0 ** (-fed_db / 20.0), 10.0 ** (gain_db / 20.0)]

    def begin(self, row: list[float], n: int, z: Tensor, pitch: float, level_db: float, drone: bool) -> None:
        """Begin a note: choose its trajectory."""
        level_before = row[self.level_db]
        for k in range(len(row)):
            row[k] = 0.0
        velocity = 10.0 ** (min(level_db, 0.0) / 40.0)
        index, stretch, correction = self.choice.choose(z, pitch, velocity)
        shift, dynamic_db = self.choice.timbre(index, velocity)
        self.shift[n].copy_(shift)
        self.begun[n].copy_(z)
        row[self.note], row[self.index], row[self.drone] = 1.0, float(index), float(drone)
        row[self.stretch], row[self.correction], row[self.dynamic_db] = stretch, correction, dynamic_db
        row[self.level_db], row[self.key] = level_before, pitch
        marks = self.recorded.marks_of(index)
        loop = float(marks[2] - marks[1])
        row[self.mean_db] = self.recorded.mean_level(marks)
        slope = float(self.slopes[index])
        row[self.decays] = float(slope < self.decaying_db)
        row[self.slope] = slope if slope < self.decaying_db or drone else 0.0
        row[self.fade_frames] = max(1.0, min(self.fade_seconds * self.rate, 0.25 * loop))
        row[self.faded] = row[self.fade_frames]
        if drone:
            row[self.position] = marks[1] + float(math.floor(self.uniform(n) * loop))
        self.draw_jump(row, marks, n)

    def left(self, z: Tensor, n: int) -> float:
        """Return how far a row's code is from where its note began, squared; 1 is within the same instrument.

        How an instrument's timbre moves says nothing about another one: around a code far away it would be noise.
        """
        apart = (z - self.begun[n]) @ self.choice.metric
        return float(apart.square().mean())

    def begin_elsewhere(self, row: list[float], n: int, z: Tensor, level_db: float, reach: float) -> None:
        """Let a drone go on with the trajectory that suits its code now; `reach` of the former timbre was heard."""
        note, envelope = row[self.note], row[self.envelope]
        offset, moved_db, cents = self.movement(row, self.recorded.marks_of(int(row[self.index])), n, 0.0)
        self.begin(row, n, z, row[self.key], level_db, True)
        row[self.note], row[self.envelope] = note, envelope
        self.fade_from(row, self.recorded.marks_of(int(row[self.index])), n, (reach * offset, moved_db, cents))

    def advance(
        self, row: list[float], marks: list[int], n: int, speed: float, mode: int
    ) -> tuple[Tensor, float, float]:
        """Move a row's trajectory on by a hop; return offset [latent_dim], level in dB and cents."""
        if row[self.note] == 2.0 and row[self.releasing] == 0.0 and row[self.drone] == 0.0:
            self.let_go(row, marks, n)
        frames, quick = self.hop_seconds * self.rate, max(abs(speed), self.slowest)
        if row[self.releasing] > 0.0:
            self.play_release(row, marks, n, frames * quick)
        elif row[self.position] < marks[0]:
            row[self.position] += frames * quick / row[self.stretch]
        else:
            self.play_loop(row, marks, n, frames, speed, mode)
        return self.movement(row, marks, n, frames)

    def play_loop(self, row: list[float], marks: list[int], n: int, frames: float, asked: float, mode: int) -> None:
        """Move on within the loop, and beyond its end as the mode says."""
        falls = row[self.decays] > 0.0 and row[self.drone] == 0.0
        speed = abs(asked) if falls else asked
        row[self.position] += frames * speed
        row[self.held_seconds] += self.hop_seconds * abs(speed)
        start, end, position = float(marks[1]), float(marks[2]), row[self.position]
        forward = speed >= 0.0
        if mode == 2:
            if position >= end - 1.0:
                self.end_once(row, marks, n, falls)
            position = row[self.position]
            row[self.position] = max(position, min(start, position + abs(frames * speed)))
        elif position >= end - 1.0 or (not forward and position < start):
            turn = start if forward else end - 1.0
            self.jump(row, marks, n, self.similar(row, marks, n, forward) if mode == 1 else turn)
        elif mode == 1 and position > start:
            row[self.next_jump] -= abs(frames * speed)
            if row[self.next_jump] <= 0.0:
                self.jump(row, marks, n, self.similar(row, marks, n, forward))

    def end_once(self, row: list[float], marks: list[int], n: int, falls: bool) -> None:
        """End the loop: a decay goes on falling, a drone stays, and another note is released."""
        if falls:
            self.jump(row, marks, n, self.similar(row, marks, n, True))
        if falls or row[self.drone] > 0.0:
            row[self.position] = min(row[self.position], marks[2] - 1.0)
        else:
            self.let_go(row, marks, n)

    def jump(self, row: list[float], marks: list[int], n: int, to: float) -> None:
        """Go on from another frame: what differs fades away, and a decay falls on from where it is."""
        before = self.movement(row, marks, n, 0.0)
        if row[self.decays] > 0.0 and row[self.drone] == 0.0:
            row[self.lift_db] += self.recorded.level_at(marks, row[self.position]) - self.recorded.level_at(marks, to)
        row[self.position] = to
        self.fade_from(row, marks, n, before)
        self.draw_jump(row, marks, n)

    def fade_from(self, row: list[float], marks: list[int], n: int, before: tuple[Tensor, float, float]) -> None:
        """Let what a movement was apart from the present one fade away."""
        row[self.faded] = row[self.fade_frames]
        offset, level_db, cents = self.movement(row, marks, n, 0.0)
        self.apart[n].copy_(before[0] - offset)
        row[self.apart_db], row[self.apart_cents] = before[1] - level_db, before[2] - cents
        row[self.faded] = 0.0

    def similar(self, row: list[float], marks: list[int], n: int, forward: bool) -> float:
        """Draw a moment of the loop that is about as the present one is."""
        decays, index = row[self.decays] > 0.0, int(row[self.index])
        moments = self.recorded.moments(index, marks, row[self.position], forward, decays)
        return float(int(moments[int(self.uniform(n) * moments.size(0))]))

    def let_go(self, row: list[float], marks: list[int], n: int) -> None:
        """Begin the recorded release, if there is one."""
        row[self.releasing] = 1.0
        start = float(marks[3])
        if marks[4] - marks[3] >= 2 and row[self.position] < start:
            before = self.movement(row, marks, n, 0.0)
            row[self.position] = start
            row[self.lift_db] += before[1] - self.movement(row, marks, n, 0.0)[1]
            self.fade_from(row, marks, n, before)

    def play_release(self, row: list[float], marks: list[int], n: int, frames: float) -> None:
        """Play the recorded release; without one, go on as before: the envelope ends the note."""
        row[self.position] += frames
        if marks[4] - marks[3] >= 2:
            if row[self.position] >= marks[4] - 1.0:
                row[self.fallen_db] += self.end_db
        elif row[self.position] >= marks[2] - 1.0:
            self.jump(row, marks, n, self.similar(row, marks, n, True))

    def movement(self, row: list[float], marks: list[int], n: int, frames: float) -> tuple[Tensor, float, float]:
        """Return offset [latent_dim], level in dB and cents; a fade under way goes on by so many frames."""
        offset, level_db, cents = self.shown(row, marks)
        if row[self.faded] < row[self.fade_frames]:
            row[self.faded] += frames
            rest = 1.0 - min(1.0, row[self.faded] / row[self.fade_frames])
            rest = rest * rest * (3.0 - 2.0 * rest)
            offset = offset + rest * self.apart[n]
            level_db += rest * row[self.apart_db]
            cents += rest * row[self.apart_cents]
        return offset, max(level_db, self.silent_db), cents

    def shown(self, row: list[float], marks: list[int]) -> tuple[Tensor, float, float]:
        """Return what a trajectory has where it is."""
        position = row[self.position]
        level_db = self.recorded.level_at(marks, position) + row[self.lift_db] - row[self.fallen_db]
        if row[self.drone] > 0.0:
            middle = 0.5 * (marks[1] + marks[2])
            level_db -= row[self.mean_db] + row[self.slope] * (position - middle) / self.rate
        elif row[self.decays] > 0.0:
            level_db += row[self.correction] * row[self.held_seconds]
        offset, cents = self.recorded.code_at(int(row[self.index]), marks, position)
        return offset, level_db, cents

    def draw_jump(self, row: list[float], marks: list[int], n: int) -> None:
        """Draw after how many frames a trajectory jumps."""
        loop = float(marks[2] - marks[1])
        row[self.next_jump] = loop * (self.jump_low + (self.jump_high - self.jump_low) * self.uniform(n))

    def uniform(self, n: int) -> float:
        """Draw a number from 0 to 1 for a row."""
        drawn = (int(self.dice[n]) * 1103515245 + 12345) & self.mask
        self.dice[n].fill_(drawn)
        return float(drawn) / 2147483648.0

    @torch.jit.export
    def shape(self, S: Tensor, pitch: Tensor, amount: float) -> Tensor:
        """Let magnitudes [rows, bins] fluctuate as the recorded notes do."""
        if not self.fluctuates:
            return S
        rows = S.size(0)
        share = (amount * self.share[self.state[:rows, self.index].long()]).clamp(max=1.0)
        hz = self.hz_of_0 * torch.exp2(pitch.clamp(min=1.0) / 12.0)
        y = self.noise.fluctuate(S, share, self.noise.draw(rows), hz)
        # The trajectory's level fluctuates already; that of the noise on top would make attacks slower.
        return y * torch.sqrt(S.square().sum(1, keepdim=True) / y.square().sum(1, keepdim=True).clamp(min=1e-30))
