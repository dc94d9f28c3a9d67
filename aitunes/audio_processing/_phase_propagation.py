"""Compiles the start of a frame's phases: from the frame before, and from its own louder bins.

Phases are phasors of modulus 1. What a bin does alone stands in loops that the compiler turns into vectors (few arrays
each, and no function of the C library); what it does with its neighbour's result runs along the bins.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aitunes.audio_processing._inlined import compiled

Array = NDArray[Any]
Real = np.float32
Complex = np.complex64

SILENT = Real(1e-9)
"""A magnitude below is zero, so that no denormal number ever slows a hop."""
TINY = Real(1e-30)

STEADY = Real(6.0)  # per squared change of level: how soon a bin counts as changing,
HELD = Real(300.0)  # and as no longer held
WANDER = Real(np.pi)  # radians, the most that a bin of held noise strays in a hop: anywhere, or some would follow
# partials `overlap` bins away, which turn as they do, and be heard as ripple at the hop rate;
SAME = Real(1e5)  # how soon a frame is no longer the very same, per share of its power that changed

DICE_FACTOR, DICE_TERM, DICE_MASK = 1103515245, 12345, 0x7FFFFFFF
"""Of the generator: the next number is (factor · number + term) & mask."""

# Of sine and cosine within a quarter turn; of an angle of twice that the error is below 2e-5.
SINE = (Real(-1.0 / 6.0), Real(1.0 / 120.0), Real(-1.0 / 5040.0), Real(1.0 / 362880.0))
COSINE = (Real(-1.0 / 2.0), Real(1.0 / 24.0), Real(-1.0 / 720.0), Real(1.0 / 40320.0), Real(-1.0 / 3628800.0))


class Propagation(NamedTuple):
    """Holds what the propagation needs beside a stream's own state.

    Args:
        turn: how far each bin turns in a hop, [bins] complex.
        jumps: factor and term that take the generator to each bin's number at once, [bins, 2] int64.
        half_hop: half the angle that bin 1 turns in a hop, [1].
        falling: scratch, [bins].
        offsets: scratch, [bins]; of the partial that bin k sees, in bins.
        turns: scratch, [bins]; how far bin k turns beside `turn`, in turns.
        steps: scratch, [bins] complex; how the phase turns from bin k - 1 to k.
    """

    turn: Array
    jumps: Array
    half_hop: Array
    falling: Array
    offsets: Array
    turns: Array
    steps: Array


def propagation(bins: int, overlap: int) -> Propagation:
    """Create what is needed for frames that overlap so many times."""
    return Propagation(
        turn=np.exp(2j * np.pi * (np.arange(bins) % overlap) / overlap).astype(np.complex64),
        jumps=_dice_jumps(bins),
        half_hop=np.array([np.pi / overlap], np.float32),
        falling=np.zeros(bins, np.float32),
        offsets=np.zeros(bins, np.float32),
        turns=np.zeros(bins, np.float32),
        steps=np.ones(bins, np.complex64),
    )


def _dice_jumps(bins: int) -> NDArray[np.int64]:
    jumps = np.empty((bins, 2), np.int64)
    factor, term = 1, 0
    for k in range(bins):
        factor, term = factor * DICE_FACTOR & DICE_MASK, (term * DICE_FACTOR + DICE_TERM) & DICE_MASK
        jumps[k] = factor, term
    return jumps


@compiled
def weight_of_past(iterations: int) -> Real:
    """Weigh a bin's past against its neighbours' present for the choice of its phase.

    Bins that each follow their own past come to disagree. Iterations mend that, and then gain from it;
    without them agreement is worth more (measured in docs/decisions/0001-phase-reconstruction.md).
    """
    return Real(1.0 + min(iterations, 8) / 8.0)


@compiled
def propagate(S: Array, before: Array, phasors: Array, weights: tuple[Real, Real], dice: int, own: Propagation) -> int:
    """Start the phases of a frame where those of the frame before it were.

    Args:
        S: its magnitudes, [bins].
        before: those of the frame before; then those of S.
        phasors: phases of the frame before; then those of S.
        weights: of a bin's past, and 1 if its phases were refined: what was only propagated teaches nothing.
        dice: state of the random numbers.
        own: constants and scratch.

    Returns:
        The next state of the random numbers.
    """
    past, refined = weights
    find_steps(S, before, phasors, refined, own)
    dice = turn_in_time(S, before, phasors, dice, own)
    turn_in_frequency(S, before, phasors, past, own)
    for k in range(S.size):
        re, im = phasors[k].real, phasors[k].imag
        modulus = np.sqrt(re * re + im * im)
        known = modulus > Real(0.5)
        scale = Real(1.0) / max(modulus, Real(0.5))
        phasors[k] = complex(re * scale if known else Real(1.0), im * scale if known else Real(0.0))
        before[k] = S[k]
    return dice


@compiled
def find_steps(S: Array, before: Array, phasors: Array, refined: Real, own: Propagation) -> None:
    """Find how the phase turns from bin k - 1 to bin k, where magnitudes went from `before` to S.

    Seen through a Hann window a click at the angle a = π τ / n_fft from its centre has the magnitude cos² a,
    and one hop earlier cos² (a + h) with h = π hop / n_fft. So tan a = (cos h - r) / sin h with
    r² = before / now, and the phase turns by -2 a a bin. Where nothing changes this says half a hop early; a
    steady partial lies in the centre. A partial held still keeps the step it had: refinement has found its
    side lobes by then.
    """
    steps, one = own.steps, Real(1.0)
    half_hop = own.half_hop[0]
    cos_h, sin_h = Real(np.cos(half_hop)), Real(np.sin(half_hop))
    per_hop, per_sine = one / half_hop, one / sin_h
    lean = (one - cos_h) * per_sine
    for k in range(1, S.size):
        ratio = np.sqrt((before[k - 1] + before[k] + SILENT) / (S[k - 1] + S[k] + SILENT))
        change = (ratio - one / ratio) * per_hop
        click = (cos_h - ratio) * per_sine
        back = lean / (one + STEADY * change * change)
        # -((1 - i click)(1 - i back))², of modulus 1
        a, b = one - click * back, -click - back
        size = one / ((one + click * click) * (one + back * back))
        turn_re, turn_im = (b * b - a * a) * size, Real(-2.0) * a * b * size
        held = one / (one + HELD * change * change)
        re, im, re_below, im_below = phasors[k].real, phasors[k].imag, phasors[k - 1].real, phasors[k - 1].imag
        last = held * refined
        mixed_re = last * (re * re_below + im * im_below) + (one - held) * turn_re
        mixed_im = last * (im * re_below - re * im_below) + (one - held) * turn_im
        modulus = np.sqrt(mixed_re * mixed_re + mixed_im * mixed_im)
        sure = modulus > Real(0.01)
        scale = one / max(modulus, Real(0.01))
        steps[k] = complex(mixed_re * scale if sure else turn_re, mixed_im * scale if sure else turn_im)


@compiled
def find_offsets(S: Array, offsets: Array) -> None:
    """Estimate the offset of a partial from bin k, in bins, from the neighbouring magnitudes.

    Between bins k - 1 and k + 1 a partial at k + δ shows through a Hann window as magnitudes in the ratio
    (1 - δ)(2 - δ) : (1 + δ)(2 + δ). With their sum s and difference d that makes
    δ = 4 d / (3 s + sqrt(9 s² - 8 d²)).
    """
    last = S.size - 1
    for k in range(1, last):
        total, change = S[k + 1] + S[k - 1], S[k + 1] - S[k - 1]
        root = np.sqrt(Real(9.0) * total * total - Real(8.0) * change * change)
        offsets[k] = Real(4.0) * change / (Real(3.0) * total + root + TINY)
    offsets[0] = offsets[last] = Real(0.0)  # a spectrum is even there


@compiled
def turn_in_time(S: Array, before: Array, phasors: Array, dice: int, own: Propagation) -> int:
    """Turn every bin by one hop of its frequency, and stir the noise that is held.

    Neighbours that see one partial differ by 1 in where they see it; in noise they do not. The same noise
    frame over and over would make every bin a partial of its own and the sound a buzz that repeats every
    n_fft samples, so there the phase also wanders at random, as that of noise does.
    """
    offsets, last = own.offsets, S.size - 1
    find_offsets(S, offsets)
    power, moved = TINY, Real(0.0)
    for k in range(S.size):
        power += S[k] * S[k]
        moved += (S[k] - before[k]) * (S[k] - before[k])
    wander = WANDER / (Real(1.0) + SAME * moved / power)
    scale = Real(0.5 / np.pi)
    of_offset, of_chance = Real(2.0) * own.half_hop[0] * scale, wander * scale
    turns, jumps = own.turns, own.jumps
    for k in range(1, last):
        one_partial = max(offsets[k] - offsets[k + 1], offsets[k - 1] - offsets[k])
        turns[k] = of_offset * offsets[k] + of_chance * strayed(one_partial, jumps[k, 0], jumps[k, 1], dice)
    turns[0] = of_chance * strayed(offsets[0] - offsets[1], jumps[0, 0], jumps[0, 1], dice)
    turns[last] = of_chance * strayed(offsets[last - 1] - offsets[last], jumps[last, 0], jumps[last, 1], dice)
    turn_phasors(phasors, own.turn, turns)
    return (jumps[last, 0] * dice + jumps[last, 1]) & DICE_MASK


@compiled
def strayed(one_partial: Real, factor: int, term: int, dice: int) -> Real:
    """Draw how far a bin strays, -1..1; one that sees one partial stays where it is."""
    noise = min(max(Real(1.5) - Real(2.0) * one_partial, Real(0.0)), Real(1.0))
    return noise * (Real(np.int32((factor * dice + term) & DICE_MASK)) * Real(2.0**-30) - Real(1.0))


@compiled
def turn_phasors(phasors: Array, turn: Array, turns: Array) -> None:
    """Turn phasors as bins turn in a hop, and further by parts of a turn."""
    one, two = Real(1.0), Real(2.0)
    for k in range(phasors.size):
        half = Real(np.pi) * (turns[k] - np.floor(turns[k] + Real(0.5)))  # half the angle, within a quarter turn
        square = half * half
        sine = half * (one + square * (SINE[0] + square * (SINE[1] + square * (SINE[2] + square * SINE[3]))))
        cosine = COSINE[2] + square * (COSINE[3] + square * COSINE[4])
        cosine = one + square * (COSINE[0] + square * (COSINE[1] + square * cosine))
        a, b = one - two * sine * sine, two * sine * cosine
        re, im = turn[k].real * a - turn[k].imag * b, turn[k].real * b + turn[k].imag * a
        a, b = phasors[k].real, phasors[k].imag
        phasors[k] = complex(a * re - b * im, a * im + b * re)


@compiled
def turn_in_frequency(S: Array, before: Array, phasors: Array, past: Real, own: Propagation) -> None:
    """Give the bins whose path runs along the new frame their neighbours' phases, turned by the step between them.

    A bin takes its phase along the path whose quietest bin is the loudest. Paths start in the frame before and run
    along the new one. Phase gradient heap integration finds them with a heap; on a line of bins a sweep from either
    end finds the same ones. A sudden sound has no past: its loudest bin starts it.
    """
    falling, steps = own.falling, own.steps
    last, loudest, level = S.size - 1, 0, Real(-1.0)
    for k in range(S.size):
        level = max(level, S[k])
    while S[loudest] < level:
        loudest += 1
    start = max(past * before[loudest], Real(1e-3) * level)
    path = above = Real(0.0)
    for k in range(last, -1, -1):
        path = max(start if k == loudest else past * before[k], min(path, above))
        falling[k], above = path, S[k]
    path = below = Real(0.0)
    for k in range(S.size):
        origin = start if k == loudest else past * before[k]
        path, below = max(origin, min(path, below)), S[k]
        if path > origin and path >= falling[k]:
            phasors[k] = phasors[k - 1] * steps[k]
        if falling[k] <= path:
            falling[k] = Real(-1.0)  # its path does not come from above
    for k in range(last - 1, -1, -1):
        if falling[k] >= Real(0.0):
            phasors[k] = phasors[k + 1] * np.conj(steps[k + 1])
