"""Measures where the processor time of a hop goes while the pad moves: 1, 2, 4 and 8 held notes.

    python -m benchmarks.hop_parts

Each part is wrapped in a clock, which adds about a microsecond a call; absolute figures belong to a machine and a day.
*rest* is what the renderer does beside the others: voices, gains, the mix.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from aitunes.audio_processing import griffin_lim
from aitunes.audio_processing.defaults import DEFAULT_ITERATIONS
from aitunes.audio_processing.harmonic_comb import HarmonicComb
from instrument.storage.library import Library
from instrument.synthesis.decoders import Decoder
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer, Resampler

NOTES = (48, 52, 57, 60, 64, 67, 69, 72)
COUNTS = (1, 2, 4, 8)
HOPS, SETTLED = 500, 50
RATE = 48_000.0
PARTS = ("performance", "motion", "decoder", "drawing", "phases", "resampler", "rest")


class Clock:
    """Adds up the processor time of functions by the name of their part, ms."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)

    def wrapped(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that is timed."""

        def timed(*arguments: Any, **named: Any) -> Any:
            begin = time.thread_time()
            result = function(*arguments, **named)
            self.spent[part] += 1e3 * (time.thread_time() - begin)
            return result

        return timed


def parts_ms(name: str, notes: tuple[int, ...], clock: Clock) -> dict[str, float]:
    """Return the mean processor time of each part of a hop, ms."""
    release = Library().open(name)
    renderer = ReleaseRenderer(release, RATE, DEFAULT_ITERATIONS, background=False)
    performance = Performance.of(release.card, DEFAULT_ITERATIONS)
    performance.apply("/aitunes/voices", (len(NOTES),))
    for note in notes:
        performance.apply("/aitunes/note", (note, 100))
    advance = clock.wrapped("performance", lambda: (performance.sound(renderer.hop_seconds), performance.advance(0.0)))
    render = clock.wrapped("whole", renderer.render)
    for hop, (x, y) in enumerate(np.random.default_rng(0).random((HOPS + SETTLED, 2))):
        if hop == SETTLED:
            clock.spent.clear()
        performance.apply("/aitunes/pad/xy", (float(x), float(y)))
        performance.advance(renderer.hop_seconds)
        _, coordinates = advance()
        render(coordinates, performance)
    spent = {part: ms / HOPS for part, ms in clock.spent.items()}
    spent["motion"] = spent["frames"] - spent["decode"]
    spent["decoder"] = spent["decode"] - spent["drawing"]
    spent["rest"] = spent["whole"] - spent["frames"] - spent["phases"] - spent["resampler"]
    return spent


def main() -> int:
    """Measure and print a row for each number of notes."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    clock = Clock()
    griffin_lim.advance = clock.wrapped("phases", griffin_lim.advance)
    HarmonicComb.magnitudes = clock.wrapped("drawing", HarmonicComb.magnitudes)
    Decoder.__call__ = clock.wrapped("decode", Decoder.__call__)
    Resampler.process = clock.wrapped("resampler", Resampler.process)
    from instrument.synthesis.polyphony import Polyphony

    Polyphony.frames = clock.wrapped("frames", Polyphony.frames)
    print("µs a hop" + 20 * " " + "".join(f"{part:>12}" for part in ("sum", *PARTS)))
    for name in ("first-light", "chamber"):
        for count in COUNTS:
            spent = parts_ms(name, NOTES[:count], clock)
            row = [spent["whole"] + spent["performance"], *(spent[part] for part in PARTS)]
            print(f"{name}, {count} notes".ljust(28) + "".join(f"{1e3 * ms:12.0f}" for ms in row), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
