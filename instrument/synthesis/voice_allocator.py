"""Allocates voices: turns notes into tones with pitch, level and envelope; the renderer turns tones into sound."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from instrument.namespace import CONCERT_PITCH, MAX_VOICES, ROOT, MessageError, initial_numbers
from instrument.synthesis.keys import ExpressionSettings, Key
from instrument.synthesis.tones import PitchRange, Tone

MAX_KEYS = 256
"""Limits the keys that may be down at once; the oldest one is let go for another."""
MAX_STRIKES = MAX_VOICES
"""Limits the notes that begin at one hop: a chord is never torn apart."""
STRIKES_A_HOP = 1
"""Limits how many may begin at each hop for long, because a beginning costs as much as several hops of a note."""
_RELEASE_DB = -60.0  # the level that a note reaches after the release time; below it the note ends
_SILENT = 10.0 ** (_RELEASE_DB / 20.0)
_MIN_SECONDS = 1e-6


def velocity_db(velocity: int) -> float:
    """Convert a note-on velocity 1..127 to a level in dB: amplitude grows with the square of the velocity.

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
    """Tracks one note at a time: its pitch with portamento, and its envelope."""

    key: Key = field(default_factory=lambda: Key(-1))
    note_on: int = 0  # its number among all note-ons
    held: bool = False
    new: bool = False  # began since the last hop
    level_db: float = 0.0
    gain: float = 0.0
    pitch: float = CONCERT_PITCH
    target: float = CONCERT_PITCH
    remaining_seconds: float = 0.0

    @property
    def note(self) -> int:
        return self.key.note

    @property
    def sounding(self) -> bool:
        return self.held or self.new or self.gain > 0.0

    @property
    def loudness(self) -> float:
        return self.gain * 10.0 ** (self.level_db / 20.0)

    def begin(self, key: Key, level_db: float, note_on: int) -> None:
        if key.note != self.note:
            self.gain = 0.0  # the same note, repeated, rises from its present level
        self.key, self.level_db, self.note_on = key, level_db, note_on
        self.held = self.new = True
        self.move(key.note, 0.0)

    def end(self) -> None:
        self.held = self.new = False
        self.gain = 0.0

    def tone(self, slot: int, bend: float, settings: ExpressionSettings) -> Tone:
        key, pitch = self.key, self.pitch + bend + self.key.bend
        level_db = key.level_db(self.level_db, settings)
        return Tone(slot, pitch, level_db, self.gain, self.held, self.note_on, key.shift(settings))

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
    """Plays held keys, and a drone that needs none, on a few voices with attack and release.

    With one voice the newest held key sounds (last-note priority) and keys that overlap are played legato: the
    pitch glides for `portamento_seconds`, the envelope goes on. With more voices, a note for which there is none
    takes the quietest of those that are being released, or else the oldest.

    Where notes come faster than they can begin, some hundred a second, they wait for a hop or a few; of those that wait
    as many are kept as there are voices, the newest.

    The drone sounds from the start until the first note-on, or under the notes after it has been switched on.

    Args:
        pitches: the notes that the release plays; None for a release without pitch, which has the drone alone.
    """

    def __init__(self, pitches: PitchRange | None = None) -> None:
        self.attack_seconds, self.release_seconds = initial_numbers(f"{ROOT}/envelope")
        (self.portamento_seconds,) = initial_numbers(f"{ROOT}/portamento")
        (self.bend_semitones,) = initial_numbers(f"{ROOT}/bend")
        self.pitches = pitches
        (self._voices,) = map(round, initial_numbers(f"{ROOT}/voices"))
        self.expression = ExpressionSettings.initial()
        self._keys: dict[tuple[int, int], Key] = {}  # held, by note and number, the newest last
        self._note_ons = 0
        self._strikes_left = MAX_STRIKES
        self._waiting: deque[VoiceState] = deque()  # notes that are to begin at a later hop, the newest last
        self._drone = VoiceState(held=True, gain=1.0)
        self._drone_pinned = False
        self._begun = False
        self._voice_states = [VoiceState() for _ in range(MAX_VOICES)]

    @property
    def voices(self) -> int:
        """Return how many notes sound at once, 1 to `MAX_VOICES`."""
        return self._voices

    @voices.setter
    def voices(self, voices: int) -> None:
        self._voices = voices
        self._drop_beyond(voices)
        held = sorted((state for state in self._voice_states if state.held), key=lambda state: state.note_on)
        for state in held[:-voices]:
            state.held = False

    @property
    def drone(self) -> bool:
        """Return whether the drone sounds."""
        return self._drone.held

    @drone.setter
    def drone(self, sounding: bool) -> None:
        self._drone.held = self._drone_pinned = sounding
        if not (sounding or self._begun):
            self._drone.gain = 0.0  # nobody has heard it, so nothing fades out

    @property
    def pitch(self) -> float:
        """Return the drone's pitch, or the one that it glides to, MIDI note with fraction."""
        return self._drone.target

    @pitch.setter
    def pitch(self, pitch: float) -> None:
        self._drone.move(pitch, self.portamento_seconds if self._drone.sounding else 0.0)

    def sound_at(self, pitch: float) -> None:
        """Start the drone at that pitch.

        Raises:
            MessageError: the release has no pitch.
        """
        if self.pitches is None:
            raise MessageError("this release has no pitch; load one that has, or play it by its latent position")
        self.pitch = pitch
        self._drone.held = True

    def play(self, note: int, velocity: int, number: int = 0) -> None:
        """Press a key, or release it with velocity 0.

        Args:
            note: MIDI note.
            velocity: 0..127.
            number: identity of the note, by which two notes of one key differ; 0 for none.

        Raises:
            MessageError: the release does not play that note; nothing has changed.
        """
        if velocity == 0:
            self._release(note, number)
            return
        self._check(note)
        if not self._drone_pinned:
            self._drone.held = False
        key = self._press(note, number)
        self._note_ons += 1
        held = [state for state in self._states if state.held]
        if self._voices == 1 and held:
            self._slur(held[-1], key)
            held[-1].level_db = velocity_db(velocity)
        else:
            self._begin(key, velocity_db(velocity))

    def express(self, number: int, **values: float) -> None:
        """Set bend, pressure or timbre of the note with that identity; nothing happens where it has ended."""
        sounding = [state.key for state in self._states if state.sounding]
        for key in (*self._keys.values(), *sounding):
            if key.number == number and number:
                for name, value in values.items():
                    setattr(key, name, value)

    def release_all(self) -> None:
        """End all notes; the drone stays as it is."""
        self._keys.clear()
        self._waiting.clear()
        for state in self._voice_states:
            state.held = False

    def silence(self) -> None:
        """End all notes at once, without their release."""
        self._keys.clear()
        self._waiting.clear()
        for state in self._voice_states:
            state.end()

    def change_release(self, pitches: PitchRange | None) -> None:
        """Change to another release: notes that it does not play end; a release that plays none gets its drone."""
        self.pitches = pitches
        self._keys = {name: key for name, key in self._keys.items() if self._plays(key.note)}
        self._waiting = deque(state for state in self._waiting if self._plays(state.note))
        for state in self._voice_states:
            if not self._plays(state.note):
                state.end()
        if pitches is None or not pitches.notes:
            self._drone.held = True

    def advance(self, seconds: float) -> None:
        """Advance envelopes and portamento by that long, more than 0."""
        self._begun = True
        self._strikes_left = min(self._strikes_left + STRIKES_A_HOP, MAX_STRIKES)
        while self._waiting and self._strikes_left:
            self._strike(self._waiting.popleft())
        for state in (self._drone, *self._voice_states):
            if state.sounding:
                state.advance(seconds, self.attack_seconds, self.release_seconds)

    @property
    def held_notes(self) -> list[int]:
        """Return the notes that a voice plays for a held key, by voice."""
        return [state.note for state in self._voice_states if state.held]

    @property
    def tones(self) -> tuple[Tone, ...]:
        """Return the tones that sound now."""
        return tuple(
            state.tone(slot, self.bend_semitones, self.expression)
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

    @property
    def _states(self) -> tuple[VoiceState, ...]:
        """Return the voices, then the notes that wait for one."""
        return (*self._voice_states, *self._waiting)

    def _begin(self, key: Key, level_db: float) -> None:
        """Let a note begin: now, or at a later hop where too many have begun."""
        note = VoiceState()
        note.begin(key, level_db, self._note_ons)
        # What takes the place of a note that nobody has heard yet costs nothing.
        if self._strikes_left or self._state_for(key).new:
            self._strike(note)
        else:
            self._waiting.append(note)
            self._drop_beyond(self._voices)

    def _drop_beyond(self, count: int) -> None:
        """Keep so many of the notes that wait."""
        while len(self._waiting) > count:
            self._waiting.popleft()

    def _strike(self, note: VoiceState) -> None:
        """Give a note its voice."""
        state = self._state_for(note.key)
        self._strikes_left -= not state.new
        state.begin(note.key, note.level_db, note.note_on)
        state.held = note.held

    def _press(self, note: int, number: int) -> Key:
        """Return the key that is down now; at most `MAX_KEYS` are."""
        self._keys.pop((note, number), None)
        if len(self._keys) == MAX_KEYS:
            self._release(*next(iter(self._keys)))
        key = self._keys[note, number] = Key(note, number)
        return key

    def _release(self, note: int, number: int) -> None:
        self._keys.pop((note, number), None)
        for state in self._states:
            if state.held and state.key.is_same(note, number):
                if self._voices == 1 and self._keys:
                    self._slur(state, next(reversed(self._keys.values())))
                else:
                    state.held = False

    def _slur(self, state: VoiceState, key: Key) -> None:
        state.key = key
        state.move(key.note, self.portamento_seconds)

    def _state_for(self, key: Key) -> VoiceState:
        """Return the state of the same note, or a free one, or the one to steal."""
        sounding = [state for state in self._voice_states if state.sounding]
        held = [state for state in sounding if state.held]
        room = len(held) < self._voices
        for state in held:
            if state.key.is_same(key.note, key.number):
                return state
        if not room:
            return min(held, key=lambda state: state.note_on)
        released = [state for state in sounding if not state.held]
        for state in released:
            if state.note == key.note:
                return state
        if len(sounding) < self._voices:
            return next(state for state in self._voice_states if not state.sounding)
        return min(released, key=lambda state: state.loudness)
