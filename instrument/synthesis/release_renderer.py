"""Renders a release: latent code → a frame per tone → samples → the output's sample rate."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence

import numpy as np
import soxr

from aitunes.audio_processing.fluctuation import compile_fluctuation
from aitunes.errors import ReleaseError
from aitunes.features import AudioFeatures, FloatArray
from aitunes.release.motion import Motion, read_motion
from aitunes.release.reader import Release
from aitunes.release.side import SideLevels, read_side
from instrument.synthesis.decoders import FrameSource
from instrument.synthesis.directions import Directions
from instrument.synthesis.dynamics import OutputStage
from instrument.synthesis.effort import shared
from instrument.synthesis.performance import Performance
from instrument.synthesis.polyphony import Polyphony
from instrument.synthesis.recorded_side import RecordedSide
from instrument.synthesis.segments import SegmentDecoder
from instrument.synthesis.stereo import Widener
from instrument.synthesis.texture_motion import Dream, TextureMotion
from instrument.synthesis.tones import SLOTS, Tone, plays_notes
from instrument.synthesis.voice_bank import VoiceBank

_RESAMPLER_QUALITY = "LQ"
_PROBE_SAMPLES, _PROBE_CHUNKS = 128, 200


class ReleaseRenderer:
    """Renders a release hop by hop at the output's sample rate.

    Args:
        release: a verified release.
        output_rate: Hz.
        iterations: of the phase reconstruction in a hop, shared by the tones that sound.
        lookahead: frames that a hop waits for.
        background: decode segment models on a background thread.
    """

    def __init__(
        self, release: Release, output_rate: float, iterations: int, lookahead: int = 0, background: bool = True
    ) -> None:
        card = release.card
        features = card.features
        self.release = release
        self.hop_seconds = features.hop_length / features.sample_rate
        self.iterations = iterations
        self.lookahead = lookahead
        motion = read_motion(release.folder, card)
        self.source = source_for(release, background, motion)
        pitched = plays_notes(card)
        frames = motion is not None and card.is_frame_model
        self._texture = TextureMotion(motion, card.latent) if motion is not None and frames and not pitched else None
        self._dream = Dream(motion) if motion is not None and frames and pitched else None
        self.voices = VoiceBank(features, lookahead, SLOTS if pitched else 1)
        side = read_side(release.folder, card)
        self._side = None if side is None else RecordedSide(side, features, lookahead)
        self.resampler = Resampler(features.sample_rate, output_rate)
        self._silence = np.zeros((features.hop_length, 2), np.float32)
        self._pending = np.zeros((0, 2), np.float32)
        self.decode_seconds = 0.0
        self._notes: dict[int, int] = {}
        self.code = Directions(card.latent).code
        self.centre_seconds = (features.n_fft / 2 + lookahead * features.hop_length) / features.sample_rate
        self.latency_seconds = self.centre_seconds + self.resampler.delay_seconds

    @property
    def scatter(self) -> float:
        """Return how much of the widener's own scattered copy the side needs: none where the release has a side."""
        return 1.0 if self._side is None else 0.0

    @property
    def resting(self) -> bool:
        """Return whether all tones have faded out, so that a hop costs next to nothing."""
        return not self.voices.sounding

    def render(self, coordinates: FloatArray, performance: Performance) -> FloatArray:
        """Render the next hop of mid and side at the output's rate, [samples, 2].

        The number of samples varies by one when the rates differ.
        """
        if len(self._pending):
            pending, self._pending = self._pending, self._pending[:0]
            return pending
        z, texture_gain = self._moved(self.code(coordinates), performance)
        began = time.perf_counter()
        frames = self.source.frames(z, performance)
        self.decode_seconds = time.perf_counter() - began
        self._strike(performance.tones)
        for slot, frame in frames.items():
            self.voices.set_frame(slot, frame)
        y, sounding = self._silence, self.voices.sounding
        if sounding:
            gains = [texture_gain * self.source.gain(slot) for slot in sounding]
            y = self.voices.render(shared(self.iterations, len(sounding)), gains)
        if self._side is not None:
            y = self._side.add(y, z, bool(sounding))
        return self.resampler.process(y)

    def _strike(self, tones: Sequence[Tone]) -> None:
        """Strike the voices whose note is another one than in the last hop."""
        for tone in tones:
            if self._notes.get(tone.slot) != tone.note_on:
                self.voices.strike(tone.slot)
        self._notes = {tone.slot: tone.note_on for tone in tones}

    def _moved(self, z: FloatArray, performance: Performance) -> tuple[FloatArray, float]:
        """Return the code that is played where the pad has z, and the gain of the drone."""
        settings = performance.motion
        if self._texture is not None:
            z, level_db = self._texture.advance(z, self.hop_seconds, settings, performance.transport)
            return z, 10.0 ** (level_db / 20.0)
        if self._dream is not None:
            z = self._dream.advance(z, self.hop_seconds, settings)
        return z, 1.0

    def read(self, length: int, coordinates: FloatArray, performance: Performance) -> FloatArray:
        """Render exactly that many samples; the rest of the last hop is kept for the next call."""
        blocks, count = [self._pending[:0]], 0
        while count < length:
            blocks.append(self.render(coordinates, performance))
            count += len(blocks[-1])
        y = np.concatenate(blocks)
        self._pending = y[length:]
        return y[:length]

    def prepare(self, coordinates: FloatArray, performance: Performance) -> None:
        """Decode and render a silent hop, so that first-use costs and errors come before the sound.

        Raises:
            ReleaseError: it cannot be played.
        """
        try:
            self.source.prepare(self.code(coordinates), performance)
            self.render(coordinates, copy.copy(performance))
        except Exception as error:  # onnxruntime's errors share no other base class
            raise ReleaseError(f"The release {self.release.card.name} cannot be played: {error}") from error
        self.reset()

    def reset(self) -> None:
        """Clear the sound so far, to start again after silence."""
        self.voices.reset()
        if self._side is not None:
            self._side.reset()
        self._pending = self._pending[:0]

    def stop(self) -> None:
        """Interrupt a decode that is under way and make all later ones fail; from any thread."""
        self.source.stop()

    def close(self) -> None:
        """End background threads."""
        self.source.close()


def source_for(release: Release, background: bool, motion: Motion | None = None) -> FrameSource:
    """Create the frame source that suits a release."""
    return Polyphony(release, motion) if release.card.is_frame_model else SegmentDecoder(release, background, motion)


def load_compiled_code() -> None:
    """Compile the code of a hop, or load it from numba's cache; the sizes do not matter."""
    features = AudioFeatures()
    voices = VoiceBank(features, 0, 1)
    voices.set_frame(0, np.ones(features.bands, np.float32))
    y = voices.render(0, [1.0])
    voices.reset()
    RecordedSide(SideLevels.constant(np.array([1_000.0]), np.zeros(2), 1), features, 0).add(
        y, np.zeros(1, np.float32), True
    )
    Widener(features.sample_rate).process(y, 0.0, 0.0)
    OutputStage(features.sample_rate).process(y, 0.0, playing=True)
    compile_fluctuation()


class Resampler:
    """Converts a stream from one rate to another, or passes it through when they are equal.

    soxr's LQ holds back 0.5 ms from 44.1 to 48 kHz and gives a steady number of samples a hop, but at many other
    ratios it delivers in bursts of 10 to 20 ms. There its variable-rate mode is used, which holds back a
    steady 5 to 11 ms. docs/decisions/0002-resampler.md has the figures.
    """

    def __init__(self, source_rate: float, output_rate: float, channels: int = 2) -> None:
        self.delay_seconds = 0.0
        self._stream: soxr.ResampleStream | None = None
        if source_rate != output_rate:
            variable = not _is_steady(_probe(source_rate, output_rate, variable=False))
            lengths = _probe(source_rate, output_rate, variable)
            # soxr compensates its filter's delay by holding samples back: the missing ones are the delay.
            self.delay_seconds = len(lengths) * _PROBE_SAMPLES / source_rate - sum(lengths) / output_rate
            self._stream = _stream(source_rate, output_rate, variable, channels)

    def process(self, y: FloatArray) -> FloatArray:
        """Convert [samples, channels] at the source's rate to [about samples · output_rate / source_rate, channels]."""
        return y.copy() if self._stream is None else self._stream.resample_chunk(y)


def _stream(source_rate: float, output_rate: float, variable: bool, channels: int = 2) -> soxr.ResampleStream:
    quality = _RESAMPLER_QUALITY
    return soxr.ResampleStream(source_rate, output_rate, channels, dtype="float32", quality=quality, vr=variable)


def _probe(source_rate: float, output_rate: float, variable: bool) -> list[int]:
    """Measure how many samples come back for each chunk that goes in."""
    stream = _stream(source_rate, output_rate, variable)
    silence = np.zeros((_PROBE_SAMPLES, 2), np.float32)
    return [len(stream.resample_chunk(silence)) for _ in range(_PROBE_CHUNKS)]


def _is_steady(lengths: list[int]) -> bool:
    settled = lengths[len(lengths) // 2 :]
    return max(settled) - min(settled) <= 1
