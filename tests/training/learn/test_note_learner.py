import numpy as np
import pytest

pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.experiments.scenarios.notes import FINE
from training.data.corpus import Corpus, Part
from training.learn.note_learner import NoteLearner

pytestmark = pytest.mark.training


class CountingClock:
    """A clock that moves by a second whenever it is read."""

    now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


def _notes(count, rng):
    conditions = np.stack([rng.uniform(50, 70, count), rng.uniform(-20, 0, count)], axis=1).astype(np.float32)
    names = np.array([f"{n % 4}.wav" for n in range(count)])
    return Part(rng.random((count, FINE.bins, 1), dtype=np.float32), np.full(count, "harp"), names, conditions)


@pytest.fixture
def corpus(rng):
    return Corpus("harp", "", "0" * 64, 4, _notes(32, rng), _notes(8, rng), FINE)


@pytest.mark.parametrize("minutes", [5, 60, 7 * 24 * 60])
def test_the_first_version_does_not_wait_for_a_share_of_a_long_time(corpus, minutes):
    clock = CountingClock()
    steps = NoteLearner(corpus, latent_dim=2, clock=clock).run(60.0 * minutes)
    first = next(step for step in steps if step.is_better)
    assert clock.now < 20.0
    assert first.held_db == first.best_db < float("inf")


def test_the_same_seed_gives_the_same_distances(corpus):
    runs = [list(NoteLearner(corpus, 2, 5, clock=CountingClock()).run(40.0)) for _ in range(2)]
    assert [step.held_db for step in runs[0]] == [step.held_db for step in runs[1]]
    assert runs[0][-1].is_last
