"""Measures input onset → output onset offline: analysis, synthesis and the frames of a hop, without ring and device.

Notes of `benchmarks.audio_in` begin at random moments; the input comes hop by hop. So the figures are the same on any
machine, whatever else it does.
"""

from __future__ import annotations

import numpy as np

from benchmarks.audio_in_transfer import OfflineEar
from instrument.listening.analysis import Analyser
from instrument.listening.timbre import TimbreEncoder
from instrument.storage.library import Library
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.synth import Synth

_ITERATIONS = 8
_BEFORE_SECONDS, _AFTER_SECONDS, _HEARD_SECONDS = 0.3, 0.3, 0.35


def played(name: str, y: np.ndarray, rate: int) -> tuple[np.ndarray, int | None]:
    """Play a release with an input; return what sounds, and the sample at which a sound counted as begun."""
    release = Library().open(name)
    performance = Performance.of(release.card, _ITERATIONS)
    performance.apply("/aitunes/drone", (False,))
    analyser = Analyser(rate, rate, TimbreEncoder(release))
    performance.following.ear = OfflineEar(analyser)
    synth = Synth(ReleaseRenderer(release, rate, _ITERATIONS, background=False), performance, rate)
    at, begun, blocks = 0, None, []
    while at + rate // 100 < len(y):
        block = synth.render().mean(axis=1)
        analyser.process(y[at : at + len(block)].astype(np.float32), performance.following.settings)
        at += len(block)
        blocks.append(block)
        begun = at if begun is None and analyser.heard.onsets else begun
    return np.concatenate(blocks), begun


def latencies(
    name: str, sound: np.ndarray, onset_of: int, rate: int, rng: np.random.Generator, count: int
) -> np.ndarray:
    """Return onset → known and onset → sound of a note at so many moments, ms, [count, 2].

    Args:
        sound: a note whose onset is at the sample `onset_of`.
    """
    rows = []
    for _ in range(count):
        before = round(rate * (_BEFORE_SECONDS + 0.02 * rng.random()))
        y, begun = played(name, np.concatenate([np.zeros(before), sound, np.zeros(round(_AFTER_SECONDS * rate))]), rate)
        heard = np.abs(y[before : before + round(_HEARD_SECONDS * rate)])
        begin = before + onset_of
        rows.append(((begun or len(y)) - begin, before + int(np.argmax(heard > 0.1 * heard.max())) - begin))
    return 1e3 * np.array(rows, float) / rate
