"""Plays the recorded trajectory of a note: attack, sustain that never repeats, decay, release."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from aitunes.features import FloatArray
from aitunes.motion.choice import Choice, Contour, NoteMotions
from aitunes.motion.pace import (
    CENTS_PER_DB,
    END_DB_PER_SECOND,
    JUMP_SHARE,
    MIN_ATTACK_SPEED,
    NOTE_FADE_SECONDS,
    SILENT_DB,
    SIMILAR_MOMENTS,
)
from aitunes.release.motion import ATTACK_END, END, LOOP_END, LOOP_START, RELEASE_START
from instrument.namespace import MessageError


class MotionMode(StrEnum):
    """Says where a trajectory goes on at the end of its loop."""

    LOOP = "loop"
    WANDER = "wander"
    ONCE = "once"

    @classmethod
    def named(cls, name: str) -> MotionMode:
        """Return the mode of that name.

        Raises:
            MessageError: there is none.
        """
        try:
            return cls(name)
        except ValueError as error:
            raise MessageError(f"mode is {', '.join(cls)}, not {name[:40]!r}") from error


class MotionSettings(NamedTuple):
    """Holds what a player sets.

    Args:
        amount: 0 holds still, 1 moves as recorded, 2 twice as far.
        speed: 1 as recorded; negative backwards through the loop.
        mode: what follows the loop.
        seed: of all that is random.
        dream: how far the release goes on by itself, 0..1.
        attack, decay: how the level of a note that begins differs from what is typical.
    """

    amount: float = 1.0
    speed: float = 1.0
    mode: MotionMode = MotionMode.WANDER
    seed: int = 0
    dream: float = 0.0
    attack: float = 1.0
    decay: float = 0.0

    @property
    def contour(self) -> Contour:
        """Return how notes begin and fall."""
        return Contour(self.attack, self.decay)


class Movement(NamedTuple):
    """Holds where a trajectory is.

    Args:
        offset: of the latent code, [latent_dim].
        level_db: below the peak.
        cents: of the pitch.
    """

    offset: FloatArray
    level_db: float
    cents: float


class NotePlayer:
    """Plays the trajectory of one note, hop by hop.

    Args:
        motions: of the release.
        choice: of the trajectory.
        rng: for what is random.
        drone: begin in the loop, and keep the level.
    """

    def __init__(self, motions: NoteMotions, choice: Choice, rng: np.random.Generator, drone: bool = False) -> None:
        motion, index = motions.motion, choice.index
        first, end = motion.level_starts[index], motion.level_starts[index + 1]
        self._level = motion.level[first:end]
        first, end = motion.code_starts[index], motion.code_starts[index + 1]
        self._cents, self._offsets = motion.cents[first:end], motion.offsets[first:end]
        self.noise = motion.noise[index]
        self._marks = [int(mark) for mark in motion.marks[index]]
        self._rate, self._ratio = motion.level_rate, motion.code_rate / motion.level_rate
        self._decays = motions.decays(index)
        self._slope = motions.slopes[index] if self._decays or drone else 0.0
        self._choice, self._rng, self._drone = choice, rng, drone
        loop = self._marks[LOOP_END] - self._marks[LOOP_START]
        self._fade_frames = max(1.0, min(NOTE_FADE_SECONDS * self._rate, 0.25 * loop))
        self._position = float(self._marks[LOOP_START] + rng.integers(loop)) if drone else 0.0
        # What the movement was apart from the frame that it has jumped to; it goes to nothing within the fade.
        self._apart = Movement(np.zeros(motion.codes.shape[1], np.float32), 0.0, 0.0)
        self._faded = self._fade_frames
        self._lift_db = self._held_seconds = self._fallen_db = 0.0
        self._releasing = False
        self._next_jump = self._draw_jump()

    def advance(self, seconds: float, held: bool, settings: MotionSettings) -> Movement:
        """Move on by a hop and return where the trajectory is then."""
        if not held and not self._releasing and not self._drone:
            self._release()
        frames = seconds * self._rate
        if self._releasing:
            self._play_release(frames * max(abs(settings.speed), MIN_ATTACK_SPEED), seconds)
        elif self._position < self._marks[ATTACK_END]:
            self._position += frames * max(abs(settings.speed), MIN_ATTACK_SPEED) / self._choice.stretch
        else:
            self._play_loop(frames, seconds, settings)
        return self._movement(frames)

    def follow(self, other: NotePlayer, reach: float) -> None:
        """Begin where another trajectory is, whose timbre was heard to that share, and let the difference fade."""
        there = other._movement(0.0)
        self._fade_from(there._replace(offset=np.float32(reach) * there.offset))

    def _play_loop(self, frames: float, seconds: float, settings: MotionSettings) -> None:
        speed = abs(settings.speed) * self._choice.pace if self._decays and not self._drone else settings.speed
        self._position += frames * speed
        self._held_seconds += seconds * abs(speed)
        start, end = self._marks[LOOP_START], self._marks[LOOP_END]
        forward = speed >= 0.0
        if settings.mode is MotionMode.ONCE:
            if self._position >= end - 1:
                self._end_once(end)
            self._position = max(self._position, min(float(start), self._position + abs(frames * speed)))
        elif self._position >= end - 1 or (not forward and self._position < start):
            turn = float(start) if forward else end - 1.0
            self._jump(self._similar(forward) if settings.mode is MotionMode.WANDER else turn)
        elif settings.mode is MotionMode.WANDER and self._position > start:
            self._next_jump -= abs(frames * speed)
            if self._next_jump <= 0.0:
                self._jump(self._similar(forward))

    def _end_once(self, end: int) -> None:
        if self._drone or self._decays:
            self._jump(self._similar(True)) if self._decays and not self._drone else None
            self._position = min(self._position, end - 1.0)
        else:
            self._release()

    def _jump(self, to: float) -> None:
        """Go on from another frame: what differs fades away, and a decay falls on from where it is."""
        before = self._movement(0.0)
        if self._decays and not self._drone:
            self._lift_db += self._level_at(self._position) - self._level_at(to)
        self._position = to
        self._fade_from(before)
        self._next_jump = self._draw_jump()

    def _fade_from(self, before: Movement) -> None:
        self._faded = self._fade_frames
        here = self._movement(0.0)
        self._apart = Movement(before.offset - here.offset, before.level_db - here.level_db, before.cents - here.cents)
        self._faded = 0.0

    def _similar(self, forward: bool) -> float:
        """Draw a frame of the loop where pitch, its direction, level and timbre are about as they are here."""
        ratio = self._ratio
        first, last = (int(self._marks[mark] * ratio) for mark in (LOOP_START, LOOP_END))
        last = min(max(last, first + 2), len(self._cents) - 1)
        first = max(0, min(first, last - 1))  # a short track has one code frame alone
        # The last quarter in the direction of play leaves too little to go on with.
        room = min(max(1, (last - first) // 4), last - first)
        candidates = np.arange(first, last - room + 1) if forward else np.arange(first + room, last + 1)
        here = min(int(self._position * ratio), len(self._cents) - 1)
        cents, before = self._cents, np.maximum(candidates - 1, 0)
        cost = np.abs(cents[candidates] - cents[here])
        cost = cost + np.abs(cents[candidates] - cents[before] - (cents[here] - cents[max(here - 1, 0)]))
        cost += 2.0 * CENTS_PER_DB * np.sqrt(((self._offsets[candidates] - self._offsets[here]) ** 2).sum(axis=1))
        frames = np.minimum((candidates / ratio).astype(int), len(self._level) - 1)
        if not self._decays:
            cost += CENTS_PER_DB * np.abs(self._level[frames] - self._level_at(self._position))
        cost += np.where(np.abs(candidates - here) <= 2, 1e3, 0.0)
        best = np.argsort(cost, kind="stable")[:SIMILAR_MOMENTS]
        return float(frames[best[self._rng.integers(len(best))]])

    def _release(self) -> None:
        self._releasing = True
        release, end = self._marks[RELEASE_START], self._marks[END]
        if end - release >= 2 and self._position < release:
            before = self._movement(0.0)
            self._position = float(release)
            self._lift_db += before.level_db - self._movement(0.0).level_db
            self._fade_from(before)

    def _play_release(self, frames: float, seconds: float) -> None:
        """Play the recorded release; without one, go on as before: the envelope ends the note."""
        release, end = self._marks[RELEASE_START], self._marks[END]
        self._position += frames
        if end - release >= 2:
            if self._position >= end - 1:
                self._fallen_db += END_DB_PER_SECOND * seconds
        elif self._position >= self._marks[LOOP_END] - 1:
            self._jump(self._similar(True))

    def _movement(self, frames: float) -> Movement:
        level = self._shown_level() - self._fallen_db
        cents, offset = self._code_at(self._position)
        if self._faded < self._fade_frames:
            self._faded += frames
            rest = 1.0 - min(1.0, self._faded / self._fade_frames)
            rest = rest * rest * (3.0 - 2.0 * rest)
            offset = offset + np.float32(rest) * self._apart.offset
            level += rest * self._apart.level_db
            cents += rest * self._apart.cents
        return Movement(offset, max(level, SILENT_DB), cents)

    def _shown_level(self) -> float:
        held = 0.0 if self._drone else min(self._held_seconds, self._choice.corrected_seconds)
        corrected = self._choice.correction_db * held
        return self._level_at(self._position) - self._trend(self._position) + self._lift_db + corrected

    def _trend(self, position: float) -> float:
        """Return the mean level of the loop and its slope, which a drone does without."""
        if not self._drone:
            return 0.0
        start, end = self._marks[LOOP_START], self._marks[LOOP_END]
        middle = 0.5 * (start + end)
        mean = float(self._level[start:end].mean())
        return mean + self._slope * (position - middle) / self._rate

    def _level_at(self, position: float) -> float:
        left = min(max(int(position), 0), len(self._level) - 1)
        right = min(left + 1, len(self._level) - 1)
        a, b = float(self._level[left]), float(self._level[right])
        return a + (b - a) * min(max(position - left, 0.0), 1.0)

    def _code_at(self, position: float) -> tuple[float, FloatArray]:
        at = min(max((position + 0.5) * self._ratio - 0.5, 0.0), len(self._cents) - 1.0)
        left = int(at)
        right = min(left + 1, len(self._cents) - 1)
        share = at - left
        cents = float(self._cents[left]) * (1.0 - share) + float(self._cents[right]) * share
        offset = self._offsets[left] + np.float32(share) * (self._offsets[right] - self._offsets[left])
        return cents, offset

    def _draw_jump(self) -> float:
        low, high = JUMP_SHARE
        return (self._marks[LOOP_END] - self._marks[LOOP_START]) * float(self._rng.uniform(low, high))
