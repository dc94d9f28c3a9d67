"""Textures as the session sees them: frames are collected, the learner runs, its best state is exported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from training.learn.frames import Frames
from training.learn.learner import Learner, LearnSettings
from training.learn.release import LearntNames, Source, export_learnt
from training.learn.steps import Step, Titles

LATENT_DIM = 64
LICENCE = "the files' own"


class TextureLearning:
    """Learns frames of any sound.

    Args:
        frames: that were collected.
        data_hash: of what they were made from, for the card.
        latent_dim: coordinates of the release; fewer where there is little sound.
        seed: of all chances.
    """

    def __init__(self, frames: Frames, data_hash: str, latent_dim: int = LATENT_DIM, seed: int = 0) -> None:
        self._frames, self._hash = frames, data_hash
        self._learner = Learner(frames, LearnSettings(latent_dim=latent_dim, seed=seed))

    @property
    def best_db(self) -> float:
        """Distance of the best state from held-out sound, dB; infinite before there is one."""
        try:
            return float(self._learner.best.held_db)
        except RuntimeError:
            return float("inf")

    def run(self, seconds: float) -> Iterator[Step]:
        """Train for so long; called again, it goes on."""
        yield from self._learner.run(seconds=seconds)

    def export(self, to: Path, titles: Titles) -> Path:
        """Write the best state as a release."""
        names = LearntNames(titles.name, titles.public_name, titles.description)
        source = Source(titles.data_name, LICENCE, self._hash, titles.command)
        return export_learnt(self._learner.best, self._frames, to, names, source)
