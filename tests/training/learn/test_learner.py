"""The learner: never worse than its linear model, at once playable, and the same for the same seed."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.errors import TrainingError
from training.learn.frames import FrameCollector
from training.learn.learner import Learner, LearnSettings


class CountingClock:
    """A clock that moves by a tenth of a second whenever it is read."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 0.1
        return self.now


def collected(files=6):
    rng, collector = np.random.default_rng(0), FrameCollector()
    t = np.arange(2 * collector.sample_rate) / collector.sample_rate
    for n in range(files):
        y = 0.3 * np.sin(2 * np.pi * 110 * (n + 1) * t) * np.exp(-t) + 0.01 * rng.standard_normal(t.size)
        collector.add(f"{n}.wav", "tones", y.astype(np.float32))
    return collector.finish()


def steps_of(frames, seed=0):
    learner = Learner(frames, LearnSettings(latent_dim=4, seed=seed), CountingClock())
    return list(learner.run(6.0)), learner


@pytest.fixture(scope="module")
def frames():
    return collected()


@pytest.fixture(scope="module")
def learnt(frames):
    """The steps and the learner of these frames, for all tests that only look at them."""
    return steps_of(frames)


def test_first_step_is_a_playable_linear_model(learnt):
    steps, _ = learnt
    assert steps[0].stage == "linear"
    assert steps[0].is_better
    assert steps[0].held_db == steps[0].model.linear_db


def test_best_state_is_never_worse_than_the_linear_one(learnt):
    steps, learner = learnt
    assert learner.best.held_db == min(step.held_db for step in steps) <= learner.best.linear_db
    assert steps[-1].is_last


def test_same_seed_gives_the_same_errors(frames, learnt):
    assert [s.held_db for s in steps_of(frames)[0]] == [s.held_db for s in learnt[0]]


def test_whole_files_are_held_out(frames):
    assert frames.held_files
    assert not set(frames.held_files) & set(frames.names)


def test_silence_is_refused_with_a_sentence():
    collector = FrameCollector()
    collector.add("silence.wav", "none", np.zeros(44_100, np.float32))
    with pytest.raises(TrainingError, match="no sound that can be heard"):
        collector.finish()
