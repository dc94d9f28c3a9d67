"""Compiles the arithmetic of `griffin_lim`: one call a block, no allocation, no GIL.

Everything is float32. A spectrum is the `rfft` of a windowed frame, so its phases count from the frame's
first sample; referred to the window's centre, every odd bin changes its sign, and the bins of one steady
partial agree.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from rocket_fft import c2r, r2c

Array = NDArray[Any]
Real = np.float32
Complex = np.complex64

# Not nnan and ninf: what is no number must still be seen as such.
compiled = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz", "afn"})

LOUDEST = Real(1e9)  # a magnitude beyond is none; a full-scale sine has n_fft / 4
SILENT = Real(1e-9)  # and one below is zero, so that no denormal number ever slows a hop
TINY = Real(1e-30)

MOMENTUM = Real(0.9)
STEADY = Real(6.0)  # per squared change of level: how soon a bin counts as changing,
HELD = Real(300.0)  # and as no longer held
WANDER = Real(np.pi)  # radians, the most that a bin of held noise strays in a hop: anywhere, or some would follow
# partials `overlap` bins away, which turn as they do, and be heard as ripple at the hop rate;
SAME = Real(1e5)  # how soon a frame is no longer the very same, per share of its power that changed


class State(NamedTuple):
    """Holds the state of a stream and its buffers; frames lie in a ring of `active` slots."""

    window: Array  # [n_fft]
    synthesis: Array  # [active, n_fft] window × weight / sum of squared windows, oldest frame first
    fade: Array  # [hop]
    turn: Array  # [overlap] complex, how far bin k turns in a hop, at k modulo overlap
    magnitudes: Array  # [active, bins]
    spectra: Array  # [active, bins] complex, the magnitudes with the phases found so far
    analysed: Array  # [active, bins] complex, the spectra of the estimate in the last iteration
    fresh: Array  # [active, bins] complex, and in this one
    frames: Array  # [active, n_fft] inverse transforms of `spectra`
    windowed: Array  # [active, n_fft]
    samples: Array  # [(active + overlap - 1) * hop] emitted samples, then the estimate of those to come
    phasors: Array  # [bins] complex, the newest frame's phases, of modulus 1
    before: Array  # [bins] its magnitudes
    steps: Array  # [bins] complex, how its phase turns from bin k - 1 to k
    paths: Array  # [3, bins]
    offsets: Array  # [bins] of the partial that bin k sees, in bins
    axis: Array  # [1] the axis that is transformed
    counters: Array  # [4] slot of the oldest frame; values repaired; 1 if the last hop was refined; dice


@compiled
def advance(S: Array, y: Array, iterations: int, state: State) -> None:
    """Take every frame of S [frames, bins], leave a hop each in y [frames * hop]."""
    hop = state.fade.size
    for n in range(S.shape[0]):
        advance_hop(S[n], y[n * hop : (n + 1) * hop], iterations, state)


@compiled
def advance_hop(S: Array, emitted: Array, iterations: int, state: State) -> None:
    """Take one frame [bins], leave one hop."""
    hop, n_fft = state.fade.size, state.window.size
    emitted[:] = state.samples[n_fft - hop : n_fft]  # the last hop's estimate, before refinement changes it
    slot = state.counters[0]
    state.counters[0] = (slot + 1) % state.magnitudes.shape[0]
    take(S, slot, state)
    propagate(slot, weight_of_past(iterations), state)
    for iteration in range(iterations):
        overlap_add(state)
        analyse(state)
        project(slot, iteration == 0, state)
    state.counters[2] = iterations > 0
    if iterations > 0:
        keep_phases(slot, state)
    commit(emitted, state)


@compiled
def prime(S: Array, emitted: Array, state: State) -> None:
    """Bring the state where it would be if the frame [bins] had stood for a window; `emitted` [hop] is scratch."""
    clear(state)
    take(S, 0, state)
    state.before[:] = state.magnitudes[0]  # nothing begins: a partial lies in the centre of its window
    for _ in range(state.magnitudes.shape[0] - 1):
        advance_hop(S, emitted, 0, state)


@compiled
def clear(state: State) -> None:
    """Forget all frames and samples; the dice roll on."""
    for spectra in (state.spectra, state.analysed, state.fresh):
        spectra[:] = Complex(0.0)
    for real in (state.magnitudes, state.frames, state.windowed):
        real[:] = Real(0.0)
    state.samples[:] = Real(0.0)
    state.steps[:] = Complex(1.0)
    for k in range(state.phasors.size):
        state.phasors[k] = Complex(1.0 - 2.0 * (k % 2))
    state.counters[0] = 0
    state.counters[2] = 0


@compiled
def take(S: Array, slot: int, state: State) -> None:
    """Copy the new frame's magnitudes, with 0 for values that are no magnitudes."""
    for k in range(S.size):
        value = S[k]
        if not (value >= 0.0 and value <= LOUDEST):
            state.counters[1] += 1
            value = Real(0.0)
        state.magnitudes[slot, k] = value if value > SILENT else Real(0.0)


@compiled
def weight_of_past(iterations: int) -> Real:
    """Weigh a bin's past against its neighbours' present for the choice of its phase.

    Bins that each follow their own past come to disagree. Iterations mend that, and then gain from it;
    without them agreement is worth more (measured in docs/decisions/0001-phase-reconstruction.md).
    """
    return Real(1.0 + min(iterations, 8) / 8.0)


@compiled
def propagate(slot: int, past: Real, state: State) -> None:
    """Start the new frame's phases from the frame before and its own louder bins."""
    S, phasors = state.magnitudes[slot], state.phasors
    find_paths(S, past, state)
    turn_in_time(S, state)
    turn_in_frequency(S, state)
    for k in range(S.size):
        modulus = np.sqrt(phasors[k].real ** 2 + phasors[k].imag ** 2)
        phasors[k] = phasors[k] / modulus if modulus > 0.5 else Complex(1.0)
        state.spectra[slot, k] = S[k] * phasors[k]
        state.before[k] = S[k]
    synthesise(state.spectra[slot : slot + 1], state.frames[slot : slot + 1], state)


@compiled
def find_paths(S: Array, past: Real, state: State) -> None:
    """Find the bin that each bin takes its phase from: along the path whose quietest bin is the loudest.

    Paths start in the frame before and run along the new one. Phase gradient heap integration finds them with
    a heap; on a line of bins a sweep from either end finds the same ones. A sudden sound has no past: its
    loudest bin starts it.
    """
    origin, rising, falling = state.paths[0], state.paths[1], state.paths[2]
    loudest = 0
    for k in range(S.size):
        origin[k] = past * state.before[k]
        loudest = k if S[k] > S[loudest] else loudest
    origin[loudest] = max(origin[loudest], Real(1e-3) * S[loudest])
    rising[0], falling[S.size - 1] = origin[0], origin[S.size - 1]
    for k in range(1, S.size):
        rising[k] = max(origin[k], min(rising[k - 1], S[k - 1]))
    for k in range(S.size - 2, -1, -1):
        falling[k] = max(origin[k], min(falling[k + 1], S[k + 1]))


@compiled
def find_frequencies(S: Array, offsets: Array) -> None:
    """Estimate the offset of a partial from bin k, in bins, from the neighbouring magnitudes.

    Between bins k - 1 and k + 1 a partial at k + δ shows through a Hann window as magnitudes in the ratio
    (1 - δ)(2 - δ) : (1 + δ)(2 + δ). With their sum s and difference d that makes
    δ = 4 d / (3 s + sqrt(9 s² - 8 d²)).
    """
    last = S.size - 1
    for k in range(S.size):
        below, above = S[k - 1 if k > 0 else 1], S[k + 1 if k < last else last - 1]
        total, change = above + below, above - below
        root = np.sqrt(Real(9.0) * total * total - Real(8.0) * change * change)
        offsets[k] = Real(4.0) * change / (Real(3.0) * total + root + TINY)


@compiled
def turn_in_time(S: Array, state: State) -> None:
    """Turn every bin by one hop of its frequency, and stir the noise that is held.

    Neighbours that see one partial differ by 1 in where they see it; in noise they do not. The same noise
    frame over and over would make every bin a partial of its own and the sound a buzz that repeats every
    n_fft samples, so there the phase also wanders at random, as that of noise does.
    """
    offsets, before, last = state.offsets, state.before, S.size - 1
    hop_angle = Real(2.0 * np.pi * state.fade.size / state.window.size)
    refined = Real(state.counters[2])  # what was only propagated teaches nothing
    for k in range(1, S.size):
        state.steps[k] = refined * state.phasors[k] * np.conj(state.phasors[k - 1])
    find_frequencies(S, offsets)
    power, moved = TINY, Real(0.0)
    for k in range(S.size):
        power += S[k] * S[k]
        moved += (S[k] - before[k]) * (S[k] - before[k])
    wander = WANDER / (Real(1.0) + SAME * moved / power)
    dice = state.counters[3]
    for k in range(S.size):
        one_partial = max(offsets[k] - offsets[min(k + 1, last)], offsets[max(k - 1, 0)] - offsets[k])
        noise = min(max(Real(1.5) - Real(2.0) * one_partial, Real(0.0)), Real(1.0))
        dice = (dice * 1103515245 + 12345) & 0x7FFFFFFF
        chance = Real(dice) / Real(2.0**30) - Real(1.0)
        angle = hop_angle * offsets[k] + wander * noise * chance
        turn = state.turn[k % state.turn.size]
        state.phasors[k] *= turn * Complex(complex(np.cos(angle), np.sin(angle)))
    state.counters[3] = dice


@compiled
def turn_in_frequency(S: Array, state: State) -> None:
    """Give the bins whose path runs along the new frame their neighbours' phases, turned by its slope."""
    origin, rising, falling = state.paths[0], state.paths[1], state.paths[2]
    phasors, before = state.phasors, state.before
    half_hop = Real(np.pi * state.fade.size / state.window.size)
    for k in range(1, S.size):
        if rising[k] > origin[k] and rising[k] >= falling[k]:
            step = step_of(before[k - 1] + before[k], S[k - 1] + S[k], state.steps[k], half_hop)
            phasors[k] = phasors[k - 1] * step
    for k in range(S.size - 2, -1, -1):
        if falling[k] > origin[k] and falling[k] > rising[k]:
            step = step_of(before[k + 1] + before[k], S[k + 1] + S[k], state.steps[k + 1], half_hop)
            phasors[k] = phasors[k + 1] * np.conj(step)


@compiled
def step_of(before: Real, now: Real, last: Complex, half_hop: Real) -> Complex:
    """Return the phase step from one bin to the next where magnitudes went from `before` to `now`.

    Seen through a Hann window a click at the angle a = π τ / n_fft from its centre has the magnitude cos² a,
    and one hop earlier cos² (a + h) with h = π hop / n_fft. So tan a = (cos h - r) / sin h with
    r² = before / now, and the phase turns by -2 a a bin. Where nothing changes this says half a hop early; a
    steady partial lies in the centre. A partial held still keeps the step it had: refinement has found its
    side lobes by then.
    """
    one = Real(1.0)
    ratio = np.sqrt((before + SILENT) / (now + SILENT))
    change = (ratio - one / ratio) / half_hop
    cos_h, sin_h = Real(np.cos(half_hop)), Real(np.sin(half_hop))
    click = (cos_h - ratio) / sin_h
    back = (one - cos_h) / sin_h / (one + STEADY * change * change)
    turn = Complex(complex(one, -click)) * Complex(complex(one, -back))
    turn *= -turn / Complex((one + click * click) * (one + back * back))
    held = one / (one + HELD * change * change)
    mixed = held * last + (one - held) * turn
    size = np.sqrt(mixed.real**2 + mixed.imag**2)
    return mixed / size if size > 0.01 else turn


@compiled
def synthesise(spectra: Array, frames: Array, state: State) -> None:
    """Inverse-transform each row."""
    c2r(spectra, frames, state.axis, False, 1.0 / state.window.size, 1)


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
def unsettled(state: State) -> tuple[int, int, int, int]:
    """Find the frames that are still refined.

    The oldest three of eight have been refined in five hops and weigh little in what is still to be emitted: to leave
    them as they are changes the convergence by less than 0.3 dB (docs/decisions/0014-settled-frames.md).

    Returns:
        Age of the first, its slot, the end of its stretch of the ring, and the end of the stretch from slot 0.
    """
    active, overlap = state.magnitudes.shape[0], state.window.size // state.fade.size
    first = 3 * overlap // 8
    begin = (state.counters[0] + first) % active
    end = begin + active - first
    return first, begin, min(end, active), max(0, end - active)


@compiled
def analyse(state: State) -> None:
    """Transform the unsettled frames of the estimate."""
    hop, active, n_fft = state.fade.size, state.magnitudes.shape[0], state.window.size
    first, begin, end, rest = unsettled(state)
    for age in range(first, active):
        target = state.windowed[(state.counters[0] + age) % active]
        source = state.samples[age * hop : age * hop + n_fft]
        for i in range(n_fft):
            target[i] = state.window[i] * source[i]
    r2c(state.windowed[begin:end], state.fresh[begin:end], state.axis, True, 1.0, 1)
    if rest > 0:
        r2c(state.windowed[:rest], state.fresh[:rest], state.axis, True, 1.0, 1)


@compiled
def project(newest: int, first: bool, state: State) -> None:
    """Restore the unsettled frames' magnitudes around the analysed phases, carried on by their last change."""
    unknown = first and state.counters[2] == 0
    active = state.magnitudes.shape[0]
    age, begin, end, rest = unsettled(state)
    for ahead in range(active - age):
        slot = (begin + ahead) % active
        momentum = Real(0.0) if unknown or (first and slot == newest) else MOMENTUM
        M, X = state.magnitudes[slot], state.spectra[slot]
        fresh, last = state.fresh[slot], state.analysed[slot]
        for k in range(M.size):
            re = fresh[k].real + momentum * (fresh[k].real - last[k].real)
            im = fresh[k].imag + momentum * (fresh[k].imag - last[k].imag)
            scale = M[k] / np.sqrt(re * re + im * im + TINY)
            X[k] = complex(re * scale, im * scale)
            last[k] = fresh[k]
    synthesise(state.spectra[begin:end], state.frames[begin:end], state)
    if rest > 0:
        synthesise(state.spectra[:rest], state.frames[:rest], state)


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
    """Emit the oldest hop, faded over from the last hop's estimate of it, which y holds, and move on."""
    hop, n_fft, samples = state.fade.size, state.window.size, state.samples
    first = n_fft - hop
    overlap_add(state)
    for i in range(hop):
        y[i] += state.fade[i] * (samples[first + i] - y[i])
        samples[first + i] = y[i]
    for i in range(samples.size - hop):
        samples[i] = samples[i + hop]
    samples[samples.size - hop :] = 0.0
