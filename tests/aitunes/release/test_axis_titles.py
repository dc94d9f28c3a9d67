"""Titles of the pad's axes: the quality that an axis moves most, from what a card says."""

from dataclasses import replace

import pytest

from aitunes.release.axis_titles import axis_title


def titled(tiny, **metrics):
    card = tiny.card()
    return replace(card, training=replace(card.training, metrics=metrics))


def test_the_strongest_correlation_names_an_axis(tiny):
    card = titled(tiny, axis_1_brightness=-0.84, axis_1_loudness=0.5, axis_2_loudness=0.9)
    assert [axis_title(card, axis) for axis in (0, 1, 2)] == ["PC 1 · brightness −0.8", "PC 2 · loudness 0.9", "PC 3"]


@pytest.mark.parametrize("value", [0.2, 3.0, "much", None])
def test_weak_and_impossible_correlations_name_nothing(tiny, value):
    assert axis_title(titled(tiny, axis_1_pitch=value), 0) == "PC 1"
