"""Names the cause of an interruption from the hops before it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from instrument.outputs.pacing import MIN_NAP_SECONDS
from instrument.scheduling import SWITCH_SECONDS

_DEAR_SHARE = 0.9
_HELD_SHARE = 0.3
"""Limits what of the lost time the synth's thread must have spent waiting for the interpreter, or others working.

Under Linux, two thirds of the time for which a thread holds it show as such waits, of a stopped process's nothing.
"""
_NAMED_SHARE = 0.5  # of the lost time, at least, that a thread has worked which is named
_TIMER_SECONDS = 0.0005  # by so much timers of systems are late, every time


@dataclass(frozen=True, slots=True)
class Hop:
    """Describes one hop; moments and durations in seconds.

    Args:
        waited, woke, ended: when its wait for the output began, when the output wanted it, when it was written.
        rendered: duration from waking to the last sample.
        decoded, handled: parts of it: the decoder's, and what the hop's events took.
        processor: processor time of the synth's thread since the previous hop ended.
        others: processor time of the process's other threads in the same time.
        buffered: sound in the buffer when it woke; 0 where the buffer had run empty.
        events: handled in this hop.
        switches, faults: involuntary switches and major page faults since the previous hop ended.
        interrupted: 1 where the buffer ran empty before this hop, else 0.
        overslept: how long after the output wanted it the hop woke up.
        voluntary: voluntary switches since the previous hop ended; NaN where the system does not count them.
    """

    waited: float = 0.0
    woke: float = 0.0
    ended: float = 0.0
    rendered: float = 0.0
    decoded: float = 0.0
    handled: float = 0.0
    processor: float = 0.0
    others: float = 0.0
    buffered: float = 0.0
    events: float = 0.0
    switches: float = 0.0
    faults: float = 0.0
    interrupted: float = 0.0
    overslept: float = 0.0
    voluntary: float = math.nan

    @property
    def lost(self) -> float:
        """Return the time in which the synth's thread wanted to go on and had no processor, seconds."""
        late = self.overslept if self.overslept > _TIMER_SECONDS else 0.0
        return max(0.0, self.rendered - self.processor) + late

    @property
    def held(self) -> float:
        """Return how long of that another thread had the interpreter, seconds.

        A thread that waits for the interpreter wakes up after every `SWITCH_SECONDS` to ask for it, and each time is a
        voluntary switch; in a machine that stands still it does not. Where they are not counted, others are taken to
        have held it while they worked.
        """
        if math.isnan(self.voluntary):
            return min(self.others, self.lost)
        naps = 1.0 + (self.woke - self.waited - self.overslept) / MIN_NAP_SECONDS
        return min(SWITCH_SECONDS * max(0.0, self.voluntary - naps), self.lost)


@dataclass(frozen=True, slots=True)
class Interruption:
    """Says when the buffer ran empty, and why.

    Args:
        moment: when it was noticed, seconds of `Meters.elapsed`.
        kind: "machine", "interpreter", "hop" or "device".
        sentence: what a musician reads.
    """

    moment: float
    kind: str
    sentence: str


def judge(hops: list[Hop], moment: float, hop_seconds: float, busiest: Callable[[], tuple[str, float]]) -> Interruption:
    """Name the cause of an interruption from the hops before it, the last of which found the buffer empty.

    The buffer drains while hops come later than they play. What they lost is wall time in which the synth's thread had
    no processor: while it rendered, and after it should have woken up. That is not what it waited: a device that takes
    many hops at once lets it wait for as many.

    Args:
        busiest: returns the thread beside the synth's that has worked most lately, and for how long, seconds.
    """
    drained = _draining(hops, hop_seconds)
    work, lost = sum(hop.processor for hop in drained), sum(hop.lost for hop in drained)
    if lost > hop_seconds / 2.0:
        if sum(hop.held for hop in drained) > _HELD_SHARE * lost:
            return Interruption(moment, "interpreter", _held_by(*busiest(), lost))
        return Interruption(moment, "machine", f"{_doing(drained)} for {1e3 * lost:.1f} ms")
    span = len(drained) * hop_seconds
    if work > _DEAR_SHARE * span:
        decoded, handled = sum(hop.decoded for hop in drained), sum(hop.handled for hop in drained)
        phases = sum(hop.rendered for hop in drained) - decoded - handled
        parts = {"decoding": decoded, "handling messages": handled, "phase reconstruction": phases}
        part, remedy = max(parts, key=parts.__getitem__), "choose fewer iterations or a smaller release"
        sentence = f"a hop took {work / span:.0%} of its time, most of it for {part}; {remedy}"
        return Interruption(moment, "hop", sentence)
    return Interruption(moment, "device", "the device asked for sound out of turn; choose a larger buffer size")


def _held_by(thread: str, worked: float, lost: float) -> str:
    # One that holds it and waits for the disk, say, has not worked, and another one is not to blame.
    name = f"the thread {thread}" if worked > _NAMED_SHARE * lost else "another thread"
    return f"{name} of the engine held the interpreter for {1e3 * lost:.1f} ms"


def _doing(drained: list[Hop]) -> str:
    if any(hop.faults for hop in drained):
        return "the machine fetched memory from the disk"
    if any(hop.switches for hop in drained):
        return "other programs took the processor"
    return "the machine stood still"


def _draining(hops: list[Hop], hop_seconds: float) -> list[Hop]:
    """Return the hops since the buffer was last as full as usual."""
    levels = sorted(hop.buffered for hop in hops)
    usual = levels[len(levels) // 2] - hop_seconds / 4.0
    begin = max((n for n, hop in enumerate(hops[:-1]) if hop.buffered >= usual), default=0)
    return hops[begin:]
