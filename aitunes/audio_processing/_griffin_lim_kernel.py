"""Compiles the arithmetic of `griffin_lim`: one call for all streams, no allocation, no GIL.

Everything is float32. A spectrum is the `rfft` of a windowed frame, so its phases count from the frame's
first sample; referred to the window's centre, every odd bin changes its sign, and the bins of one steady
partial agree.

Two frames are transformed at once, as real and imaginary part. The last of an odd number has zeros beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from numba import njit

from aitunes.audio_processing._fourier_kernel import Fourier, Pair, transform
from aitunes.audio_processing._inlined import compiled
from aitunes.audio_processing._phase_propagation import (
    SILENT,
    Array,
    Complex,
    Propagation,
    Real,
    propagate,
    weight_of_past,
)
from aitunes.audio_processing._projection import restore

LOUDEST = Real(1e9)  # a magnitude beyond is none; a full-scale sine has n_fft / 4
MOMENTUM = Real(0.9)
FEW_ITERATIONS = 4
"""So many come closer when the newest half of the frames has them alone."""

OLDEST, REPAIRED, REFINED, DICE = range(4)


def settled_frames(iterations: int, overlap: int) -> int:
    """Return how many of the oldest frames are left as they are.

    More hops have refined them, and they weigh little in what is still to be emitted
    (docs/decisions/0014-settled-frames.md, 0018-voices-together.md).
    """
    return overlap // 2 if iterations <= FEW_ITERATIONS and overlap >= 8 else 3 * overlap // 8


settled = compiled(settled_frames)


class State(NamedTuple):
    """Holds the state of streams and their buffers; frames lie in rings of `active` slots."""

    window: Array  # [n_fft]
    synthesis: Array  # [active, n_fft] window × weight / sum of squared windows / n_fft, oldest frame first
    fade: Array  # [hop]
    magnitudes: Array  # [streams, active, bins]
    analysed: Array  # [streams, active, 2, bins] the spectra of the estimate in the last iteration
    frames: Array  # [streams, active, n_fft] n_fft × inverse transforms of magnitudes with the phases found so far
    samples: Array  # [streams, (active + overlap - 1) * hop] emitted samples, then the estimate of those to come
    phasors: Array  # [streams, bins] complex, the newest frame's phases, of modulus 1
    before: Array  # [streams, bins] its magnitudes
    counters: Array  # [streams, 4] slot of the oldest frame; values repaired; 1 if the last hop was refined; dice
    phases: Array  # [active + 1, 2, bins] of the frames that are refined, as phasors of modulus 1
    nothing: Array  # [3, bins] what stands for a frame beside the last of an odd number
    beside: Array  # [n_fft] and its samples
    settled: Array  # [active * hop] what the other frames add to the samples to come
    exchange: Array  # [2, n_fft] for transforms
    fourier: Fourier
    propagation: Propagation


@compiled
def advance_hop(S: Array, y: Array, stream: int, iterations: int, state: State) -> None:
    """Take one frame [bins] of a stream, leave one hop."""
    hop, n_fft = state.fade.size, state.window.size
    y[:] = state.samples[stream, n_fft - hop : n_fft]  # the last hop's estimate, before refinement changes it
    start(S, stream, iterations, state)
    if iterations > 0:
        active, overlap = state.synthesis.shape[0], n_fft // hop
        first = settled(iterations, overlap)
        add_settled(stream, first, state)
        for iteration in range(iterations):
            estimate(stream, first, active, state)
            project(stream, first, iteration == 0, state)
        keep(stream, first, state)
    state.counters[stream, REFINED] = iterations > 0
    commit(y, stream, state)


@compiled
def clear(stream: int, state: State) -> None:
    """Forget all frames and samples of a stream; its dice roll on."""
    state.analysed[stream], state.magnitudes[stream], state.frames[stream] = Real(0.0), Real(0.0), Real(0.0)
    state.samples[stream], state.before[stream] = Real(0.0), Real(0.0)
    for k in range(state.phasors.shape[1]):
        state.phasors[stream, k] = Complex(1.0 - 2.0 * (k % 2))
    state.counters[stream, OLDEST] = 0
    state.counters[stream, REFINED] = 0


@compiled
def take(S: Array, magnitudes: Array, counters: Array) -> None:
    """Copy a frame's magnitudes, with 0 for values that are no magnitudes."""
    for k in range(S.size):
        value = S[k]
        if not (value >= 0.0 and value <= LOUDEST):
            counters[REPAIRED] += 1
            value = Real(0.0)
        magnitudes[k] = value if value > SILENT else Real(0.0)


@compiled
def start(S: Array, stream: int, iterations: int, state: State) -> None:
    """Start the new frame: magnitudes, propagated phases, inverse transform."""
    counters, phasors = state.counters[stream], state.phasors[stream]
    slot = counters[OLDEST]
    counters[OLDEST] = (slot + 1) % state.synthesis.shape[0]
    M = state.magnitudes[stream, slot]
    take(S, M, counters)
    weights = (weight_of_past(iterations), Real(counters[REFINED]))
    counters[DICE] = propagate(M, state.before[stream], phasors, weights, counters[DICE], state.propagation)
    n_fft, last = state.window.size, M.size - 1
    frame = state.frames[stream, slot]
    Z, other = sides(frame, state.beside, state)
    re, im = Z
    for k in range(1, last):
        re[k] = re[n_fft - k] = M[k] * phasors[k].real
    for k in range(1, last):
        im[k] = -M[k] * phasors[k].imag
        im[n_fft - k] = -im[k]
    for k in (0, last):
        re[k], im[k] = M[k] * phasors[k].real, Real(0.0)
    transform(Z, other, state.fourier)


@compiled
def sides(one: Array, two: Array, state: State) -> tuple[Pair, Pair]:
    """Return the arrays that a transform leads to from two frames, and back from there."""
    if state.fourier.crosses[0] == 1:
        return (state.exchange[0], state.exchange[1]), (one, two)
    return (one, two), (state.exchange[0], state.exchange[1])


@compiled
def frame_of(age: int, stream: int, state: State) -> Array:
    """Return the frame that is so old, 0 for the oldest."""
    return state.frames[stream, (state.counters[stream, OLDEST] + age) % state.synthesis.shape[0]]


@compiled
def add_settled(stream: int, first: int, state: State) -> None:
    """Add up the frames before the age `first`, which are not refined any more."""
    hop, begin = state.fade.size, state.window.size - state.fade.size
    state.settled[:] = Real(0.0)
    for age in range(first):
        add_frame(state.settled, age * hop - begin, state.synthesis[age], frame_of(age, stream, state))


@compiled
def add_frame(samples: Array, at: int, weight: Array, frame: Array) -> None:
    """Add a weighted frame to samples where it covers them; it begins at the index `at`, which may be negative."""
    begin = max(0, -at)
    end = min(frame.size, samples.size - at)
    target, weight, frame = samples[at + begin : at + end], weight[begin:end], frame[begin:end]
    for n in range(target.size):
        target[n] += weight[n] * frame[n]


@compiled
def estimate(stream: int, first: int, active: int, state: State) -> None:
    """Estimate the samples that are not yet emitted, and window them for the frames that are refined."""
    hop, n_fft, window = state.fade.size, state.window.size, state.window
    samples, begin = state.samples[stream], n_fft - hop
    samples[begin:] = state.settled
    for age in range(first, active):
        add_frame(samples[begin:], age * hop - begin, state.synthesis[age], frame_of(age, stream, state))
    for age in range(first, active):
        source, target = samples[age * hop : age * hop + n_fft], frame_of(age, stream, state)
        for n in range(n_fft):
            target[n] = window[n] * source[n]


@compiled
def project(stream: int, first: int, is_first: bool, state: State) -> None:
    """Transform the windowed frames, restore their magnitudes around the phases found, and transform back."""
    active = state.synthesis.shape[0]
    for row in range(0, active - first, 2):
        is_last = first + row + 1 == active
        frame = frame_of(first + row, stream, state)
        beside = state.beside if is_last else frame_of(first + row + 1, stream, state)
        if is_last:
            beside[:] = Real(0.0)
        Z, other = sides(frame, beside, state)
        transform((frame, beside), (state.exchange[0], state.exchange[1]), state.fourier)
        one = spectrum_of(first + row, stream, is_first, state)
        two = spectrum_of(first + row + 1, stream, is_first, state)
        restore(Z, one, two, state.phases[row], state.phases[row + 1])
        transform(Z, other, state.fourier)


@compiled
def spectrum_of(age: int, stream: int, is_first: bool, state: State) -> tuple[Array, Array, Real]:
    """Return a frame's magnitudes, what it was analysed as in the last iteration, and how far it is carried on."""
    active, counters = state.synthesis.shape[0], state.counters[stream]
    if age == active:
        return state.nothing[0], state.nothing[1:], Real(0.0)
    slot = (counters[OLDEST] + age) % active
    unknown = is_first and (age == active - 1 or counters[REFINED] == 0)
    return state.magnitudes[stream, slot], state.analysed[stream, slot], Real(0.0) if unknown else MOMENTUM


@compiled
def keep(stream: int, first: int, state: State) -> None:
    """Keep the phases of the newest frame; a silent bin keeps the propagated one."""
    active = state.synthesis.shape[0]
    phases, phasors = state.phases[active - 1 - first], state.phasors[stream]
    M = state.magnitudes[stream, (state.counters[stream, OLDEST] + active - 1) % active]
    re, im = phases[0], phases[1]
    for k in range(M.size):
        a, b = phasors[k].real, phasors[k].imag
        loud = M[k] * (re[k] * re[k] + im[k] * im[k]) > Real(0.0)
        phasors[k] = complex(re[k] if loud else a, im[k] if loud else b)


@compiled
def commit(y: Array, stream: int, state: State) -> None:
    """Emit the oldest hop, faded over from the last hop's estimate of it, which y holds, and move on."""
    hop, n_fft, samples = state.fade.size, state.window.size, state.samples[stream]
    begin = n_fft - hop
    coming = samples[begin : n_fft + hop]  # this hop, and the next one's first estimate
    coming[:] = Real(0.0)
    for age in range(state.synthesis.shape[0]):
        at = age * hop - begin
        if at < coming.size:
            add_frame(coming, at, state.synthesis[age], frame_of(age, stream, state))
    for n in range(hop):
        y[n] += state.fade[n] * (coming[n] - y[n])
        coming[n] = y[n]
    for n in range(n_fft):
        samples[n] = samples[n + hop]


def _entries(sources: int) -> tuple[Any, Any, Any]:
    """Compile what Python calls, or load it from numba's cache.

    The cache notices a change of this file and of numbers that a function closes over: so `sources` is one for all
    other files that the code comes from. What is called from here is not cached, as it would not notice that, but
    becomes a part of what is.
    """
    cached = njit(nogil=True, cache=True)

    @cached
    def advance(S: Array, y: Array, which: Array, iterations: int, state: State) -> bool:
        """Take frames of some streams, leave a hop for each.

        Args:
            S: magnitudes, [hops, streams, bins].
            y: samples, [hops, streams, hop].
            which: indices of the streams that advance.
            iterations: refinements of each hop.
            state: of all streams.

        Returns:
            False if there is no such stream; nothing has changed then.
        """
        _ = sources
        for stream in which:
            if stream < 0 or stream >= state.counters.shape[0]:
                return False
        for n in range(S.shape[0]):
            for stream in which:
                advance_hop(S[n, stream], y[n, stream], stream, iterations, state)
        return True

    @cached
    def prime(S: Array, scratch: Array, stream: int, state: State) -> None:
        """Bring a stream where it would be if the frame S [bins] had stood for a window; `scratch` is a hop."""
        _ = sources
        clear(stream, state)
        # Nothing begins: a partial lies in the centre of its window.
        take(S, state.before[stream], state.counters[stream])
        for _ in range(state.synthesis.shape[0] - 1):
            advance_hop(S, scratch, stream, 0, state)

    @cached
    def forget(stream: int, state: State) -> None:
        """Bring a stream to where it began; its dice roll on."""
        _ = sources
        clear(stream, state)

    return advance, prime, forget


_FILES = ("_fourier_kernel.py", "_inlined.py", "_phase_propagation.py", "_projection.py", "_vectors.py")
advance, prime, forget = _entries(crc32(b"".join(Path(__file__).with_name(name).read_bytes() for name in _FILES)))
