import numpy as np
import pytest

from aitunes.audio_generation.sinewave import CLIPS, FAMILIES, sinewave_clip
from aitunes.errors import InvalidSoundError


@pytest.mark.parametrize("index", range(len(FAMILIES)))
def test_a_clip_is_the_same_whenever_it_is_made(index):
    once, again = sinewave_clip(index, seed=7), sinewave_clip(index, seed=7)
    assert np.array_equal(once.y, again.y)
    assert (once.label, once.name) == (again.label, again.name)


@pytest.mark.parametrize("index", range(len(FAMILIES)))
def test_another_seed_makes_another_clip(index):
    assert not np.array_equal(sinewave_clip(index, seed=7).y, sinewave_clip(index, seed=8).y)


def test_every_family_is_as_frequent_and_every_name_unique():
    clips = [sinewave_clip(index, duration_seconds=0.03) for index in range(4 * len(FAMILIES))]
    labels, counts = np.unique([clip.label for clip in clips], return_counts=True)
    assert set(labels) == set(FAMILIES)
    assert set(counts) == {4}
    assert len({clip.name for clip in clips}) == len(clips)


@pytest.mark.parametrize("index", range(0, CLIPS, 97))
def test_clips_are_audible_finite_and_unclipped(index):
    y = sinewave_clip(index).y
    assert np.isfinite(y).all()
    assert 0.05 < np.abs(y).max() <= 1.0


def test_a_negative_number_is_refused():
    with pytest.raises(InvalidSoundError, match="count from 0"):
        sinewave_clip(-1)
