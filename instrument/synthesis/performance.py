"""Holds the player's settings: the latent position, its smoothing, and the parameters of the sound."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import numpy as np

from aitunes.features import FloatArray
from aitunes.release.card import LatentSpace, ReleaseCard
from instrument.namespace import ROOT, MessageError, Value, initial_numbers
from instrument.synthesis.following import Following
from instrument.synthesis.latent_point import LatentPoint
from instrument.synthesis.motion import MotionMode, MotionSettings
from instrument.synthesis.snapshot import SNAPSHOT_SETTINGS, Snapshot
from instrument.synthesis.tones import PitchRange
from instrument.synthesis.transport import Transport
from instrument.synthesis.voice_allocator import VoiceAllocator

_OWN = {
    "/gain": "gain_db",
    "/width": "width",
    "/pan": "pan",
    "/freeze": "frozen",
    "/position": "position",
    "/speed": "speed",
}
_OF_THE_POINT = {"/smoothing": "smoothing_seconds"}
_OF_THE_TRANSPORT = {
    "/tempo": "tempo",
    "/beat": "beat",
    "/beat/run": "running",
    "/gesture/quantise": "quantise_beats",
    "/motion/quantise": "motion_beats",
}
_OF_THE_NOTES = {
    "/bend": "bend_semitones",
    "/voices": "voices",
    "/portamento": "portamento_seconds",
    "/drone": "drone",
}
_OF_THE_MOTION = {
    "/motion": "amount",
    "/motion/speed": "speed",
    "/motion/seed": "seed",
    "/motion/attack": "attack",
    "/motion/decay": "decay",
    "/dream": "dream",
}
"""Name the attributes that addresses set and ask for as they are."""


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
        self.point = point = LatentPoint(latent, release)
        plain = (self, _OWN), (point, _OF_THE_POINT), (transport, _OF_THE_TRANSPORT), (allocator, _OF_THE_NOTES)
        values = [(path, owner, name) for owner, names in plain for path, name in names.items()]
        self._setters: dict[str, Callable[..., None]] = {
            **{path: partial(setattr, owner, name) for path, owner, name in values},
            **{path: partial(self._set_motion, name) for path, name in _OF_THE_MOTION.items()},
            **self._actions(),
            **self.following.setters,
        }
        self._getters: dict[str, Callable[[], tuple[Value, ...]]] = {
            **{path: partial(_one, owner, name) for path, owner, name in values},
            **{path: partial(self._motion_value, name) for path, name in _OF_THE_MOTION.items()},
            **self._answers(),
            **self.following.getters,
        }

    def _actions(self) -> dict[str, Callable[..., None]]:
        """Return what addresses do that set more than one value, or need a look at it first."""
        point, allocator = self.point, self.allocator
        return {
            "/pad/xy": point.move_on_pad,
            "/pad/x": lambda x: point.move_on_pad(x, None),
            "/pad/y": lambda y: point.move_on_pad(None, y),
            "/pad/axes": point.choose_axes,
            "/latent": point.move_to,
            "/quality": self._set_quality,
            "/play": lambda: self._set_playing(True),
            "/stop": lambda: self._set_playing(False),
            "/panic": self._panic,
            "/note": self._play_note,
            "/notes/off": allocator.release_all,
            "/pitch": allocator.sound_at,
            "/envelope": self._set_envelope,
            "/voice/bend": lambda number, bend: allocator.express(number, bend=bend),
            "/voice/pressure": lambda number, pressure: allocator.express(number, pressure=pressure),
            "/voice/timbre": lambda number, timbre: allocator.express(number, timbre=timbre),
            "/voice/pressure/level": lambda level: self._set_expression(pressure_level=level),
            "/voice/pressure/axis": lambda *values: self._set_expression_axis("pressure", *values),
            "/voice/timbre/axis": lambda *values: self._set_expression_axis("timbre", *values),
            "/motion/mode": lambda mode: self._set_motion("mode", MotionMode.named(mode)),
        }

    def _answers(self) -> dict[str, Callable[[], tuple[Value, ...]]]:
        """Return what addresses of `_actions` answer when they are asked."""
        point, allocator = self.point, self.allocator
        return {
            "/pad/xy": lambda: point.pad,
            "/pad/x": lambda: point.pad[:1],
            "/pad/y": lambda: point.pad[1:],
            "/pad/axes": lambda: point.axes,
            "/latent": lambda: tuple(point.target.tolist()),
            "/quality": lambda: (self.iterations, self.lookahead),
            "/pitch": lambda: (allocator.pitch,),
            "/envelope": lambda: (allocator.attack_seconds, allocator.release_seconds),
            "/voice/pressure/level": lambda: allocator.expression[:1],
            "/voice/pressure/axis": lambda: allocator.expression[1:3],
            "/voice/timbre/axis": lambda: allocator.expression[3:],
            "/motion/mode": lambda: (self.motion.mode.value,),
        }

    @classmethod
    def of(cls, card: ReleaseCard, iterations: int, lookahead: int = 0) -> Self:
        """Create the performance of a release with its default settings."""
        return cls(card.latent, card.name, iterations, lookahead, PitchRange.of(card))

    @property
    def release(self) -> str:
        """Return the playing release's name."""
        return self.point.release

    def apply(self, path: str, values: tuple[Value, ...]) -> None:
        """Apply one setting or action of the namespace, whose values have been checked and clipped.

        Raises:
            MessageError: it does not fit the playing release.
        """
        name = path.removeprefix(ROOT)
        if name.startswith("/latent/"):
            self.point.move_coordinate(int(name.removeprefix("/latent/")), values[0])
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
            self.point.check_coordinate(n)
            return (float(self.point.target[n]),)
        return self._getters[name]()

    def advance(self, seconds: float) -> FloatArray:
        """Move towards the target for that long and return the coordinates, [latent_dim] standard deviations.

        What the input is heard to be moves them away from there.
        """
        return self.following.coordinates(self.point.advance(seconds), seconds, self.release)

    def sound(self, seconds: float) -> None:
        """Advance the beat and the notes by that long and update `tones`; a copy of this object keeps its own tones."""
        self.transport.advance(seconds)
        self.allocator.advance(seconds)
        self.tones = self.following.tones(self.allocator, seconds)

    def rehearsal(self) -> Performance:
        """Return a silent copy, on which another thread can try another release."""
        rehearsal = copy.copy(self)
        rehearsal.point = copy.copy(self.point)
        rehearsal.allocator = copy.deepcopy(self.allocator)
        rehearsal.following = copy.copy(self.following)
        return rehearsal

    def plays(self, latent: LatentSpace, release: str, pitches: PitchRange | None = None) -> bool:
        """Return whether this is the playing release; one exported again under the same name may differ."""
        return (release, latent, pitches) == (self.release, self.point.latent, self.allocator.pitches)

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
        self.point.change_release(latent, release)

    def snapshot(self) -> Snapshot:
        """Return the latent target and the settings of the sound."""
        settings = {name: list(self._getters[name]()) for name in SNAPSHOT_SETTINGS}
        return Snapshot(self.release, self.point.target.tolist(), settings)

    def check_snapshot(self, snapshot: Snapshot) -> None:
        """Check that a snapshot can be recalled.

        Raises:
            MessageError: it belongs to another release.
        """
        if snapshot.release != self.release or len(snapshot.coordinates) != self.point.dim:
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
        self.point.glide(np.asarray(snapshot.coordinates, np.float32), morph_seconds)

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
        self.point.check_coordinate(axis)
        self._set_expression(**{f"{name}_axis": axis, f"{name}_depth": depth})

    def _set_motion(self, name: str, value: Any) -> None:
        self.motion = self.motion._replace(**{name: value})

    def _motion_value(self, name: str) -> tuple[Value, ...]:
        return _one(self.motion, name)

    def _set_envelope(self, attack_seconds: float, release_seconds: float) -> None:
        self.allocator.attack_seconds, self.allocator.release_seconds = attack_seconds, release_seconds

    def _set_quality(self, iterations: int, lookahead: int) -> None:
        self.iterations, self.lookahead = iterations, lookahead


def _one(owner: object, name: str) -> tuple[Value, ...]:
    return (getattr(owner, name),)
