"""Renders the performance, one hop a call: latent smoothing, one or more renderers that cross-fade, output stage."""

from __future__ import annotations

import copy
from collections import deque
from dataclasses import dataclass

import numpy as np

from aitunes.features import FloatArray
from instrument.namespace import MAX_ITERATIONS
from instrument.synthesis.dynamics import OutputStage, equal_power_fade
from instrument.synthesis.effort import shared
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.stereo import Widener

SWAP_SECONDS = 0.12
"""Sets the length of the cross-fade from one renderer to the next."""


@dataclass
class _Outgoing:
    """Holds a renderer that fades out; it keeps its latent position and no longer moves the playhead."""

    renderer: ReleaseRenderer
    coordinates: FloatArray
    performance: Performance
    faded: float = 0.0

    def read(self, length: int) -> FloatArray:
        return self.renderer.read(length, self.coordinates, self.performance)


class Synth:
    """Renders the performance; live and offline alike.

    Args:
        renderer: the first renderer.
        performance: the player's settings.
        sample_rate: of the output, Hz; every renderer renders at it.

    Attributes:
        max_iterations: refinements a hop can carry at present, however many the player has set.
        abandoned: whether the renderer has failed for good.
    """

    def __init__(self, renderer: ReleaseRenderer, performance: Performance, sample_rate: float) -> None:
        self.renderer = renderer
        self.performance = performance
        self.output = OutputStage(sample_rate)
        self._widener = Widener(sample_rate)
        self._scatter = renderer.scatter
        self.max_iterations = MAX_ITERATIONS
        self._sample_rate = sample_rate
        self._outgoing: list[_Outgoing] = []
        self._sounded = False
        self.abandoned = False
        self._retired: deque[ReleaseRenderer] = deque()

    @property
    def hop_seconds(self) -> float:
        """Return the time between two hops."""
        return self.renderer.hop_seconds

    @property
    def change_seconds(self) -> float:
        """Return the time from a hop's first sample to where a change of that hop is heard.

        That is half-way between the centres of the previous frame and the new one.
        """
        return self.renderer.latency_seconds - 0.5 * self.renderer.hop_seconds

    @property
    def note_lead_seconds(self) -> float:
        """Return how much sooner than another change of the same hop a note is heard: it needs no past."""
        return self.renderer.centre_seconds - self.renderer.hop_seconds

    @property
    def resting(self) -> bool:
        """Return whether the last hop had nothing to reconstruct."""
        return not self._sounded or self.renderer.resting

    def change_renderer(self, renderer: ReleaseRenderer) -> None:
        """Cross-fade to another renderer, also from within a cross-fade."""
        performance = self.performance
        if self.abandoned:
            self._retired.append(self.renderer)
            self.renderer, self.abandoned = renderer, False
            return
        self._outgoing.append(_Outgoing(self.renderer, performance.advance(0.0), copy.copy(performance)))
        self.renderer = renderer

    def stop(self) -> None:
        """Interrupt decodes that are under way and make all later ones of these renderers fail; from any thread."""
        for renderer in (self.renderer, *(outgoing.renderer for outgoing in self._outgoing)):
            renderer.stop()

    def abandon_renderer(self) -> None:
        """Render silence from now on, until another renderer comes."""
        self.abandoned = True
        self._retire_outgoing()

    def take_retired(self) -> list[ReleaseRenderer]:
        """Return the renderers that have faded out, so that another thread can free their resources."""
        retired = []
        while self._retired:
            retired.append(self._retired.popleft())
        return retired

    def close(self) -> None:
        """End the renderers' background threads; the synth must not render after that."""
        for renderer in (self.renderer, *(outgoing.renderer for outgoing in self._outgoing), *self.take_retired()):
            renderer.close()

    def render(self) -> FloatArray:
        """Render the next block at the output's rate, left and right, [samples, 2] float32."""
        performance = self.performance
        renderers = [self.renderer, *(outgoing.renderer for outgoing in self._outgoing)]
        for renderer in renderers:
            renderer.iterations = shared(min(performance.iterations, self.max_iterations), len(renderers))
        coordinates = performance.advance(self.renderer.hop_seconds)
        performance.sound(self.renderer.hop_seconds)
        if self.abandoned or (not performance.playing and self.output.silent):
            return self._silence()
        self._sounded = True
        y = self.renderer.render(coordinates, performance)
        if self._outgoing:
            y = self._cross_fade(y)
        step = self.renderer.hop_seconds / SWAP_SECONDS
        self._scatter += min(max(self.renderer.scatter - self._scatter, -step), step)
        y = self._widener.process(y, performance.width, performance.pan, self._scatter)
        y = performance.following.mixed(y)
        return self.output.process(y, performance.gain_db, performance.playing, performance.panicked)

    def _silence(self) -> FloatArray:
        if self._sounded and not self.abandoned:
            self.renderer.reset()
            self._widener.reset()
            self._sounded = False
        self._retire_outgoing()
        y = np.zeros((round(self.renderer.hop_seconds * self._sample_rate), 2), np.float32)
        return self.output.process(y, self.performance.gain_db, playing=False)

    def _retire_outgoing(self) -> None:
        self._retired += [outgoing.renderer for outgoing in self._outgoing]
        self._outgoing.clear()

    def _cross_fade(self, y: FloatArray) -> FloatArray:
        step = 1.0 / (SWAP_SECONDS * self._sample_rate)
        mixed = self._outgoing[0].read(len(y))
        for n, outgoing in enumerate(self._outgoing):
            last = n + 1 == len(self._outgoing)
            incoming = y if last else self._outgoing[n + 1].read(len(y))
            old, new = equal_power_fade(len(y), outgoing.faded, step)
            mixed = mixed * old[:, None] + incoming * new[:, None]
            outgoing.faded += step * len(y)
        while self._outgoing and self._outgoing[0].faded >= 1.0:
            self._retired.append(self._outgoing.pop(0).renderer)
        return mixed
