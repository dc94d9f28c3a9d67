"""Plays segment models: decodes in the background while a playhead runs through the newest segment."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aitunes.features import FloatArray
from aitunes.release.motion import Motion
from aitunes.release.reader import Release
from instrument.scheduling import DECODER_PRIORITY, raise_priority
from instrument.synthesis.decoders import Controls, Decoder
from instrument.synthesis.grain_clock import GrainClock
from instrument.synthesis.performance import Performance
from instrument.synthesis.segment_motion import Grain, SegmentMotion
from instrument.synthesis.tones import DRONE_SLOT

CROSS_FADE_SECONDS = 0.06
"""Sets the cross-fade from one decoded segment to the next; never longer than the segment."""

SMALL_FRAMES = 8
"""Sets up to which length segments are decoded within the hop, because they cost little more than a frame."""

_CLOSE_SECONDS = 0.5


class _Request(NamedTuple):
    """Holds what is to be decoded: one code, or that of the present grain and that of the next, [count, latent_dim]."""

    codes: FloatArray
    controls: Controls
    grains: tuple[Grain | None, ...] = (None,)

    def is_like(self, other: _Request | None) -> bool:
        """Return whether it decodes to the same."""
        return other is not None and self.controls == other.controls and np.array_equal(self.codes, other.codes)


@dataclass(slots=True)
class _Layer:
    """Holds a decoded segment [bands, frames], the playhead in it, and what it was decoded from."""

    segment: FloatArray
    column: float = 0.0
    code: FloatArray | None = None
    controls: Controls = ()
    grain: Grain | None = None


class SegmentDecoder:
    """Runs a playhead through the newest decoded segment, which cross-fades into the next.

    Decoding runs beside the synth, so a decode may take many hops; until it ends, frames come from the old segment.
    A code that arrives during a cross-fade waits for its end, and only the newest waits. There is one playhead, so
    there is one tone: the drone, at its pitch where the release takes one. Where the release moves, the playhead stays
    in the middle half of a segment, and goes over to the next one, decoded by then, at the half's end.

    Args:
        release: a release with more than one frame a segment.
        background: decode on a background thread where segments are long; False decodes in place, for offline
            rendering.
        motion: how its tracks move; None for a release without.
    """

    def __init__(self, release: Release, background: bool = True, motion: Motion | None = None) -> None:
        features = release.card.features
        self._decode = Decoder(release)
        self._frames = features.frames
        self._fade_hops = min(features.frames, max(1, round(CROSS_FADE_SECONDS * features.frame_rate)))
        self._edge = features.frames // 4
        # The middle of a frame is heard half a window after its first hop, whose gain this is.
        self._behind = 0.5 * (features.n_fft / features.hop_length - 1.0)
        self._motion = None if motion is None else SegmentMotion(motion, release.card.latent)
        self._clock = GrainClock()
        self._frame_rate = features.frame_rate
        self._layer = _Layer(np.zeros((features.bands, self._frames), np.float32))
        self._next: _Layer | None = None
        self._faded = 0
        self._requested: _Request | None = None
        self._ready: _Decoded | None = None
        self._set_position = 0.0
        self._gain = 1.0
        threaded = background and self._frames > SMALL_FRAMES
        self._worker = _BackgroundDecoder(self._decode) if threaded else _InPlaceDecoder(self._decode)

    def frames(self, z: FloatArray, performance: Performance) -> dict[int, FloatArray]:
        """Return the magnitudes [bands] under the playhead, then move it by the speed that is set."""
        self._put_playhead(performance)
        keeps_time = self._keeps_time(performance)
        if keeps_time:
            self._run_playhead(self._columns(performance) * self._clock.advance(performance.transport), performance)
        else:
            self._clock.rest()
        controls, gain = self._controls(performance)
        if self._next is None and gain != 0.0:
            self._change(z, controls, performance)
        S = _column(self._layer.segment, self._layer.column)
        level_db = self._level_db(self._layer, performance)
        if self._next is not None:
            self._faded += 1
            share = self._faded / self._fade_hops
            S = S + np.float32(share) * (_column(self._next.segment, self._next.column) - S)
            level_db += share * (self._level_db(self._next, performance) - level_db)
            if self._faded >= self._fade_hops:
                self._layer, self._next = self._next, None
        self._gain = 10.0 ** (level_db / 20.0)
        if not keeps_time and not performance.frozen:
            self._run_playhead(performance.speed, performance)
        return {DRONE_SLOT: S * np.float32(gain)}

    def gain(self, slot: int) -> float:
        """Return the level of the material above that of its code, which is 1 where nothing moves."""
        return self._gain

    def prepare(self, z: FloatArray, performance: Performance) -> None:
        """Decode the first segment now, on the caller's thread."""
        controls, _ = self._controls(performance)
        request = self._wanted(z, controls, performance)
        segments = _decoded(self._decode, request)
        self._requested, self._ready = request, (request, segments)
        self._layer = self._decoded_layer(0, self._layer.column)

    def take_failure(self) -> Exception | None:
        """Return the exception of a background decode since the last call, if any; the old segment plays on."""
        return self._worker.take_failure()

    def stop(self) -> None:
        """Interrupt a decode that is under way and make all later ones fail; from any thread."""
        self._decode.stop()

    def close(self) -> None:
        """End the decoding thread."""
        self.stop()
        self._worker.close()

    def _change(self, z: FloatArray, controls: Controls, performance: Performance) -> None:
        """Request what has changed, and begin a cross-fade to what is decoded and due."""
        request = self._wanted(z, controls, performance)
        if not request.is_like(self._requested):
            self._requested = request
            self._worker.request(request)
        self._ready = self._worker.take() or self._ready
        if self._ready is None:
            return
        made, layer = self._ready[0], self._layer
        columns = self._columns(performance)
        if self._motion is not None and len(made.codes) > 1 and self._is_due(columns, performance):
            shift = self._motion.step()
            self._next = self._decoded_layer(1, (self._entry(columns, performance) + shift) % self._frames)
            self._ready = None
        elif made.controls != layer.controls or layer.code is None or not np.array_equal(made.codes[0], layer.code):
            self._next = self._decoded_layer(0, layer.column)
        self._faded = 0

    def _wanted(self, z: FloatArray, controls: Controls, performance: Performance) -> _Request:
        """Return what should be decoded now."""
        motion, settings = self._motion, performance.motion
        if motion is None or not motion.is_moving(settings):
            if motion is not None:
                motion.rest()
            return _Request(z[None], controls)
        grains = motion.follow(z, settings, self._columns(performance))
        return _Request(np.stack([motion.code(grain, z, settings) for grain in grains]), controls, grains)

    def _decoded_layer(self, number: int, column: float) -> _Layer:
        assert self._ready is not None
        made, segments = self._ready
        return _Layer(segments[number], column, made.codes[number], made.controls, made.grains[number])

    def _columns(self, performance: Performance) -> int:
        """Return how far the playhead goes from grain to grain, columns."""
        columns = self._frames - 2 * self._edge
        return columns if performance.speed >= 0.0 else -columns

    def _is_due(self, columns: int, performance: Performance) -> bool:
        """Return whether the playhead has come to the end of the middle of its segment."""
        if performance.frozen or performance.speed == 0.0:
            return False
        if self._keeps_time(performance):
            return self._clock.is_over(performance.transport)
        column = self._layer.column
        return column >= self._frames - self._edge if columns > 0 else column < self._edge

    def _keeps_time(self, performance: Performance) -> bool:
        """Return whether grains begin on a grid of beats now."""
        if self._motion is None or performance.frozen or performance.speed == 0.0:
            return False
        return performance.transport.motion_beats > 0.0 and self._motion.is_moving(performance.motion)

    def _entry(self, columns: int, performance: Performance) -> float:
        """Return where in its segment a grain begins now, columns."""
        if not self._keeps_time(performance):
            return self._layer.column - columns
        seconds = abs(columns / performance.speed) / self._frame_rate
        first = self._edge if columns > 0 else self._frames - self._edge
        return first + columns * self._clock.begin(performance.transport, seconds)

    def _level_db(self, layer: _Layer, performance: Performance) -> float:
        if self._motion is None or layer.grain is None:
            return 0.0
        columns = layer.column - 0.5 * self._frames - self._behind * performance.speed
        return performance.motion.amount * self._motion.level_db(layer.grain, columns)

    def _controls(self, performance: Performance) -> tuple[Controls, float]:
        for tone in performance.tones:
            if tone.slot == DRONE_SLOT:
                return self._decode.controls(tone)
        return (), 0.0

    def _put_playhead(self, performance: Performance) -> None:
        if performance.position != self._set_position:
            self._layer.column = performance.position * self._frames % self._frames
            if self._next is not None:
                self._next.column = self._layer.column
            self._set_position = performance.position

    def _run_playhead(self, columns: float, performance: Performance) -> None:
        for layer in (self._layer, self._next):
            if layer is not None:
                layer.column = (layer.column + columns) % self._frames
                performance.position = self._set_position = layer.column / self._frames


def _column(segment: FloatArray, playhead: float) -> FloatArray:
    """Interpolate the frame [bands] at a fractional position of a segment that repeats."""
    left = int(playhead) % segment.shape[1]
    share = np.float32(playhead - int(playhead))
    right = (left + 1) % segment.shape[1]
    return segment[:, left] + share * (segment[:, right] - segment[:, left])


_Decoded = tuple[_Request, FloatArray]
"""Holds what was asked for, and its segments [count, bands, frames]."""


def _decoded(decode: Decoder, request: _Request) -> FloatArray:
    """Decode the segments of a request, [count, bands, frames]."""
    return decode(request.codes, [request.controls] * len(request.codes))


class _InPlaceDecoder:
    def __init__(self, decode: Decoder) -> None:
        self._decode = decode
        self._request: _Request | None = None

    def request(self, request: _Request) -> None:
        self._request = request

    def take(self) -> _Decoded | None:
        request, self._request = self._request, None
        return None if request is None else (request, _decoded(self._decode, request))

    def take_failure(self) -> None:
        """Return None: `take` raises what the decoder raises."""

    def close(self) -> None:
        self._request = None


class _BackgroundDecoder:
    """Decodes the newest request; older ones that have not started are dropped."""

    def __init__(self, decode: Decoder) -> None:
        self._decode = decode
        self._request: _Request | None = None
        self._decoded: _Decoded | None = None
        self._failure: Exception | None = None
        self._failing = False
        self._requested = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="segment-decoder", daemon=True)
        self._thread.start()

    def request(self, request: _Request) -> None:
        self._request = request
        self._requested.set()

    def take(self) -> _Decoded | None:
        decoded, self._decoded = self._decoded, None
        return decoded

    def take_failure(self) -> Exception | None:
        failure, self._failure = self._failure, None
        return failure

    def close(self) -> None:
        self._closing = True
        self._requested.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        raise_priority(DECODER_PRIORITY)
        while True:
            self._requested.wait()
            self._requested.clear()
            if self._closing:
                return
            request = self._request
            if request is not None:
                self._run_decoder(request)

    def _run_decoder(self, request: _Request) -> None:
        try:
            self._decoded = request, _decoded(self._decode, request)
            self._failing = False
        except Exception as error:  # noqa: BLE001  onnxruntime's errors share no base class, and the thread lives on
            if not self._failing:
                self._failure, self._failing = error, True
