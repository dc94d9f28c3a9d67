"""The allocator: which tones sound, how high and how loud; notes in, tones out, and no sound yet."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from aitunes.release.card import ReleaseCard
from instrument.namespace import MAX_VOICES, MessageError

SLOTS = 1 + MAX_VOICES
"""Tones that can sound at once: the drone, then the voices."""
DRONE_SLOT = 0
CONCERT_PITCH = 69.0

_DEFAULT_VOICES = 4  # who presses three keys expects a chord, and voices that rest cost nothing
_RELEASE_DB = -60.0  # what the release time takes a note down to; below that it ends
_SILENT = 10.0 ** (_RELEASE_DB / 20.0)
_MIN_SECONDS = 1e-6


class Tone(NamedTuple):
    """What one voice sounds like in this hop.

    Args:
        slot: which voice, 0 for the drone; the same one as long as the note sounds.
        pitch: MIDI note with fraction, bend included.
        level_db: how loud it was struck, dB below the release's full level.
        gain: where its envelope stands, 0..1.
    """

    slot: int
    pitch: float
    level_db: float
    gain: float


@dataclass(frozen=True)
class PitchRange:
    """The MIDI notes that a release plays.

    Args:
        low, high: lowest and highest, with fraction.
        notes: whether a allocator plays them; a segment model has the drone's pitch alone.
    """

    low: float
    high: float
    notes: bool = True

    @classmethod
    def of(cls, card: ReleaseCard) -> PitchRange | None:
        """The range that a card declares; None for a release without pitch."""
        for spec in card.inputs[1:]:
            if spec.name == "pitch":
                return cls(*spec.range, notes=card.is_frame_model)
        return None


def plays_notes(card: ReleaseCard) -> bool:
    """Whether a allocator plays the release."""
    pitches = PitchRange.of(card)
    return pitches is not None and pitches.notes


def velocity_db(velocity: int) -> float:
    """Level of a note-on of velocity 1..127, dB: amplitude grows with the square of the velocity.

    Reference:
        MIDI Manufacturers Association, *Downloadable Sounds Level 1*: attenuation of 20 log10(127² / velocity²).

    >>> velocity_db(127)
    0.0
    >>> round(velocity_db(64), 1)
    -11.9
    """
    return 40.0 * math.log10(velocity / 127.0)


@dataclass
class VoiceState:
    """Sounds one note at a time: its pitch, which may glide, and its envelope."""

    note: int = -1
    struck: int = 0  # counts the note-ons
    held: bool = False
    new: bool = False  # struck since the last hop
    level_db: float = 0.0
    gain: float = 0.0
    pitch: float = CONCERT_PITCH
    target: float = CONCERT_PITCH
    remaining_seconds: float = 0.0

    @property
    def sounding(self) -> bool:
        return self.held or self.new or self.gain > 0.0

    @property
    def loudness(self) -> float:
        return self.gain * 10.0 ** (self.level_db / 20.0)

    def strike(self, note: int, level_db: float, struck: int) -> None:
        if note != self.note:
            self.gain = 0.0  # the same note, struck again, rises from where it is
        self.note, self.level_db, self.struck = note, level_db, struck
        self.held = self.new = True
        self.move(note, 0.0)

    def move(self, pitch: float, seconds: float) -> None:
        self.target, self.remaining_seconds = pitch, seconds
        if seconds <= 0.0:
            self.pitch = pitch

    def advance(self, seconds: float, attack_seconds: float, release_seconds: float) -> None:
        share = min(1.0, seconds / max(self.remaining_seconds, _MIN_SECONDS))
        self.pitch += (self.target - self.pitch) * share
        self.remaining_seconds = max(0.0, self.remaining_seconds - seconds)
        # A note whose end comes in the hop of its beginning is heard for that hop.
        if self.held or self.new:
            self.gain = min(1.0, self.gain + seconds / max(attack_seconds, _MIN_SECONDS))
            self.new = False
        else:
            self.gain *= 10.0 ** (_RELEASE_DB / 20.0 * seconds / max(release_seconds, _MIN_SECONDS))
            if self.gain < _SILENT:
                self.gain = 0.0


class VoiceAllocator:
    """Keys that are held, and the drone that sounds without any, on a few voices with attack and release.

    With one voice the newest held key sounds (last-note priority) and keys that overlap are played legato: the
    pitch glides for `portamento_seconds`, the envelope goes on. With more voices, a note for which there is none
    takes the quietest of those that are being released, or else the oldest.

    The drone sounds from the start until the first note-on. Who asks for it keeps it under the notes.

    Args:
        pitches: what the release plays; None for one without pitch, which has the drone alone.
    """

    def __init__(self, pitches: PitchRange | None = None) -> None:
        self.attack_seconds = 0.01
        self.release_seconds = 0.3
        self.portamento_seconds = 0.0
        self.bend_semitones = 0.0
        self.pitches = pitches
        self._voices = _DEFAULT_VOICES
        self._keys: list[int] = []  # held, the newest last
        self._struck = 0
        self._drone = VoiceState(held=True, gain=1.0)
        self._drone_wanted = False
        self._begun = False
        self._voice_states = [VoiceState() for _ in range(MAX_VOICES)]

    @property
    def voices(self) -> int:
        """How many notes sound at once, 1 to `MAX_VOICES`."""
        return self._voices

    @voices.setter
    def voices(self, voices: int) -> None:
        self._voices = voices
        held = sorted((state for state in self._voice_states if state.held), key=lambda state: state.struck)
        for state in held[:-voices]:
            state.held = False

    @property
    def drone(self) -> bool:
        """Whether it sounds without a note."""
        return self._drone.held

    @drone.setter
    def drone(self, sounding: bool) -> None:
        self._drone.held = self._drone_wanted = sounding
        if not (sounding or self._begun):
            self._drone.gain = 0.0  # nobody has heard it, so nothing fades out

    @property
    def pitch(self) -> float:
        """Where the drone is or glides to, MIDI note with fraction."""
        return self._drone.target

    @pitch.setter
    def pitch(self, pitch: float) -> None:
        self._drone.move(pitch, self.portamento_seconds if self._drone.sounding else 0.0)

    def sound_at(self, pitch: float) -> None:
        """Let the drone sound, at that pitch.

        Raises:
            MessageError: the release has no pitch.
        """
        if self.pitches is None:
            raise MessageError("this release has no pitch; load one that has, or play it by its latent position")
        self.pitch = pitch
        self._drone.held = True

    def play(self, note: int, velocity: int) -> None:
        """Press a key, or let it go with velocity 0.

        Raises:
            MessageError: the release does not play that note; nothing has changed.
        """
        if velocity == 0:
            self._let_go(note)
            return
        self._check(note)
        if not self._drone_wanted:
            self._drone.held = False
        if note in self._keys:
            self._keys.remove(note)
        self._keys.append(note)
        self._struck += 1
        held = [state for state in self._voice_states if state.held]
        if self._voices == 1 and held:
            self._slur(held[-1], note)
            held[-1].level_db = velocity_db(velocity)
        else:
            self._state_for(note).strike(note, velocity_db(velocity), self._struck)

    def let_all_go(self) -> None:
        """End all notes; the drone stays as it is."""
        self._keys.clear()
        for state in self._voice_states:
            state.held = False

    def change_release(self, pitches: PitchRange | None) -> None:
        """Go on with another release: it lacks the notes that it does not play; one that plays none gets its drone."""
        self.pitches = pitches
        self._keys = [note for note in self._keys if self._plays(note)]
        for state in self._voice_states:
            if not self._plays(state.note):
                state.held = state.new = False
                state.gain = 0.0
        if pitches is None or not pitches.notes:
            self._drone.held = True

    def advance(self, seconds: float) -> None:
        """Let envelopes and glides go on for that long, more than 0."""
        self._begun = True
        for state in (self._drone, *self._voice_states):
            if state.sounding:
                state.advance(seconds, self.attack_seconds, self.release_seconds)

    @property
    def tones(self) -> tuple[Tone, ...]:
        """What sounds now."""
        return tuple(
            Tone(slot, state.pitch + self.bend_semitones, state.level_db, state.gain)
            for slot, state in enumerate((self._drone, *self._voice_states))
            if state.sounding
        )

    def _plays(self, note: int) -> bool:
        return self.pitches is not None and self.pitches.notes and self.pitches.low <= note <= self.pitches.high

    def _check(self, note: int) -> None:
        if self.pitches is None:
            raise MessageError("this release has no pitch, so it plays no notes; load one that has")
        if not self.pitches.notes:
            raise MessageError("this release plays no notes, because it decodes whole segments; set /aitunes/pitch")
        if not self._plays(note):
            low, high = math.ceil(self.pitches.low), math.floor(self.pitches.high)
            raise MessageError(f"this release plays the notes {low} to {high}; {note} lies outside")

    def _let_go(self, note: int) -> None:
        if note in self._keys:
            self._keys.remove(note)
        for state in self._voice_states:
            if state.held and state.note == note:
                if self._voices == 1 and self._keys:
                    self._slur(state, self._keys[-1])
                else:
                    state.held = False

    def _slur(self, state: VoiceState, note: int) -> None:
        state.note = note
        state.move(note, self.portamento_seconds)

    def _state_for(self, note: int) -> VoiceState:
        """The state of the same note, or a free one, or the one that gives way."""
        sounding = [state for state in self._voice_states if state.sounding]
        held = [state for state in sounding if state.held]
        room = len(held) < self._voices
        for state in (*held, *(sounding if room else ())):
            if state.note == note:
                return state
        if not room:
            return min(held, key=lambda state: state.struck)
        if len(sounding) < self._voices:
            return next(state for state in self._voice_states if not state.sounding)
        return min((state for state in sounding if not state.held), key=lambda state: state.loudness)
