"""Compiles the arithmetic of `griffin_lim`: one call for all streams, no allocation, no GIL.

Everything is float32. A spectrum is the `rfft` of a windowed frame, so its phases count from the frame's
first sample; referred to the window's centre, every odd bin changes its sign, and the bins of one steady
partial agree.

A transform of four frames takes about as long as two of one frame each, so the frames of `GROUP` streams are transformed
together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from rocket_fft import c2r, r2c

from aitunes.audio_processing._phase_propagation import (
    SILENT,
    TINY,
    Array,
    Complex,
    Propagation,
    Real,
    compiled,
    propagate,
    weight_of_past,
)

LOUDEST = Real(1e9)  # a magnitude beyond is none; a full-scale sine has n_fft / 4
MOMENTUM = Real(0.9)
FEW = 4  # refinements, which do more for the newest half of the frames alone
GROUP = 4

OLDEST, REPAIRED, REFINED, DICE = range(4)


class State(NamedTuple):
    """Holds the state of streams and their buffers; frames lie in rings of `active` slots."""

    window: Array  # [n_fft]
    synthesis: Array  # [active, n_fft] window × weight / sum of squared windows, oldest frame first
    fade: Array  # [hop]
    magnitudes: Array  # [streams, active, bins]
    analysed: Array  # [streams, active, bins] complex, the spectra of the estimate in the last iteration
    frames: Array  # [streams, active, n_fft] inverse transforms of the magnitudes with the phases found so far
    samples: Array  # [streams, (active + overlap - 1) * hop] emitted samples, then the estimate of those to come
    phasors: Array  # [streams, bins] complex, the newest frame's phases, of modulus 1
    before: Array  # [streams, bins] its magnitudes
    counters: Array  # [streams, 4] slot of the oldest frame; values repaired; 1 if the last hop was refined; dice
    spectra: Array  # [GROUP * active, bins] complex, of the frames that are refined
    refined: Array  # [GROUP * active, n_fft] these frames themselves
    settled: Array  # [GROUP, active * hop] what the other frames add to the samples to come
    propagation: Propagation
    axis: Array  # [1] the axis that is transformed


@compiled
def advance(S: Array, y: Array, which: Array, iterations: int, state: State) -> None:
    """Take frames of some streams, leave a hop for each.

    Args:
        S: magnitudes, [hops, streams, bins].
        y: samples, [hops, streams, hop].
        which: indices of the streams that advance.
        iterations: refinements of each hop.
        state: of all streams.
    """
    for n in range(S.shape[0]):
        for begin in range(0, which.size, GROUP):
            advance_hop(S[n], y[n], which[begin : begin + GROUP], iterations, state)


@compiled
def advance_hop(S: Array, y: Array, which: Array, iterations: int, state: State) -> None:
    """Take a frame of up to `GROUP` streams [streams, bins], leave a hop of each in y [streams, hop]."""
    start(S, y, which, iterations, state)
    active, overlap = state.synthesis.shape[0], state.window.size // state.fade.size
    # The oldest frames have settled: the more hops refined them, the less they change, and they weigh little in what is
    # still to be emitted (docs/decisions/0014-settled-frames.md, 0017-voices-together.md).
    first = overlap // 2 if iterations <= FEW and overlap >= 8 else 3 * overlap // 8
    if iterations > 0:
        for i in range(which.size):
            load(i, which[i], first, state)
        for iteration in range(iterations):
            for i in range(which.size):
                estimate(i, which[i], first, active, state)
            project(which, first, iteration == 0, state)
    for i in range(which.size):
        if iterations > 0:
            keep(i, which[i], first, state)
        state.counters[which[i], REFINED] = iterations > 0
        commit(y[which[i]], i, which[i], state)


@compiled
def prime(S: Array, y: Array, which: Array, state: State) -> None:
    """Bring one stream where it would be if its frame of S had stood for a window; y [streams, hop] is scratch."""
    stream = which[0]
    clear(stream, state)
    take(S[stream], state.before[stream], state.counters[stream])
    # Nothing begins: a partial lies in the centre of its window.
    for _ in range(state.synthesis.shape[0] - 1):
        advance_hop(S, y, which, 0, state)


@compiled
def clear(stream: int, state: State) -> None:
    """Forget all frames and samples of a stream; its dice roll on."""
    state.analysed[stream] = Complex(0.0)
    for real in (state.magnitudes, state.frames):
        real[stream] = Real(0.0)
    state.samples[stream] = Real(0.0)
    state.before[stream] = Real(0.0)
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
def start(S: Array, y: Array, which: Array, iterations: int, state: State) -> None:
    """Start the new frames: magnitudes, propagated phases, inverse transforms; y gets the last hop's estimates."""
    hop, n_fft, count = state.fade.size, state.window.size, which.size
    active = state.synthesis.shape[0]
    for i in range(count):
        stream = which[i]
        counters, phasors, spectrum = state.counters[stream], state.phasors[stream], state.spectra[i]
        y[stream] = state.samples[stream, n_fft - hop : n_fft]
        M = state.magnitudes[stream, counters[OLDEST]]
        take(S[stream], M, counters)
        weights = (weight_of_past(iterations), Real(counters[REFINED]))
        counters[DICE] = propagate(M, state.before[stream], phasors, weights, counters[DICE], state.propagation)
        for k in range(M.size):
            spectrum[k] = complex(M[k] * phasors[k].real, M[k] * phasors[k].imag)
    synthesise(state.spectra[:count], state.refined[:count], state)
    for i in range(count):
        stream = which[i]
        slot = state.counters[stream, OLDEST]
        state.frames[stream, slot] = state.refined[i]
        state.counters[stream, OLDEST] = (slot + 1) % active


@compiled
def load(i: int, stream: int, first: int, state: State) -> None:
    """Lay the frames of a stream that are not settled beside each other, and add up the others."""
    active, hop = state.synthesis.shape[0], state.fade.size
    settled, begin = state.settled[i], state.window.size - hop
    settled[:] = Real(0.0)
    for age in range(first):
        add_frame(settled, age * hop - begin, state.synthesis[age], frame_of(age, stream, state))
    for age in range(first, active):
        state.refined[i * (active - first) + age - first] = frame_of(age, stream, state)


@compiled
def frame_of(age: int, stream: int, state: State) -> Array:
    """Return the frame that is so old, 0 for the oldest."""
    return state.frames[stream, (state.counters[stream, OLDEST] + age) % state.synthesis.shape[0]]


@compiled
def add_frame(samples: Array, at: int, weight: Array, frame: Array) -> None:
    """Add a weighted frame to samples where it covers them; it begins at the index `at`, which may be negative."""
    begin = max(0, -at)
    end = min(frame.size, samples.size - at)
    target, weight, frame = samples[at + begin : at + end], weight[begin:end], frame[begin:end]
    for n in range(target.size):
        target[n] += weight[n] * frame[n]


@compiled
def estimate(i: int, stream: int, first: int, active: int, state: State) -> None:
    """Estimate the samples that are not yet emitted, and window the frames that are refined anew."""
    hop, n_fft = state.fade.size, state.window.size
    begin, row = n_fft - hop, i * (active - first) - first
    samples = state.samples[stream]
    samples[begin:] = state.settled[i]
    for age in range(first, active):
        add_frame(samples[begin:], age * hop - begin, state.synthesis[age], state.refined[row + age])
    for age in range(first, active):
        source, target = samples[age * hop : age * hop + n_fft], state.refined[row + age]
        for n in range(n_fft):
            target[n] = state.window[n] * source[n]


@compiled
def project(which: Array, first: int, is_first: bool, state: State) -> None:
    """Transform windowed frames, restore their magnitudes around the phases found, carried on by their last change."""
    active = state.synthesis.shape[0]
    each = active - first
    rows = which.size * each
    r2c(state.refined[:rows], state.spectra[:rows], state.axis, True, 1.0, 1)
    for i in range(which.size):
        stream = which[i]
        for age in range(first, active):
            slot = (state.counters[stream, OLDEST] + age) % active
            unknown = is_first and (age == active - 1 or state.counters[stream, REFINED] == 0)
            restore(
                state.spectra[i * each + age - first],
                state.analysed[stream, slot],
                state.magnitudes[stream, slot],
                Real(0.0) if unknown else MOMENTUM,
            )
    synthesise(state.spectra[:rows], state.refined[:rows], state)


@compiled
def restore(X: Array, last: Array, M: Array, momentum: Real) -> None:
    """Give the spectrum X the magnitudes M; `last` is what it was before, and becomes X as it came."""
    for k in range(M.size):
        re, im = X[k].real, X[k].imag
        ahead_re = re + momentum * (re - last[k].real)
        ahead_im = im + momentum * (im - last[k].imag)
        scale = M[k] / np.sqrt(ahead_re * ahead_re + ahead_im * ahead_im + TINY)
        last[k] = complex(re, im)
        X[k] = complex(ahead_re * scale, ahead_im * scale)


@compiled
def synthesise(spectra: Array, frames: Array, state: State) -> None:
    """Inverse-transform each row."""
    c2r(spectra, frames, state.axis, False, 1.0 / state.window.size, 1)


@compiled
def keep(i: int, stream: int, first: int, state: State) -> None:
    """Keep the refined frames, and the phases of the newest; a silent bin keeps the propagated one."""
    active = state.synthesis.shape[0]
    each = active - first
    for age in range(first, active):
        frame_of(age, stream, state)[:] = state.refined[i * each + age - first]
    X, phasors = state.spectra[i * each + each - 1], state.phasors[stream]
    for k in range(X.size):
        re, im = X[k].real, X[k].imag
        modulus = np.sqrt(re * re + im * im)
        loud = modulus > SILENT
        scale = Real(1.0) / max(modulus, SILENT)
        phasors[k] = complex(re * scale if loud else phasors[k].real, im * scale if loud else phasors[k].imag)


@compiled
def commit(y: Array, i: int, stream: int, state: State) -> None:
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
