"""Plays segment models: decodes in the background while a playhead runs through the newest segment."""

from __future__ import annotations

import threading

import numpy as np

from aitunes.features import FloatArray
from aitunes.release.reader import Release
from instrument.scheduling import DECODER_PRIORITY, raise_priority
from instrument.synthesis.decoders import Controls, Decoder
from instrument.synthesis.performance import Performance
from instrument.synthesis.voice_allocator import DRONE_SLOT

CROSS_FADE_SECONDS = 0.06
"""Sets the cross-fade from one decoded segment to the next; never longer than the segment."""

SMALL_FRAMES = 8
"""Sets up to which length segments are decoded within the hop, because they cost little more than a frame."""

_CLOSE_SECONDS = 0.5

_Request = tuple[FloatArray, Controls]


class SegmentDecoder:
    """Runs a playhead through the newest decoded segment, which cross-fades into the next.

    Decoding runs beside the synth, so a decode may take many hops; until it ends, frames come from the old segment.
    A code that arrives during a cross-fade waits for its end, and only the newest waits. There is one playhead, so
    there is one tone: the drone, at its pitch where the release takes one.

    Args:
        release: a release with more than one frame a segment.
        background: decode on a background thread where segments are long; False decodes in place, for offline
            rendering.
    """

    def __init__(self, release: Release, background: bool = True) -> None:
        features = release.card.features
        self._decode = Decoder(release)
        self._frames = features.frames
        self._fade_hops = min(features.frames, max(1, round(CROSS_FADE_SECONDS * features.frame_rate)))
        self._segment = np.zeros((features.bands, self._frames), np.float32)
        self._next: FloatArray | None = None
        self._faded = 0
        self._requested: _Request | None = None
        self._playhead = 0.0
        self._set_position = 0.0
        threaded = background and self._frames > SMALL_FRAMES
        self._worker = _BackgroundDecoder(self._decode) if threaded else _InPlaceDecoder(self._decode)

    def frames(self, z: FloatArray, performance: Performance) -> dict[int, FloatArray]:
        """Return the magnitudes [bands] under the playhead, then move it by the speed that is set."""
        gain = self._request(z, performance)
        self._move_playhead(performance)
        S = _column(self._segment, self._playhead)
        if self._next is not None:
            self._faded += 1
            share = np.float32(self._faded / self._fade_hops)
            S = S + share * (_column(self._next, self._playhead) - S)
            if self._faded >= self._fade_hops:
                self._segment, self._next = self._next, None
        if not performance.frozen:
            self._playhead = (self._playhead + performance.speed) % self._frames
            performance.position = self._set_position = self._playhead / self._frames
        return {DRONE_SLOT: S * np.float32(gain)}

    def gain(self, slot: int) -> float:
        """Return 1: a segment has its level."""
        return 1.0

    def prepare(self, z: FloatArray, performance: Performance) -> None:
        """Decode the first segment now, on the caller's thread."""
        controls, _ = self._controls(performance)
        self._segment = _decoded(self._decode, (z, controls))
        self._requested = (z, controls)

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

    def _request(self, z: FloatArray, performance: Performance) -> float:
        """Request a decode if something has changed and no cross-fade runs; return the drone's gain."""
        controls, gain = self._controls(performance)
        if self._next is not None or gain == 0.0:
            return gain
        if self._requested is None or self._requested[1] != controls or not np.array_equal(z, self._requested[0]):
            self._requested = (z, controls)
            self._worker.request(self._requested)
        decoded = self._worker.take()
        if decoded is not None:
            self._next, self._faded = decoded, 0
        return gain

    def _controls(self, performance: Performance) -> tuple[Controls, float]:
        for tone in performance.tones:
            if tone.slot == DRONE_SLOT:
                return self._decode.controls(tone)
        return (), 0.0

    def _move_playhead(self, performance: Performance) -> None:
        if performance.position != self._set_position:
            self._playhead = performance.position * self._frames % self._frames
            self._set_position = performance.position


def _column(segment: FloatArray, playhead: float) -> FloatArray:
    """Interpolate the frame [bands] at a fractional position of a segment that repeats."""
    left = int(playhead) % segment.shape[1]
    share = np.float32(playhead - int(playhead))
    right = (left + 1) % segment.shape[1]
    return segment[:, left] + share * (segment[:, right] - segment[:, left])


def _decoded(decode: Decoder, request: _Request) -> FloatArray:
    """Decode one segment, [bands, frames]."""
    z, controls = request
    segment: FloatArray = decode(z, [controls])[0]
    return segment


class _InPlaceDecoder:
    def __init__(self, decode: Decoder) -> None:
        self._decode = decode
        self._request: _Request | None = None

    def request(self, request: _Request) -> None:
        self._request = request

    def take(self) -> FloatArray | None:
        request, self._request = self._request, None
        return None if request is None else _decoded(self._decode, request)

    def take_failure(self) -> None:
        """Return None: `take` raises what the decoder raises."""

    def close(self) -> None:
        self._request = None


class _BackgroundDecoder:
    """Decodes the newest request; older ones that have not started are dropped."""

    def __init__(self, decode: Decoder) -> None:
        self._decode = decode
        self._request: _Request | None = None
        self._decoded: FloatArray | None = None
        self._failure: Exception | None = None
        self._failing = False
        self._requested = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="segment-decoder", daemon=True)
        self._thread.start()

    def request(self, request: _Request) -> None:
        self._request = request
        self._requested.set()

    def take(self) -> FloatArray | None:
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
            self._decoded = _decoded(self._decode, request)
            self._failing = False
        except Exception as error:  # noqa: BLE001  onnxruntime's errors share no base class, and the thread lives on
            if not self._failing:
                self._failure, self._failing = error, True
