"""Turns magnitude spectra into sound, frame by frame and causally."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aitunes.audio_processing._fourier_kernel import fourier
from aitunes.audio_processing._griffin_lim_kernel import (
    DICE,
    FEW_ITERATIONS,
    REPAIRED,
    State,
    advance,
    forget,
    prime,
    settled_frames,
)
from aitunes.audio_processing._phase_propagation import propagation
from aitunes.audio_processing.defaults import DEFAULT_ITERATIONS
from aitunes.errors import AiTunesError
from aitunes.features import FloatArray, hann_window

__all__ = [
    "FEW_ITERATIONS",
    "GriffinLimBank",
    "PhaseError",
    "StreamingGriffinLim",
    "fade_in",
    "settled_frames",
    "synthesis_windows",
]


class PhaseError(AiTunesError, ValueError):
    """Says why the phase reconstruction cannot take a spectrogram or a setting."""


class StreamingGriffinLim:
    """Runs Griffin and Lim's alternating projection as a causal stream.

    Each new magnitude frame starts from phases propagated along the gradients of the log-magnitude. Then the
    frames that still touch samples not yet emitted are refined together, and one hop of samples is emitted,
    never to change again. Values that are no magnitudes (not a number, infinite, negative) count as silence
    and are counted in `repaired`, because a live stream must survive them.

    Args:
        n_fft: length of the Hann window and of the transform, samples; even.
        hop_length: samples from frame to frame; `n_fft` is 2, 4, 8 or 16 of them.
        iterations: refinements a hop, 0 or more; may be set at any time while the stream runs. 0 leaves the
            propagated phases, the cheapest sound.
        lookahead: frames that a hop waits for before it is emitted, 0 or more.
        seed: of the random phases of noise that is held; streams that sound together want different ones.

    Raises:
        PhaseError: a value is out of range.

    Reference:
        Griffin and Lim, "Signal estimation from modified short-time Fourier transform", IEEE TASSP 32, 1984;
        Beauregard, Zhu and Wyse, "An efficient algorithm for real-time spectrogram inversion", DAFx 2005;
        Perraudin, Balazs and Søndergaard, "A fast Griffin-Lim algorithm", WASPAA 2013;
        Průša and Søndergaard, "Real-time spectrogram inversion using phase gradient heap integration",
        DAFx 2016.
    """

    def __init__(
        self, n_fft: int, hop_length: int, iterations: int = DEFAULT_ITERATIONS, lookahead: int = 0, seed: int = 1
    ) -> None:
        self._bank = GriffinLimBank(n_fft, hop_length, lookahead, (seed,))
        self.n_fft, self.hop_length, self.lookahead = n_fft, hop_length, lookahead
        self.iterations = iterations
        self._only = np.zeros(1, np.int64)

    @property
    def bins(self) -> int:
        """Frequency bins of a frame."""
        return self.n_fft // 2 + 1

    @property
    def delay(self) -> int:
        """Samples from a frame's first sample to its output."""
        return self.lookahead * self.hop_length

    @property
    def iterations(self) -> int:
        """Refinements a hop."""
        return self._iterations

    @iterations.setter
    def iterations(self, iterations: int) -> None:
        if iterations < 0:
            raise PhaseError(f"iterations must be 0 or more, not {iterations}.")
        self._iterations = int(iterations)

    @property
    def repaired(self) -> int:
        """Values since the last reset that were no magnitudes and were taken as silence."""
        return self._bank.repaired

    def process(self, S: NDArray[np.floating], out: FloatArray | None = None) -> FloatArray:
        """Turn the next frames into the next samples.

        Args:
            S: linear magnitudes [frames, n_fft // 2 + 1].
            out: where the samples go, if they shall not be allocated.

        Returns:
            y [frames * hop_length] float32; `out` itself where it is given.

        Raises:
            PhaseError: S or `out` has another shape or type.
        """
        if S.ndim != 2 or S.shape[1] != self.bins:
            raise PhaseError(f"Magnitudes must be of shape [frames, {self.bins}], not {list(S.shape)}.")
        frames: FloatArray = np.ascontiguousarray(S, dtype=np.float32)
        if not frames.flags.writeable:  # the kernel is compiled for one kind of array
            frames = frames.copy()
        size = frames.shape[0] * self.hop_length
        if out is None:
            out = np.empty(size, dtype=np.float32)
        elif out.shape != (size,) or out.dtype != np.float32 or not out.flags.carray:
            raise PhaseError(f"out must be {size} writeable, contiguous float32 samples.")
        hops = out.reshape(len(frames), 1, self.hop_length)
        self._bank.advance(frames[:, None], hops, self._only, self._iterations)
        return out

    def prime(self, S: NDArray[np.floating]) -> None:
        """Go on as if a frame had stood for a whole window: the next hop has its full level, and no past.

        What begins from silence needs none. Without this, a frame reaches its level only as the window's centre passes.

        Args:
            S: linear magnitudes [n_fft // 2 + 1].

        Raises:
            PhaseError: S has another shape.
        """
        if S.shape != (self.bins,):
            raise PhaseError(f"A frame must be of shape [{self.bins}], not {list(S.shape)}.")
        frame: FloatArray = np.ascontiguousarray(S, dtype=np.float32)
        self._bank.prime((frame if frame.flags.writeable else frame.copy())[None], 0)

    def flush(self) -> FloatArray:
        """Return the samples still held back, [(lookahead + overlap - 1) * hop_length], and reset the stream."""
        held = self.lookahead + self.n_fft // self.hop_length - 1
        tail = self.process(np.zeros((held, self.bins), dtype=np.float32))
        self.reset()
        return tail

    def reset(self) -> None:
        """Forget all frames, as if newly made."""
        self._bank.reset(0)


class GriffinLimBank:
    """Runs several streams of `StreamingGriffinLim` side by side, in one call a hop.

    Args:
        n_fft, hop_length, lookahead: as there, of all streams.
        seeds: of each stream.

    Raises:
        PhaseError: a value is out of range.
    """

    def __init__(self, n_fft: int, hop_length: int, lookahead: int, seeds: Sequence[int]) -> None:
        if n_fft < 4 or n_fft % 2:
            raise PhaseError(f"n_fft must be even and at least 4, not {n_fft}.")
        if hop_length < 1 or n_fft % hop_length or n_fft // hop_length not in _OVERLAPS:
            raise PhaseError(f"hop_length must be a 2nd, 4th, 8th or 16th of n_fft {n_fft}, not {hop_length}.")
        if lookahead < 0:
            raise PhaseError(f"lookahead must be 0 frames or more, not {lookahead}.")
        self._seeds = tuple(seeds)
        self._shape = len(self._seeds), n_fft // 2 + 1, hop_length
        self._state = _silent_state(n_fft, hop_length, lookahead, self._seeds)
        self._scratch = np.zeros(hop_length, np.float32)

    @property
    def repaired(self) -> int:
        """Values that were no magnitudes and were taken as silence, of all streams."""
        return int(self._state.counters[:, REPAIRED].sum())

    def advance(self, S: FloatArray, out: FloatArray, which: NDArray[np.int64], iterations: int) -> None:
        """Take the next frames of some streams and leave their next samples.

        Args:
            S: linear magnitudes [hops, streams, n_fft // 2 + 1]; rows of other streams are not looked at.
            out: samples [hops, streams, hop_length]; rows of other streams stay.
            which: the streams' indices, each of them once.
            iterations: refinements of each hop.

        Raises:
            PhaseError: an array has another shape, type or layout, which compiled code would not notice.
        """
        streams, bins, hop = self._shape
        _check(S, (len(S), streams, bins))
        _check(out, (len(S), streams, hop))
        if iterations < 0 or which.dtype != np.int64 or which.ndim != 1 or not which.flags.carray:
            raise PhaseError("iterations must be 0 or more, and the streams' indices int64.")
        if not advance(S, out, which, iterations, self._state):
            raise PhaseError(f"Streams must be 0 to {streams - 1}.")

    def prime(self, S: FloatArray, stream: int) -> None:
        """Let one stream go on as if its frame of S [streams, n_fft // 2 + 1] had stood for a whole window."""
        streams, bins, _ = self._shape
        _check(S, (streams, bins))
        stream = range(streams)[stream]
        prime(S[stream], self._scratch, stream, self._state)

    def reset(self, stream: int) -> None:
        """Forget all frames of a stream, as if newly made."""
        forget(stream, self._state)
        self._state.counters[stream, REPAIRED] = 0
        self._state.counters[stream, DICE] = self._seeds[stream]


def _check(array: FloatArray, shape: tuple[int, ...]) -> None:
    if array.shape != shape or array.dtype != np.float32 or not array.flags.carray:
        raise PhaseError(f"An array must be {list(shape)}, writeable, contiguous float32, not {list(array.shape)}.")


_OVERLAPS = (2, 4, 8, 16)
_NEWEST_WEIGHT = 0.3  # of the newest frame, which no later one confirms yet
_MIN_POWER = 0.002  # floor under the sum of squared windows
_FADE = 0.125  # share of a hop in which it takes over from the last hop's estimate: no click, and little is lost


def _silent_state(n_fft: int, hop: int, lookahead: int, seeds: tuple[int, ...]) -> State:
    overlap, streams = n_fft // hop, len(seeds)
    active, bins = overlap + lookahead, n_fft // 2 + 1
    counters = np.zeros((streams, 4), np.int64)
    counters[:, DICE] = seeds
    return State(
        window=hann_window(n_fft),
        synthesis=synthesis_windows(n_fft, hop, active) / np.float32(n_fft),
        fade=fade_in(hop),
        magnitudes=np.zeros((streams, active, bins), np.float32),
        analysed=np.zeros((streams, active, 2, bins), np.float32),
        frames=np.zeros((streams, active, n_fft), np.float32),
        samples=np.zeros((streams, (active + overlap - 1) * hop), np.float32),
        phasors=np.tile((-1.0) ** np.arange(bins), (streams, 1)).astype(np.complex64),
        before=np.zeros((streams, bins), np.float32),
        counters=counters,
        phases=np.zeros((active + 1, 2, bins), np.float32),
        nothing=np.zeros((3, bins), np.float32),
        beside=np.zeros(n_fft, np.float32),
        settled=np.zeros(active * hop, np.float32),
        exchange=np.zeros((2, n_fft), np.float32),
        fourier=fourier(n_fft),
        propagation=propagation(bins, overlap),
    )


def fade_in(hop: int) -> FloatArray:
    """Return the gain with which a hop takes over from the last hop's estimate of it, [hop]."""
    return np.minimum((np.arange(hop) + 0.5) / (_FADE * hop), 1.0).astype(np.float32)


def synthesis_windows(n_fft: int, hop: int, active: int) -> FloatArray:
    """Return the synthesis window of each active frame, oldest first."""
    overlap = n_fft // hop
    window = hann_window(n_fft).astype(np.float64)
    weights = np.ones(active)
    weights[-1] = _NEWEST_WEIGHT
    # Frames older than these also have weight, but not in samples still to be emitted.
    power = np.zeros((active + overlap - 1) * hop)
    for age, weight in enumerate(weights):
        power[age * hop : age * hop + n_fft] += weight * window**2
    power = np.maximum(power, _MIN_POWER)
    rows = [weight * window / power[age * hop : age * hop + n_fft] for age, weight in enumerate(weights)]
    return np.array(rows, dtype=np.float32)
