"""Lets what is heard of an input move the sound: its timbre the latent position, its pitch and level the drone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from aitunes.features import FloatArray
from aitunes.release.card import LATENT_LIMIT
from instrument.namespace import ROOT, Value, initial_numbers
from instrument.synthesis.tones import DRONE_SLOT, PitchRange, Tone
from instrument.synthesis.voice_allocator import VoiceAllocator

_SMOOTHING_SECONDS = 0.02
_MAX_RELEASE_SECONDS = 0.25
_OCTAVE = 12.0
_SILENT_DB, _MAX_DB = -60.0, 6.0
_SILENT = 10.0 ** (_SILENT_DB / 20.0)
_LEVEL_STEP_DB = 1.0
"""The decoder is asked again when the level has moved that far; the samples follow it exactly."""
_SAME_CODE = 0.1
"""Standard deviations: the decoder is asked again when the position has moved that far."""
_FIRST_ONSET = 1 << 20  # apart from the numbers of note-ons


class Heard(NamedTuple):
    """Says what is heard at one moment.

    Args:
        sounding: whether the input is above its gate.
        level_db: above the level that a release counts as full.
        pitch: MIDI note with fraction, 0 where none has been heard yet.
        onsets: how many sounds have begun.
        release: the name of the one whose encoder was asked.
        coordinates: where the input lies in its latent space, [latent_dim] standard deviations.
    """

    sounding: bool = False
    level_db: float = _SILENT_DB
    pitch: float = 0.0
    onsets: int = 0
    release: str = ""
    coordinates: FloatArray | None = None


class Ear(Protocol):
    """Listens to an input; asked at each hop, and must answer at once."""

    def heard(self) -> Heard | None:
        """Return what was heard last; None while nothing is listened to."""

    def dry(self, length: int) -> FloatArray:
        """Return the next samples of the input itself at the output's rate, [length]."""

    @property
    def output_gain(self) -> float:
        """Return the factor by which the output is to be softer just now."""


class FollowSettings(NamedTuple):
    """Says how far the sound follows the input; gain and gate are for who listens.

    Args:
        timbre, pitch, level: amounts 0..1.
        transpose: semitones.
        mix: 0 for the input itself, 1 for the synthesis alone.
        hold: keep what was heard.
        gain_db: of the input.
        gate_db: below which it is silent, of full scale.
    """

    timbre: float
    pitch: float
    level: float
    transpose: float
    mix: float
    hold: bool
    gain_db: float
    gate_db: float


_NAMES = dict(
    zip(
        FollowSettings._fields,
        ("follow/timbre", "follow/pitch", "follow/level", "transpose", "mix", "hold", "gain", "gate"),
        strict=True,
    )
)


class Following:
    """Applies what an ear hears, hop by hop, on the synth's thread.

    Attributes:
        ear: listens; None where there is no input.
        settings: replaced, never changed, so that other threads may read them.
    """

    def __init__(self) -> None:
        self.ear: Ear | None = None
        numbers: dict[str, Any] = {field: initial_numbers(f"{ROOT}/input/{name}")[0] for field, name in _NAMES.items()}
        self.settings = FollowSettings(**{**numbers, "hold": False})
        self._heard: Heard | None = None
        self._position: FloatArray | None = None
        self._given: FloatArray | None = None
        self._onsets = 0
        self._pitch = 0.0
        self._gain = 0.0
        self._output_gain = 1.0

    @property
    def setters(self) -> dict[str, Callable[..., None]]:
        """Return what sets each address of the input, by its name without the root."""
        return {f"/input/{name}": self._setter(field) for field, name in _NAMES.items()}

    @property
    def getters(self) -> dict[str, Callable[[], tuple[Value, ...]]]:
        """Return what reads each address of the input."""
        return {f"/input/{name}": self._getter(field) for field, name in _NAMES.items()}

    def coordinates(self, pad: FloatArray, seconds: float, release: str) -> FloatArray:
        """Return the coordinates to play where the pad has these, both [latent_dim] standard deviations.

        The input's own are added to the pad's: with the pad in the middle the input alone decides.
        """
        self._listen()
        heard, amount = self._heard, self.settings.timbre
        if heard is None or heard.coordinates is None or not amount:
            self._position = None
            return pad
        if heard.release != release or len(heard.coordinates) != len(pad):
            return pad  # it was heard by another release
        if self._position is None or len(self._position) != len(pad):
            self._position = heard.coordinates
        share = np.float32(1.0 - math.exp(-seconds / _SMOOTHING_SECONDS))
        self._position = self._position + share * (heard.coordinates - self._position)
        moved = np.clip(pad + np.float32(amount) * self._position, -LATENT_LIMIT, LATENT_LIMIT).astype(np.float32)
        # The very same array tells the decoder that nothing has moved.
        if self._given is None or len(self._given) != len(moved) or np.abs(moved - self._given).max() > _SAME_CODE:
            self._given = moved
        return self._given

    def tones(self, allocator: VoiceAllocator, seconds: float) -> tuple[Tone, ...]:
        """Return the tones to play: the drone as the input has it, and the notes as they are.

        The input sounds through the drone's voice, whether the drone has been switched on or not.
        """
        tones, heard, settings = allocator.tones, self._heard, self.settings
        if heard is None or not (settings.level or settings.pitch):
            self._gain = 0.0
            return tones
        drone = tones[0] if tones and tones[0].slot == DRONE_SLOT else None
        level = self._follow_level(heard, min(allocator.release_seconds, _MAX_RELEASE_SECONDS), seconds)
        base = 0.0 if drone is None else drone.gain
        gain = level * settings.level + base * (1.0 - settings.level)
        others = tones if drone is None else tones[1:]
        if gain < _SILENT:
            return others
        pitch = allocator.pitch + allocator.bend_semitones if drone is None else drone.pitch
        if heard.pitch and allocator.pitches is not None:
            wanted = heard.pitch + settings.transpose + allocator.bend_semitones
            pitch += settings.pitch * (_folded(wanted, allocator.pitches) - pitch)
        fed_db = _LEVEL_STEP_DB * math.ceil(max(20.0 * math.log10(gain), _SILENT_DB) / _LEVEL_STEP_DB)
        rest = gain * 10.0 ** (-fed_db / 20.0)
        struck = _FIRST_ONSET + self._onsets if settings.level and self._onsets else 0
        return (Tone(DRONE_SLOT, round(pitch, 2), fed_db, rest, heard.sounding, struck, (), settings.level), *others)

    def mixed(self, y: FloatArray) -> FloatArray:
        """Mix the input itself into what is synthesised, left and right [samples, 2]; at equal power between them."""
        mix, before = self.settings.mix, self._output_gain
        if self.ear is None or self._heard is None:
            return y
        if mix < 1.0:
            angle = 0.5 * math.pi * mix
            y = y * np.float32(math.sin(angle)) + np.float32(math.cos(angle)) * self.ear.dry(len(y))[:, None]
        self._output_gain = self.ear.output_gain
        if before != 1.0 or self._output_gain != 1.0:
            y = y * np.linspace(before, self._output_gain, len(y), dtype=np.float32)[:, None]
        return y

    def _listen(self) -> None:
        heard = None if self.ear is None else self.ear.heard()
        if heard is not None and self.settings.hold and self._heard is not None:
            return
        if heard is not None and heard.sounding:
            self._onsets = heard.onsets
        self._heard = heard

    def _follow_level(self, heard: Heard, release_seconds: float, seconds: float) -> float:
        """Return the gain that the input's level asks for: it rises at once, and falls as the envelope's release."""
        target = 10.0 ** (min(heard.level_db, _MAX_DB) / 20.0) if heard.sounding else 0.0
        fall = 10.0 ** (_SILENT_DB / 20.0 * seconds / max(release_seconds, seconds))
        self._gain = max(target, self._gain * fall)
        if self._gain < _SILENT:
            self._gain = 0.0
        return self._gain

    def _set(self, **values: Any) -> None:
        self.settings = self.settings._replace(**values)

    def _setter(self, field: str) -> Callable[..., None]:
        return lambda value: self._set(**{field: value})

    def _getter(self, field: str) -> Callable[[], tuple[Value, ...]]:
        return lambda: (getattr(self.settings, field),)


def _folded(pitch: float, pitches: PitchRange) -> float:
    """Move a pitch by octaves into the range that a release plays.

    >>> _folded(30.0, PitchRange(48.0, 96.0))
    54.0
    """
    if pitches.high - pitches.low < _OCTAVE:
        return min(max(pitch, pitches.low), pitches.high)
    if pitch < pitches.low:
        return pitch + _OCTAVE * math.ceil((pitches.low - pitch) / _OCTAVE)
    if pitch > pitches.high:
        return pitch - _OCTAVE * math.ceil((pitch - pitches.high) / _OCTAVE)
    return pitch
