"""Holds the player's settings: the latent position, its smoothing, and the parameters of the sound."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from aitunes.features import FloatArray
from aitunes.release.card import LATENT_LIMIT, LatentSpace, ReleaseCard
from instrument.namespace import ROOT, MessageError, Value, initial_numbers
from instrument.synthesis.following import Following
from instrument.synthesis.motion import MotionMode, MotionSettings
from instrument.synthesis.snapshot import SNAPSHOT_SETTINGS, Snapshot
from instrument.synthesis.transport import Transport
from instrument.synthesis.voice_allocator import PitchRange, VoiceAllocator


class Performance:
    """Keeps the state that OSC messages change and the synth reads; owned by the synth's thread.

    Args:
        latent: the playing release's latent space.
        release: its name.
        iterations: phase reconstruction effort at the start.
        lookahead: frames of look-ahead at the start.
        pitches: the notes that the release plays; None for a release without pitch.
    """

    def __init__(
        self,
        latent: LatentSpace,
        release: str,
        iterations: int,
        lookahead: int = 0,
        pitches: PitchRange | None = None,
    ) -> None:
        self.playing = True
        self.panicked = False
        (self.smoothing_seconds,) = initial_numbers(f"{ROOT}/smoothing")
        (self.gain_db,) = initial_numbers(f"{ROOT}/gain")
        (self.width,) = initial_numbers(f"{ROOT}/width")
        (self.pan,) = initial_numbers(f"{ROOT}/pan")
        self.frozen = any(initial_numbers(f"{ROOT}/freeze"))
        (self.position,) = initial_numbers(f"{ROOT}/position")
        (self.speed,) = initial_numbers(f"{ROOT}/speed")
        self.motion = MotionSettings()
        self.following = Following()
        self.iterations = iterations
        self.lookahead = lookahead
        self.transport = transport = Transport()
        self.allocator = allocator = VoiceAllocator(pitches)
        self.tones = allocator.tones
        self._pad_axes = _first_axes(latent)
        self._latent = latent
        self.release = release
        self._target = np.zeros(len(latent.mean), np.float32)
        self._current = self._target.copy()
        self._remaining_seconds = 0.0
        self._setters: dict[str, Callable[..., None]] = {
            "/pad/xy": self._set_pad,
            "/pad/x": lambda x: self._set_pad(x, None),
            "/pad/y": lambda y: self._set_pad(None, y),
            "/pad/axes": self._set_axes,
            "/latent": self._set_latent,
            "/smoothing": self._setter("smoothing_seconds"),
            "/gain": self._setter("gain_db"),
            "/width": self._setter("width"),
            "/pan": self._setter("pan"),
            "/freeze": self._setter("frozen"),
            "/position": self._setter("position"),
            "/speed": self._setter("speed"),
            "/quality": self._set_quality,
            "/tempo": lambda tempo: setattr(transport, "tempo", tempo),
            "/beat": lambda beat: setattr(transport, "beat", beat),
            "/beat/run": lambda running: setattr(transport, "running", running),
            "/gesture/quantise": lambda beats: setattr(transport, "quantise_beats", beats),
            "/play": lambda: self._set_playing(True),
            "/stop": lambda: self._set_playing(False),
            "/panic": self._panic,
            "/note": self._play_note,
            "/voice/bend": lambda number, bend: allocator.express(number, bend=bend),
            "/voice/pressure": lambda number, pressure: allocator.express(number, pressure=pressure),
            "/voice/timbre": lambda number, timbre: allocator.express(number, timbre=timbre),
            "/voice/pressure/level": lambda level: self._set_expression(pressure_level=level),
            "/voice/pressure/axis": lambda *values: self._set_expression_axis("pressure", *values),
            "/voice/timbre/axis": lambda *values: self._set_expression_axis("timbre", *values),
            "/notes/off": allocator.release_all,
            "/pitch": allocator.sound_at,
            "/bend": lambda semitones: setattr(allocator, "bend_semitones", semitones),
            "/envelope": self._set_envelope,
            "/voices": lambda voices: setattr(allocator, "voices", voices),
            "/portamento": lambda seconds: setattr(allocator, "portamento_seconds", seconds),
            "/drone": lambda sounding: setattr(allocator, "drone", sounding),
            "/motion": lambda amount: self._set_motion(amount=amount),
            "/motion/speed": lambda speed: self._set_motion(speed=speed),
            "/motion/mode": lambda mode: self._set_motion(mode=MotionMode.named(mode)),
            "/motion/seed": lambda seed: self._set_motion(seed=seed),
            "/motion/quantise": lambda beats: setattr(transport, "motion_beats", beats),
            "/dream": lambda dream: self._set_motion(dream=dream),
            **self.following.setters,
        }
        self._getters: dict[str, Callable[[], tuple[Value, ...]]] = {
            "/pad/xy": lambda: self.pad,
            "/pad/x": lambda: self.pad[:1],
            "/pad/y": lambda: self.pad[1:],
            "/pad/axes": lambda: self._pad_axes,
            "/latent": lambda: tuple(self._target.tolist()),
            "/smoothing": lambda: (self.smoothing_seconds,),
            "/gain": lambda: (self.gain_db,),
            "/width": lambda: (self.width,),
            "/pan": lambda: (self.pan,),
            "/freeze": lambda: (self.frozen,),
            "/position": lambda: (self.position,),
            "/speed": lambda: (self.speed,),
            "/quality": lambda: (self.iterations, self.lookahead),
            "/tempo": lambda: (transport.tempo,),
            "/gesture/quantise": lambda: (transport.quantise_beats,),
            "/voice/pressure/level": lambda: allocator.expression[:1],
            "/voice/pressure/axis": lambda: allocator.expression[1:3],
            "/voice/timbre/axis": lambda: allocator.expression[3:],
            "/pitch": lambda: (allocator.pitch,),
            "/bend": lambda: (allocator.bend_semitones,),
            "/envelope": lambda: (allocator.attack_seconds, allocator.release_seconds),
            "/voices": lambda: (allocator.voices,),
            "/portamento": lambda: (allocator.portamento_seconds,),
            "/drone": lambda: (allocator.drone,),
            "/motion": lambda: (self.motion.amount,),
            "/motion/speed": lambda: (self.motion.speed,),
            "/motion/mode": lambda: (self.motion.mode.value,),
            "/motion/seed": lambda: (self.motion.seed,),
            "/motion/quantise": lambda: (transport.motion_beats,),
            "/dream": lambda: (self.motion.dream,),
            **self.following.getters,
        }

    @classmethod
    def of(cls, card: ReleaseCard, iterations: int, lookahead: int = 0) -> Self:
        """Create the performance of a release with its default settings."""
        return cls(card.latent, card.name, iterations, lookahead, PitchRange.of(card))

    @property
    def latent_dim(self) -> int:
        """Return the number of latent coordinates of the playing release."""
        return len(self._target)

    @property
    def pad(self) -> tuple[float, float]:
        """Return the target's position on the pad, 0..1 on both axes."""
        first, second = self._pad_axes
        return self._on_pad(first), self._on_pad(second)

    @property
    def on_pad(self) -> bool:
        """Return whether the target lies within the pad, so that the pad's position describes it."""
        return all(
            self._latent.pad_range[axis][0] <= self._target[axis] <= self._latent.pad_range[axis][1]
            for axis in self._pad_axes
        )

    def apply(self, path: str, values: tuple[Value, ...]) -> None:
        """Apply one setting or action of the namespace, whose values have been checked and clipped.

        Raises:
            MessageError: it does not fit the playing release.
        """
        name = path.removeprefix(ROOT)
        if name.startswith("/latent/"):
            self._set_coordinate(int(name.removeprefix("/latent/")), values[0])
        else:
            self._setters[name](*values)

    def value(self, path: str) -> tuple[Value, ...]:
        """Return the value of an address, which a message without arguments asks for.

        Raises:
            MessageError: the playing release has no such coordinate.
        """
        name = path.removeprefix(ROOT)
        if name.startswith("/latent/"):
            n = int(name.removeprefix("/latent/"))
            self._check_coordinate(n)
            return (float(self._target[n]),)
        return self._getters[name]()

    def advance(self, seconds: float) -> FloatArray:
        """Move towards the target for that long and return the coordinates, [latent_dim] standard deviations.

        What the input is heard to be moves them away from there.
        """
        if self._remaining_seconds > seconds:
            self._current = self._current + (self._target - self._current) * (seconds / self._remaining_seconds)
            self._remaining_seconds -= seconds
        elif self._remaining_seconds > 0.0 or self._current is not self._target:
            self._current = self._target
            self._remaining_seconds = 0.0
        return self.following.coordinates(self._current, seconds, self.release)

    def sound(self, seconds: float) -> None:
        """Advance the beat and the notes by that long and update `tones`; a copy of this object keeps its own tones."""
        self.transport.advance(seconds)
        self.allocator.advance(seconds)
        self.tones = self.following.tones(self.allocator, seconds)

    def rehearsal(self) -> Performance:
        """Return a silent copy, on which another thread can try another release."""
        rehearsal = copy.copy(self)
        rehearsal.allocator = copy.deepcopy(self.allocator)
        rehearsal.following = copy.copy(self.following)
        return rehearsal

    def plays(self, latent: LatentSpace, release: str, pitches: PitchRange | None = None) -> bool:
        """Return whether this is the playing release; one exported again under the same name may differ."""
        return (release, latent, pitches) == (self.release, self._latent, self.allocator.pitches)

    def take_over(self, card: ReleaseCard) -> bool:
        """Change to a release; return whether it differs from the playing one."""
        release = card.latent, card.name, PitchRange.of(card)
        if self.plays(*release):
            return False
        self.change_release(*release)
        return True

    def change_release(self, latent: LatentSpace, release: str, pitches: PitchRange | None = None) -> None:
        """Change to another latent space: the pad keeps its position, the other coordinates return to 0."""
        self.allocator.change_release(pitches)
        self.tones = self.allocator.tones
        x, y = self.pad
        self._latent, self.release = latent, release
        self._target = np.zeros(len(latent.mean), np.float32)
        first, second = self._pad_axes
        # A release with one coordinate leaves the same axis twice.
        if max(first, second) >= len(latent.mean) or first == second:
            self._pad_axes = _first_axes(latent)
        self._set_pad(x, y)
        self._current = self._target
        self._remaining_seconds = 0.0

    def snapshot(self) -> Snapshot:
        """Return the latent target and the settings of the sound."""
        settings = {name: list(self._getters[name]()) for name in SNAPSHOT_SETTINGS}
        return Snapshot(self.release, self._target.tolist(), settings)

    def check_snapshot(self, snapshot: Snapshot) -> None:
        """Check that a snapshot can be recalled.

        Raises:
            MessageError: it belongs to another release.
        """
        if snapshot.release != self.release or len(snapshot.coordinates) != self.latent_dim:
            raise MessageError(f"the snapshot belongs to the release {snapshot.release}; load that first")

    def recall(self, snapshot: Snapshot, morph_seconds: float) -> None:
        """Morph to a snapshot of the playing release: the position moves smoothly, the settings change at once.

        Raises:
            MessageError: it belongs to another release; nothing has changed.
        """
        self.check_snapshot(snapshot)
        for name, values in snapshot.settings.items():
            if name == "/pitch":
                (self.allocator.pitch,) = map(float, values)  # the drone stays on or off
            else:
                self._setters[name](*values)
        self._move(np.asarray(snapshot.coordinates, np.float32), morph_seconds)

    def _setter(self, attribute: str) -> Callable[[Any], None]:
        return lambda value: setattr(self, attribute, value)

    def _set_playing(self, playing: bool) -> None:
        self.playing, self.panicked = playing, False

    def _panic(self) -> None:
        self.allocator.silence()
        self.playing, self.panicked = False, True

    def _play_note(self, note: int, velocity: int, number: int = 0) -> None:
        self.allocator.play(note, velocity, number)
        if velocity and self.panicked:
            self._set_playing(True)

    def _set_expression(self, **values: Any) -> None:
        self.allocator.expression = self.allocator.expression._replace(**values)

    def _set_expression_axis(self, name: str, axis: int, depth: float) -> None:
        self._check_coordinate(axis)
        self._set_expression(**{f"{name}_axis": axis, f"{name}_depth": depth})

    def _set_motion(self, **values: Any) -> None:
        self.motion = self.motion._replace(**values)

    def _set_envelope(self, attack_seconds: float, release_seconds: float) -> None:
        self.allocator.attack_seconds, self.allocator.release_seconds = attack_seconds, release_seconds

    def _set_quality(self, iterations: int, lookahead: int) -> None:
        self.iterations, self.lookahead = iterations, lookahead

    def _set_axes(self, first: int, second: int) -> None:
        if self.latent_dim == 1:
            raise MessageError("this release has one axis")
        if max(first, second) >= self.latent_dim or first == second:
            raise MessageError(f"wants two different axes from 0 to {self.latent_dim - 1}")
        self._pad_axes = (first, second)

    def _set_latent(self, *coordinates: float) -> None:
        if len(coordinates) != self.latent_dim:
            raise MessageError(f"wants {self.latent_dim} coordinates for the release {self.release}")
        self._move(np.array(coordinates, np.float32))

    def _set_coordinate(self, n: int, value: Value) -> None:
        self._check_coordinate(n)
        target = self._target.copy()
        target[n] = value
        self._move(target)

    def _check_coordinate(self, n: int) -> None:
        if n >= self.latent_dim:
            raise MessageError(f"the release {self.release} has the coordinates 0 to {self.latent_dim - 1}")

    def _set_pad(self, x: float | None, y: float | None) -> None:
        target = self._target.copy()
        first, second = self._pad_axes
        for axis, position in ((first, x), (second, y if second != first else None)):
            if position is None:
                continue
            low, high = self._latent.pad_range[axis]
            target[axis] = np.clip(low + position * (high - low), -LATENT_LIMIT, LATENT_LIMIT)
        self._move(target)

    def _move(self, target: FloatArray, seconds: float | None = None) -> None:
        self._target = target
        self._remaining_seconds = self.smoothing_seconds if seconds is None else seconds

    def _on_pad(self, axis: int) -> float:
        low, high = self._latent.pad_range[axis]
        if high <= low:  # a coordinate that the training data never used
            return 0.5
        return float(np.clip((self._target[axis] - low) / (high - low), 0.0, 1.0))


def _first_axes(latent: LatentSpace) -> tuple[int, int]:
    return 0, min(1, len(latent.mean) - 1)
