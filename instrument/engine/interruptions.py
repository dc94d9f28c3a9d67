"""Names the cause of an interruption from the hops before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_DEAR_SHARE = 0.9
_HELD_SHARE = 0.5
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


def judge(hops: list[Hop], moment: float, hop_seconds: float, busiest: Callable[[], str]) -> Interruption:
    """Name the cause of an interruption from the hops before it, the last of which found the buffer empty.

    The buffer drains while hops come later than they play. What they lost is wall time in which the synth's thread had
    no processor: while it rendered, and after it should have woken up. That is not what it waited: a device that takes
    many hops at once lets it wait for as many. If other threads of the process worked meanwhile, they held the
    interpreter; if nobody did, the machine stood still or worked for other programs.
    """
    drained = _draining(hops, hop_seconds)
    work = sum(hop.processor for hop in drained)
    lost = sum(max(0.0, hop.rendered - hop.processor) for hop in drained)
    lost += sum(hop.overslept for hop in drained if hop.overslept > _TIMER_SECONDS)
    span = len(drained) * hop_seconds
    if lost > hop_seconds / 2.0:
        others, milliseconds = sum(hop.others for hop in drained), f"{1e3 * lost:.1f} ms"
        if others > _HELD_SHARE * lost:
            name = busiest()
            thread = f"the thread {name}" if name else "another thread"
            return Interruption(
                moment, "interpreter", f"{thread} of the engine held the interpreter for {milliseconds}"
            )
        if any(hop.faults for hop in drained):
            reason = f"the machine fetched memory from the disk for {milliseconds}"
        elif any(hop.switches for hop in drained):
            reason = f"other programs took the processor for {milliseconds}"
        else:
            reason = f"the machine stood still for {milliseconds}"
        return Interruption(moment, "machine", reason)
    if work > _DEAR_SHARE * span:
        decoded, handled = sum(hop.decoded for hop in drained), sum(hop.handled for hop in drained)
        phases = sum(hop.rendered for hop in drained) - decoded - handled
        parts = {"decoding": decoded, "handling messages": handled, "phase reconstruction": phases}
        part, remedy = max(parts, key=parts.__getitem__), "choose fewer iterations or a smaller release"
        sentence = f"a hop took {work / span:.0%} of its time, most of it for {part}; {remedy}"
        return Interruption(moment, "hop", sentence)
    return Interruption(moment, "device", "the device asked for sound out of turn; choose a larger buffer size")


def _draining(hops: list[Hop], hop_seconds: float) -> list[Hop]:
    """Return the hops since the buffer was last as full as usual."""
    levels = sorted(hop.buffered for hop in hops)
    usual = levels[len(levels) // 2] - hop_seconds / 4.0
    begin = max((n for n, hop in enumerate(hops[:-1]) if hop.buffered >= usual), default=0)
    return hops[begin:]
