"""The map: landmarks on any two axes, and how densely they lie."""

import os
import struct
import zipfile
from dataclasses import replace

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


def test_axes_are_called_what_they_were_measured_to_move(card):
    measured = replace(card, training=replace(card.training, metrics={"axis_1_brightness": 0.81}))
    assert blank(measured).axis_titles[:2] == ("PC 1 · brightness 0.8", "PC 2")


def test_a_release_that_is_elsewhere_has_a_blank_map(card, tmp_path):
    assert find(Library([tmp_path]), card).names == []
    assert blank(card).positions((0, 1)).shape == (0, 2)


def test_a_damaged_map_is_named(card, tmp_path, tiny):
    tiny.write(tmp_path, "tiny")
    (tmp_path / "tiny" / "map.npz").write_bytes(b"no map")
    with pytest.raises(ReleaseError, match="map of tiny"):
        find(Library([tmp_path]), card)


ITEMS = 4


def arrays(**changed):
    """The arrays of a map for `tiny`, some of them changed."""
    return {
        "codes": np.zeros((ITEMS, 3), np.float32),
        "positions": np.zeros((ITEMS, 2), np.float32),
        "labels": np.array(["a"] * ITEMS),
        "sources": np.array(["s"] * ITEMS),
    } | changed


def cut(path):
    path.write_bytes(path.read_bytes()[:-200])


def huge(path):
    """An array that claims 10^12 rows, and has none of them."""
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 3), }\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("codes.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())


def fifo(path):
    path.unlink()
    os.mkfifo(path)


HOSTILE_ARRAYS = [
    arrays(codes=np.full((ITEMS, 3), np.nan, np.float32)),
    arrays(codes=np.full((ITEMS, 3), np.inf, np.float32)),
    arrays(codes=np.full((ITEMS, 3), 1e30, np.float64)),
    arrays(codes=np.array([["x"] * 3] * ITEMS)),
    arrays(codes=np.array([[None] * 3] * ITEMS)),
    arrays(positions=np.full((ITEMS, 2), np.nan, np.float32)),
    arrays(labels=np.array(["a"])),
    arrays(labels=np.arange(ITEMS)),
    {"codes": np.zeros((ITEMS, 3))},
]


@pytest.fixture
def write_map(tmp_path, tiny):
    """Write the release `tiny` with a map of these arrays; its folder's parent is a library."""

    def write(values, save=np.savez, damage=lambda path: None):
        tiny.write(tmp_path, "tiny")
        save(tmp_path / "tiny" / "map.npz", **values)
        damage(tmp_path / "tiny" / "map.npz")
        return Library([tmp_path])

    return write


@pytest.mark.parametrize("values", HOSTILE_ARRAYS)
def test_a_map_of_other_values_is_a_sentence(card, write_map, values):
    with pytest.raises(ReleaseError, match="map of tiny"):
        find(write_map(values), card)


@pytest.mark.parametrize("damage", [cut, huge, fifo, lambda path: path.write_bytes(b""), lambda path: path.unlink()])
def test_a_map_that_is_no_map_is_a_sentence(card, write_map, damage):
    with pytest.raises(ReleaseError, match="map of tiny"):
        find(write_map(arrays(), damage=damage), card)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_map_of_extreme_values_is_shown(window, write_map, card, save, qtbot):
    values = arrays(codes=np.array([[1e8, -1e8, 0], [0, 0, 0], [-1e8, 1e8, 0], [1e-30, 0, 0]], np.float32))
    window.surface.show_map(find(write_map(values, save), card))
    for axes in ((0, 1), (2, 0), (1, 2)):
        window.session.model.choose_axes(*axes)
        window.surface.repaint()
    assert np.isfinite(window.surface.release_map.density((0, 1))).all()


def test_an_empty_map_is_a_blank_one(window, write_map, card):
    empty = {"codes": np.zeros((0, 3), np.float32), "positions": np.zeros((0, 2), np.float32)}
    names = {name: np.zeros(0, "<U1") for name in ("labels", "sources")}
    window.surface.show_map(find(write_map(empty | names), card))
    window.surface.repaint()
    assert window.surface.landmark_at(window.surface.pixel_at(0.5, 0.5), reach=1e6) is None


def test_names_in_a_map_are_shown_without_their_escapes(card, write_map):
    shown = find(write_map(arrays(sources=np.array(["\x1b[2J\n"] * ITEMS), labels=np.array(["\x07_x"] * ITEMS))), card)
    assert shown.names[0] == r"\x1b[2J\n"
    assert shown.labels == [r"\x07 x"]


def marks(card, coordinates, labels):
    codes = card.latent.codes(np.asarray(coordinates))
    names = np.array([f"sound {n}" for n in range(len(codes))])
    return Landmarks(codes, np.zeros((len(codes), 2), np.float32), np.array(labels), names)
