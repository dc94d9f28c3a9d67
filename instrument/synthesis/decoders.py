"""Latent codes to mel magnitude frames: every hop for frame models, in the background for heavy patch models."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from aitunes.features import AudioFeatures, FloatArray
from aitunes.release.reader import Release
from instrument.scheduling import DECODER_PRIORITY, raise_priority
from instrument.synthesis.performance import Performance

CROSS_FADE_SECONDS = 0.06
"""How long one decoded patch takes to give way to the next; never longer than the patch."""

_SMALL_FRAMES = 8
"""Patches up to this long cost little more than a frame, so they are decoded within the hop."""


class FrameSource(Protocol):
    """Gives the voice its next spectrogram frame."""

    def frame(self, z: FloatArray, performance: Performance) -> FloatArray | None:
        """Mel magnitudes [n_mels] for the code z [latent_dim]; None when they are those of the last call."""

    def prepare(self, z: FloatArray) -> None:
        """Decode z now, on the caller's thread, and raise what that raises."""

    def take_failure(self) -> Exception | None:
        """What a decode in the background raised since the last call."""

    def close(self) -> None:
        """End what runs in the background."""


@dataclass
class Decoder:
    """Runs a release's decoder on one code; further inputs say nothing."""

    release: Release

    def __post_init__(self) -> None:
        card = self.release.card
        self._features: AudioFeatures = card.features
        code, *others = card.inputs
        self._input = code.name
        self._zeros = {spec.name: spec.neutral() for spec in others}
        self._outputs = [card.output.name]

    def __call__(self, z: FloatArray) -> FloatArray:
        """z [latent_dim] → mel magnitudes [n_mels, frames]; anything that is not finite becomes silence."""
        (S,) = self.release.decoder.run(self._outputs, {self._input: z[None], **self._zeros})
        mel = self._features.denormalise(S[0])
        return np.nan_to_num(mel, copy=False, nan=0.0, posinf=0.0)


class FrameDecoder:
    """A frame model: one decode a hop, and none while the point rests."""

    def __init__(self, release: Release) -> None:
        self._decode = Decoder(release)
        self._last: FloatArray | None = None

    def frame(self, z: FloatArray, performance: Performance) -> FloatArray | None:
        """Mel magnitudes [n_mels] for z; None when z rests."""
        if self._last is not None and np.array_equal(z, self._last):
            return None
        self._last = z
        return self._decode(z)[:, 0]

    def prepare(self, z: FloatArray) -> None:
        """Decode z now; the next `frame` decodes it again."""
        self._decode(z)

    def take_failure(self) -> None:
        """Nothing runs in the background."""

    def close(self) -> None:
        """Nothing runs in the background."""


class PatchDecoder:
    """A patch model: a playhead runs through the newest decoded patch, which cross-fades into the next.

    Decoding happens beside the synth, so a decode may take many hops; frames keep coming from the patch at hand.
    A code that arrives during a cross-fade waits for its end, and only the newest waits.

    Args:
        release: a release with more than one frame a patch.
        background: decode on a thread of its own; False decodes in place, for offline rendering.
    """

    def __init__(self, release: Release, background: bool = True) -> None:
        features = release.card.features
        self._decode = Decoder(release)
        self._frames = features.frames
        self._fade_hops = min(features.frames, max(1, round(CROSS_FADE_SECONDS * features.frame_rate)))
        self._patch = np.zeros((features.bands, self._frames), np.float32)
        self._next: FloatArray | None = None
        self._faded = 0
        self._requested: FloatArray | None = None
        self._playhead = 0.0
        self._set_position = 0.0
        self._worker = _BackgroundDecoder(self._decode) if background else _InPlaceDecoder(self._decode)

    def frame(self, z: FloatArray, performance: Performance) -> FloatArray:
        """Mel magnitudes [n_mels] under the playhead, which then moves on by the speed that is set."""
        self._ask(z)
        self._move_playhead(performance)
        mel = _column(self._patch, self._playhead)
        if self._next is not None:
            self._faded += 1
            share = np.float32(self._faded / self._fade_hops)
            mel = mel + share * (_column(self._next, self._playhead) - mel)
            if self._faded >= self._fade_hops:
                self._patch, self._next = self._next, None
        if not performance.frozen:
            self._playhead = (self._playhead + performance.speed) % self._frames
            performance.position = self._set_position = self._playhead / self._frames
        return mel

    def prepare(self, z: FloatArray) -> None:
        """Decode z now, to begin with."""
        self._patch = self._decode(z)
        self._requested = z

    def take_failure(self) -> Exception | None:
        """What a decode in the background raised since the last call; the patch at hand plays on."""
        return self._worker.take_failure()

    def close(self) -> None:
        """End the decoding thread."""
        self._worker.close()

    def _ask(self, z: FloatArray) -> None:
        if self._next is not None:
            return
        if self._requested is None or not np.array_equal(z, self._requested):
            self._worker.request(z)
            self._requested = z
        decoded = self._worker.take()
        if decoded is not None:
            self._next, self._faded = decoded, 0

    def _move_playhead(self, performance: Performance) -> None:
        if performance.position != self._set_position:
            self._playhead = performance.position * self._frames % self._frames
            self._set_position = performance.position


def _column(patch: FloatArray, playhead: float) -> FloatArray:
    """The frame at a fractional position of a patch that repeats, [n_mels]."""
    left = int(playhead) % patch.shape[1]
    share = np.float32(playhead - int(playhead))
    right = (left + 1) % patch.shape[1]
    return patch[:, left] + share * (patch[:, right] - patch[:, left])


class _InPlaceDecoder:
    def __init__(self, decode: Decoder) -> None:
        self._decode = decode
        self._code: FloatArray | None = None

    def request(self, z: FloatArray) -> None:
        self._code = z

    def take(self) -> FloatArray | None:
        code, self._code = self._code, None
        return None if code is None else self._decode(code)

    def take_failure(self) -> None:
        """A failure goes to the caller of `take`."""

    def close(self) -> None:
        self._code = None


class _BackgroundDecoder:
    """Decodes the newest request; older ones that never started are forgotten."""

    def __init__(self, decode: Decoder) -> None:
        self._decode = decode
        self._code: FloatArray | None = None
        self._decoded: FloatArray | None = None
        self._failure: Exception | None = None
        self._failing = False
        self._wanted = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="patch-decoder", daemon=True)
        self._thread.start()

    def request(self, z: FloatArray) -> None:
        self._code = z
        self._wanted.set()

    def take(self) -> FloatArray | None:
        decoded, self._decoded = self._decoded, None
        return decoded

    def take_failure(self) -> Exception | None:
        failure, self._failure = self._failure, None
        return failure

    def close(self) -> None:
        self._closing = True
        self._wanted.set()

    def _run(self) -> None:
        raise_priority(DECODER_PRIORITY)
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._closing:
                return
            code = self._code
            if code is not None:
                self._decode_or_tell(code)

    def _decode_or_tell(self, code: FloatArray) -> None:
        try:
            self._decoded = self._decode(code)
            self._failing = False
        except Exception as error:  # noqa: BLE001  onnxruntime's errors share no base class, and the thread lives on
            if not self._failing:
                self._failure, self._failing = error, True


def source_for(release: Release, background: bool) -> FrameSource:
    """The frame source that suits a release."""
    if release.card.is_frame_model:
        return FrameDecoder(release)
    return PatchDecoder(release, background and release.card.features.frames > _SMALL_FRAMES)
