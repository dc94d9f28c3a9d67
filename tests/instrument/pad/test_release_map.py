"""The map: landmarks on any two axes, and how densely they lie."""

import numpy as np
import pytest

from aitunes.errors import ReleaseError
from aitunes.release.reader import Landmarks, read_card, read_landmarks
from instrument.pad.release_map import MAX_LABELS, blank, find, release_map
from instrument.storage.library import Library


@pytest.fixture
def bundled():
    library = Library()
    folder = library.find("first-light")
    return read_card(folder), read_landmarks(folder, read_card(folder))


def test_the_first_axes_give_the_map_that_training_drew(bundled):
    card, landmarks = bundled
    np.testing.assert_allclose(release_map(card, landmarks).positions((0, 1)), landmarks.positions, atol=1e-4)


def test_axes_that_change_places_turn_the_map(bundled):
    landmarks = release_map(*bundled)
    np.testing.assert_array_equal(landmarks.positions((4, 2)), landmarks.positions((2, 4))[:, ::-1])


def test_the_densest_place_is_one_and_lies_where_the_landmarks_do(card):
    near = np.full((40, 3), 0.1, np.float32)
    landmarks = release_map(card, marks(card, near, ["a"] * 40))
    density = landmarks.density((0, 1)).sum(axis=0)
    assert density.max() == pytest.approx(1.0)
    row, column = np.unravel_index(density.argmax(), density.shape)
    x, y = landmarks.positions((0, 1))[0]
    assert column / density.shape[1] == pytest.approx(x, abs=0.02)
    assert 1.0 - row / density.shape[0] == pytest.approx(y, abs=0.02)
    assert density.min() < 1e-3


def test_the_most_frequent_labels_have_colours_and_the_rest_are_counted(card, rng):
    labels = [f"label {n:02d}" for n in range(MAX_LABELS + 5) for _ in range(n + 1)]
    landmarks = release_map(card, marks(card, rng.normal(size=(len(labels), 3)), labels))
    assert landmarks.labels == [f"label {n:02d}" for n in range(5, MAX_LABELS + 5)]
    assert landmarks.others == 5
    assert landmarks.label_numbers[0] == MAX_LABELS


def test_a_release_that_is_elsewhere_has_a_blank_map(card, tmp_path):
    assert find(Library([tmp_path]), card).names == []
    assert blank(card).positions((0, 1)).shape == (0, 2)


def test_a_damaged_map_is_named(card, tmp_path, tiny):
    tiny.write(tmp_path, "tiny")
    (tmp_path / "tiny" / "map.npz").write_bytes(b"no map")
    with pytest.raises(ReleaseError, match="map of tiny"):
        find(Library([tmp_path]), card)


def marks(card, coordinates, labels):
    codes = card.latent.codes(np.asarray(coordinates))
    names = np.array([f"sound {n}" for n in range(len(codes))])
    return Landmarks(codes, np.zeros((len(codes), 2), np.float32), np.array(labels), names)
