"""Measures what motion costs: processor time of a hop, moving against holding still, in the same run.

    python -m benchmarks.motion_cost [--release NAME] [--voices N] [--iterations N]

A chord is held at the places of some sounds of the map, the drone where a release plays no notes, with the pad at rest
and with the pad moving. Still and moving renderers take turns of a quarter of a second, so that whatever else the
machine does slows both; each figure is the median over the turns.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from aitunes.release.reader import Release, read_landmarks
from instrument.namespace import ROOT
from instrument.storage.library import Library
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer

_PLACES = 6
_TURNS, _TURN_SECONDS = 6, 0.25
_CHORD = (48, 55, 60, 64, 67, 72, 76, 79)
_GOAL = 1.25


class Player:
    """Holds a chord, or the drone of a release that plays no notes, still or moving."""

    def __init__(self, release: Release, iterations: int, amount: float, voices: int) -> None:
        self.renderer = ReleaseRenderer(release, release.card.features.sample_rate, iterations, background=False)
        self.performance = Performance.of(release.card, iterations)
        pitches = self.performance.allocator.pitches
        self._keys = _CHORD[:voices] if pitches is not None and pitches.notes else ()
        held = (("/drone", not self._keys), ("/motion", amount), ("/voices", len(_CHORD)), ("/smoothing", 0.0))
        for path, *values in held:
            self.performance.apply(ROOT + path, tuple(values))
        self._latent = release.card.latent

    def play(self, z: np.ndarray, pad_moves: bool) -> float:
        """Return the processor time of a hop, ms, while a chord is held at a place."""
        at = np.clip(self._latent.coordinates(z), -4.0, 4.0)
        hops = round(_TURN_SECONDS / self.renderer.hop_seconds)
        self.performance.apply(f"{ROOT}/latent", tuple(at.tolist()))
        begin = time.thread_time()
        for n in range(hops):
            if pad_moves:
                moved = at + 0.3 * np.sin(0.1 * n)
                self.performance.apply(f"{ROOT}/latent", tuple(np.clip(moved, -4.0, 4.0).tolist()))
            self.performance.sound(self.renderer.hop_seconds)
            self.renderer.render(self.performance.advance(self.renderer.hop_seconds), self.performance)
        return 1e3 * (time.thread_time() - begin) / hops

    def strike(self, z: np.ndarray) -> None:
        """Let go of the notes and play them again at a place, for so long that their attacks are over."""
        self.performance.apply(f"{ROOT}/notes/off", ())
        for key in self._keys:
            self.performance.apply(f"{ROOT}/note", (key, 100))
        self.play(z, False)


def compare(release: Release, iterations: int, voices: int, pad_moves: bool) -> tuple[float, float]:
    """Return the processor time of a hop of the still and of the moving release, ms."""
    codes = read_landmarks(release.folder, release.card).codes
    places = codes[np.linspace(0, len(codes) - 1, _PLACES).astype(int)]
    players = [Player(release, iterations, amount, voices) for amount in (0.0, 1.0)]
    found: list[list[float]] = [[], []]
    for z in places:
        for player in players:
            player.strike(z)
        for _ in range(_TURNS):
            for player, values in zip(players, found, strict=True):
                values.append(player.play(z, pad_moves))
    return float(np.median(found[0])), float(np.median(found[1]))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", default="chamber", help="with motion")
    parser.add_argument("--voices", type=int, default=1, help="notes at once, up to 8; the drone is one")
    parser.add_argument("--iterations", type=int, default=8, help="refinements a hop")
    arguments = parser.parse_args()
    release = Library().open(arguments.release)
    print(f"{release.card.public_name}, {arguments.voices} voices, {arguments.iterations} refinements (goal {_GOAL})")
    for pad_moves in (False, True):
        still, moving = compare(release, arguments.iterations, arguments.voices, pad_moves)
        where = "pad moving" if pad_moves else "pad at rest"
        print(f"{where:12} still {still:.3f} ms a hop, moving {moving:.3f} ms: {moving / still:.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
