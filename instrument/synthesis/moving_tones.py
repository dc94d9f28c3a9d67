"""Decodes tones that move: each has its own code, pitch and level, from the trajectory of a recorded note."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aitunes.audio_processing.fluctuation import baseband_noise, fluctuate, noise_bands
from aitunes.features import FloatArray
from aitunes.motion.choice import NoteMotions
from aitunes.motion.pace import LEFT, MAX_FALL_DB, MIN_FED_DB, SILENT_DB
from aitunes.motion.velocity_timbre import Dynamic, VelocityTimbre
from aitunes.pitch import midi_to_hz
from aitunes.release.motion import NOISE_BANDS, Motion
from aitunes.release.reader import Release
from instrument.synthesis.decoders import Controls, Decoder
from instrument.synthesis.directions import Directions
from instrument.synthesis.keys import Shift
from instrument.synthesis.motion import MotionSettings, NotePlayer
from instrument.synthesis.tones import DRONE_SLOT, Tone

DECODE_HOPS = 2
"""A tone is decoded at every second hop at most, and only once it has moved: level and noise move at every hop."""

NOISE_FRAMES = 512
MOVED_CODE, MOVED_CONTROL = 0.25, (0.06, 1.0)
"""Distance of codes, in the metric of the motion for each root of a dimension; semitones and dB: less is not heard."""


@dataclass
class _Tone:
    """Keeps the state of one moving tone."""

    note_on: int
    player: NotePlayer
    dynamic: Dynamic
    share: FloatArray
    noise_frame: int
    begun_at: FloatArray
    code: FloatArray
    level_db: float = SILENT_DB
    gain: float = 0.0
    age: int = 0
    shift: Shift = ()
    fed: Controls = ()
    scale: float = 1.0
    decoded: tuple[FloatArray, Controls] | None = None
    frame: FloatArray | None = None
    frame_scale: float = 1.0


class MovingTones:
    """Moves the tones of a release with notes.

    Args:
        release: with pitch.
        decode: its decoder.
        motion: its trajectories.
    """

    def __init__(self, release: Release, decode: Decoder, motion: Motion) -> None:
        features = release.card.features
        self._decode = decode
        self._motions = NoteMotions(motion)
        self._velocity_timbre = VelocityTimbre(motion)
        self._metric = motion.metric
        self._moved_code = MOVED_CODE**2 * len(motion.metric)
        self._directions = Directions(release.card.latent)
        self._hop_seconds = features.hop_length / features.sample_rate
        self._bins_per_hz = features.n_fft / features.sample_rate
        self._fluctuates = features.scale == "linear"
        self._band = noise_bands(features, NOISE_BANDS)
        self._noise = baseband_noise(features, NOISE_FRAMES if self._fluctuates else 16, np.random.default_rng(1))
        self._buffers = [np.zeros(features.bands, np.float32) for _ in range(16)]
        self._tones: dict[int, _Tone] = {}
        self._z: FloatArray | None = None

    def hold_still(self) -> None:
        """Forget the trajectories: nothing moves for now."""
        self._tones.clear()

    def gain(self, slot: int) -> float:
        """Return the level of a tone as a factor; 1 for one that does not move."""
        tone = self._tones.get(slot)
        return 1.0 if tone is None else tone.gain

    def frames(self, z: FloatArray, tones: Sequence[Tone], settings: MotionSettings) -> dict[int, FloatArray]:
        """Return the magnitudes [bands] of each tone, by slot, around the code z [latent_dim]."""
        moved = self._z is None or not np.array_equal(z, self._z)
        self._z = z
        codes: list[FloatArray] = []
        controls: list[Controls] = []
        slots: list[int] = []
        for tone in tones:
            state = self._advance(self._directions.shifted(z, tone.shift), tone, settings)
            is_asked = moved or tone.shift != state.shift
            state.shift = tone.shift
            is_due = state.frame is None or (state.age + tone.slot) % DECODE_HOPS == 0
            if is_asked or (is_due and self._moved(state)):
                slots.append(tone.slot)
                codes.append(state.code)
                controls.append(state.fed)
                state.decoded = state.code, state.fed
        if slots:
            S = self._decode(np.stack(codes), controls)
            for n, slot in enumerate(slots):
                state = self._tones[slot]
                state.frame, state.frame_scale = S[n, :, 0], state.scale
        kept = {tone.slot for tone in tones}
        for slot in [slot for slot in self._tones if slot not in kept]:
            del self._tones[slot]
        return {tone.slot: self._sounding(tone, settings) for tone in tones}

    def _advance(self, z: FloatArray, tone: Tone, settings: MotionSettings) -> _Tone:
        state = self._tones.get(tone.slot)
        if state is None or state.note_on != tone.note_on:
            level_db = SILENT_DB if state is None else state.level_db
            state = self._tones[tone.slot] = self._begin(z, tone, settings)
            state.level_db = level_db
        apart = (z - state.begun_at) @ self._metric
        left = float(apart @ apart) / len(apart)
        if left > LEFT**2 and tone.slot == DRONE_SLOT:
            self._begin_elsewhere(state, z, tone, settings, 1.0 / left)
            left = 0.0
        movement = state.player.advance(self._hop_seconds, tone.held, settings)
        state.age += 1
        state.level_db = max(
            settings.amount * (1.0 - tone.led) * movement.level_db, SILENT_DB, state.level_db - MAX_FALL_DB
        )
        state.gain = 10.0 ** (state.level_db / 20.0)
        # How an instrument's timbre moves says nothing about another one: around a code far away it would be noise.
        reach = np.float32(settings.amount / max(1.0, left))
        state.code = z + reach * (movement.offset + state.dynamic.shift)
        # A quiet frame is a darker one, too, so the decoder gets the level; the samples have it from `gain`.
        fed_db = max(state.level_db, MIN_FED_DB)
        pitch = tone.pitch + 0.01 * settings.amount * movement.cents
        fed_db -= min(settings.amount, 1.0) * state.dynamic.level_db
        state.fed, rest = self._decode.controls(Tone(tone.slot, pitch, tone.level_db + fed_db, 1.0))
        state.scale = rest * 10.0 ** (-fed_db / 20.0)
        return state

    def _moved(self, state: _Tone) -> bool:
        """Return whether a tone has moved so far since it was decoded that one may hear it."""
        if state.decoded is None:
            return True
        code, fed = state.decoded
        if any(abs(a - b) > most for a, b, most in zip(state.fed, fed, MOVED_CONTROL, strict=False)):
            return True
        apart = (state.code - code) @ self._metric
        return float(apart @ apart) > self._moved_code

    def _begin(self, z: FloatArray, tone: Tone, settings: MotionSettings) -> _Tone:
        rng = np.random.default_rng((settings.seed, tone.note_on, tone.slot == DRONE_SLOT))
        velocity = 10.0 ** (tone.level_db / 40.0)
        choice = self._motions.choose(z, tone.pitch, velocity, settings.contour)
        player = NotePlayer(self._motions, choice, rng, drone=tone.slot == DRONE_SLOT)
        dynamic = self._velocity_timbre.at(choice.index, velocity)
        return _Tone(tone.note_on, player, dynamic, player.noise, int(rng.integers(len(self._noise))), z, z)

    def _begin_elsewhere(self, state: _Tone, z: FloatArray, tone: Tone, settings: MotionSettings, reach: float) -> None:
        """Let the drone go on with the trajectory that suits the place where the pad is now."""
        there = self._begin(z, tone, settings)
        there.player.follow(state.player, reach)
        state.player, state.dynamic, state.share, state.begun_at = there.player, there.dynamic, there.share, z

    def _sounding(self, tone: Tone, settings: MotionSettings) -> FloatArray:
        """Return a tone's frame with its noise moving, at the level of its velocity."""
        state = self._tones[tone.slot]
        frame, out = state.frame, self._buffers[tone.slot]
        if frame is None:
            return out
        gain = state.frame_scale
        if not self._fluctuates:
            np.multiply(frame, np.float32(gain), out=out)
            return out
        state.noise_frame = (state.noise_frame + 1) % len(self._noise)
        share = state.share
        if settings.amount != 1.0:
            share = np.minimum(share * np.float32(settings.amount), np.float32(1.0))
        spacing = float(midi_to_hz(tone.pitch)) * self._bins_per_hz
        fluctuate(frame, share, self._noise[state.noise_frame], self._band, spacing, float(gain), out)
        # The trajectory's level fluctuates already; that of the noise on top would make attacks slower.
        out *= np.float32(gain * math.sqrt(float(frame @ frame) / max(float(out @ out), 1e-30)))
        return out
