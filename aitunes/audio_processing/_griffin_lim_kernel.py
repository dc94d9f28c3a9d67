"""The arithmetic of `griffin_lim`, compiled: one call a block, no allocation, no GIL.

Signs: spectra are `rfft`s of windowed frames, so their phases count from the frame's first sample. Referred to
the window's centre, bin k changes sign with every odd k, and the bins of one steady partial agree.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from rocket_fft import c2r, r2c

Array = NDArray[Any]

# Not nnan and ninf: what is no number must still be seen as such.
compiled = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz", "afn"})

LOUDEST = 1e9  # a magnitude beyond is no sound (a full-scale sine has n_fft / 4)
SILENT = 1e-9  # and one below is none; far above float32's denormal numbers
TINY = 1e-30
FLOOR = 1e-3  # of a bin's loudest neighbour frame; below -60 dB phases run on at their centre frequency
MOMENTUM = 0.7


class State(NamedTuple):
    """Everything a stream remembers and every buffer it works in; frames lie in a ring of `active` slots."""

    window: Array  # [n_fft]
    synthesis: Array  # [active, n_fft] window × weight / sum of squared windows, oldest frame first
    fade: Array  # [hop]
    turn: Array  # [overlap] what one hop turns bin k by, at k modulo overlap
    magnitudes: Array  # [active, bins]
    spectra: Array  # [active, bins] complex, the magnitudes with the phases found so far
    analysed: Array  # [active, bins] complex, the last iteration's analysis
    fresh: Array  # [active, bins] complex, this iteration's
    frames: Array  # [active, n_fft] inverse transforms of `spectra`
    windowed: Array  # [active, n_fft]
    samples: Array  # [(active + overlap - 1) * hop] emitted samples, then the estimates of those to come
    phasors: Array  # [bins] complex, phases of the newest frame, of modulus 1
    newest: Array  # [bins] its magnitudes
    arrival: Array  # [2, bins]
    axis: Array  # [1] the axis that is transformed
    counters: Array  # [2] slot of the oldest frame; values repaired so far


@compiled
def advance(S: Array, y: Array, iterations: int, state: State) -> None:
    """Take every frame of S [frames, bins], leave a hop each in y [frames * hop]."""
    hop = state.fade.size
    for n in range(S.shape[0]):
        slot = state.counters[0]
        state.counters[0] = (slot + 1) % state.magnitudes.shape[0]
        take(S[n], slot, state)
        propagate(slot, state)
        for iteration in range(iterations):
            overlap_add(state)
            analyse(state)
            project(slot, iteration == 0, state)
        if iterations > 0:
            keep_phases(slot, state)
        commit(y[n * hop : (n + 1) * hop], state)


@compiled
def take(S: Array, slot: int, state: State) -> None:
    """The new frame's magnitudes, with nothing in them that is not one."""
    for k in range(S.size):
        value = S[k]
        if not (value >= 0.0 and value <= LOUDEST):
            state.counters[1] += 1
            value = np.float32(0.0)
        state.magnitudes[slot, k] = value if value > SILENT else np.float32(0.0)


@compiled
def propagate(slot: int, state: State) -> None:
    """Start the new frame's phases from the frame before and its own louder bins."""
    S, before, phasors = state.magnitudes[slot], state.newest, state.phasors
    bins = S.size
    left, right = state.arrival[0], state.arrival[1]
    # A bin takes its phase over the path whose quietest bin is loudest: from its own past, or along
    # the new frame from a louder neighbour. On a line two sweeps find every such path.
    left[0] = before[0]
    for k in range(1, bins):
        left[k] = max(before[k], min(left[k - 1], S[k - 1]))
    right[bins - 1] = before[bins - 1]
    for k in range(bins - 2, -1, -1):
        right[k] = max(before[k], min(right[k + 1], S[k + 1]))

    hop_angle = np.float32(2.0 * np.pi * state.fade.size / state.window.size)
    for k in range(bins):
        below = S[k - 1] if k > 0 else S[1]
        above = S[k + 1] if k < bins - 1 else S[bins - 2]
        total, change = above + below, above - below
        delta = 4.0 * change / (3.0 * total + np.sqrt(9.0 * total * total - 8.0 * change * change) + TINY)
        angle = hop_angle * delta
        phasors[k] *= state.turn[k % state.turn.size] * np.complex64(complex(np.cos(angle), np.sin(angle)))
    cos_h, sin_h = np.float32(np.cos(0.5 * hop_angle)), np.float32(np.sin(0.5 * hop_angle))
    for k in range(1, bins):
        if left[k] > before[k] and left[k] >= right[k]:
            phasors[k] = phasors[k - 1] * -conjugate_turn(S[k - 1], before[k - 1], S[k], before[k], cos_h, sin_h)
    for k in range(bins - 2, -1, -1):
        if right[k] > before[k] and right[k] > left[k]:
            turn = conjugate_turn(S[k + 1], before[k + 1], S[k], before[k], cos_h, sin_h)
            phasors[k] = phasors[k + 1] * -np.conj(turn)
    for k in range(bins):
        modulus = np.sqrt(phasors[k].real ** 2 + phasors[k].imag ** 2)
        phasors[k] = phasors[k] / modulus if modulus > 0.5 else np.complex64(1.0)
        state.newest[k] = S[k]
        state.spectra[slot, k] = S[k] * phasors[k]
    c2r(
        state.spectra[slot : slot + 1],
        state.frames[slot : slot + 1],
        state.axis,
        False,
        1.0 / state.window.size,
        1,
    )


@compiled
def conjugate_turn(S0: float, before0: float, S1: float, before1: float, cos_h: float, sin_h: float) -> complex:
    """exp(i θ), θ the phase's slope along frequency where the magnitude grew from `before` to S."""
    ratio = np.sqrt((before0 + before1 + TINY) / (S0 + S1 + TINY))
    u = (cos_h - ratio) / sin_h
    scale = np.float32(1.0) / (np.float32(1.0) + u * u)
    return np.complex64(complex((1.0 - u * u) * scale, -2.0 * u * scale))


@compiled
def overlap_add(state: State) -> None:
    """Estimate the samples that are not yet emitted from the frames that cover them."""
    hop, active, n_fft = state.fade.size, state.magnitudes.shape[0], state.window.size
    overlap = n_fft // hop
    oldest = state.counters[0]
    state.samples[(overlap - 1) * hop :] = 0.0
    for age in range(active):
        frame = state.frames[(oldest + age) % active]
        weight = state.synthesis[age]
        first = max(0, (overlap - 1 - age) * hop)
        target = state.samples[age * hop : age * hop + n_fft]
        for i in range(first, n_fft):
            target[i] += weight[i] * frame[i]


@compiled
def analyse(state: State) -> None:
    """Transform every active frame of the estimate."""
    hop, active, n_fft = state.fade.size, state.magnitudes.shape[0], state.window.size
    oldest = state.counters[0]
    for age in range(active):
        target = state.windowed[(oldest + age) % active]
        source = state.samples[age * hop : age * hop + n_fft]
        for i in range(n_fft):
            target[i] = state.window[i] * source[i]
    r2c(state.windowed, state.fresh, state.axis, True, 1.0, 1)


@compiled
def project(newest: int, first: bool, state: State) -> None:
    """Restore the magnitudes around the analysed phases, carried on by their last change."""
    for slot in range(state.magnitudes.shape[0]):
        momentum = np.float32(0.0 if first and slot == newest else MOMENTUM)
        M, X = state.magnitudes[slot], state.spectra[slot]
        fresh, last = state.fresh[slot], state.analysed[slot]
        for k in range(M.size):
            re = fresh[k].real + momentum * (fresh[k].real - last[k].real)
            im = fresh[k].imag + momentum * (fresh[k].imag - last[k].imag)
            scale = M[k] / np.sqrt(re * re + im * im + np.float32(TINY))
            X[k] = complex(re * scale, im * scale)
            last[k] = fresh[k]
    c2r(state.spectra, state.frames, state.axis, False, 1.0 / state.window.size, 1)


@compiled
def keep_phases(slot: int, state: State) -> None:
    """Remember the refined phases of the newest frame; a silent bin keeps the propagated one."""
    X = state.spectra[slot]
    for k in range(X.size):
        modulus = np.sqrt(X[k].real ** 2 + X[k].imag ** 2)
        if modulus > SILENT:
            state.phasors[k] = X[k] / modulus


@compiled
def commit(y: Array, state: State) -> None:
    """Emit the oldest hop, faded over from the last hop's estimate of it, and move on."""
    hop, n_fft, samples = state.fade.size, state.window.size, state.samples
    first = n_fft - hop
    y[:] = samples[first : first + hop]
    overlap_add(state)
    for i in range(hop):
        y[i] += state.fade[i] * (samples[first + i] - y[i])
        samples[first + i] = y[i]
    for i in range(samples.size - hop):
        samples[i] = samples[i + hop]
    samples[samples.size - hop :] = 0.0
