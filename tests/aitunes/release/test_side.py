"""Tests how a release's side levels are stored, and what of them is refused."""

from dataclasses import replace

import numpy as np
import pytest

from aitunes.errors import ReleaseError
from aitunes.release.reader import read_card
from aitunes.release.side import SIDE, SIDE_DB, SideLevels, read_side
from aitunes.release.writer import write_release


def make_side(latent_dim=3, bands=4, units=5):
    rng = np.random.default_rng(2)
    return SideLevels(
        edges=np.array([200.0, 800.0, 3_200.0], np.float32)[: bands - 1],
        inner=rng.normal(size=(latent_dim, units)).astype(np.float32),
        inner_bias=rng.normal(size=units).astype(np.float32),
        outer=rng.normal(size=(units, bands)).astype(np.float32),
        outer_bias=np.full(bands, -12.0, np.float32),
    )


@pytest.fixture
def write(tiny, tmp_path):
    """`write(content)`: a release whose side file has that content; its folder and card."""

    def written(content):
        card = tiny.card()
        folder = write_release(tmp_path, card, {**tiny.files(card, tiny.decoder(card)), SIDE: content})
        return folder, read_card(folder)

    return written


def test_levels_come_back_to_a_twentieth_of_a_decibel(write, rng):
    side = make_side()
    found = read_side(*write(side.to_bytes()))
    z = rng.normal(size=(50, 3)).astype(np.float32)
    assert np.allclose(found.levels_db(z), side.levels_db(z), atol=0.05)
    assert np.ptp(side.levels_db(z)) > 1.0


def test_a_release_without_them_is_mono(tiny, tmp_path):
    folder = tiny.write(tmp_path)
    assert read_side(folder, read_card(folder)) is None


def test_levels_stay_in_their_range_however_far_the_code():
    levels = make_side().levels_db(np.array([[1e6, -1e6, 1e6], [-1e6, 1e6, -1e6]], np.float32))
    assert np.isfinite(levels).all()
    assert levels.min() >= SIDE_DB[0]
    assert levels.max() <= SIDE_DB[1]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"inner": np.zeros((4, 5), np.float32)}, "inner has the shape"),
        ({"outer": np.zeros((5, 3), np.float32)}, "outer has the shape"),
        ({"edges": np.array([200.0, 800.0], np.float32)}, "edges has the shape"),
        ({"edges": np.array([200.0, 800.0, 800.0], np.float32)}, "do not rise"),
        ({"edges": np.array([0.0, 800.0, 900.0], np.float32)}, "do not rise"),
        ({"outer_bias": np.array([0.0, np.nan, 0.0, 0.0], np.float32)}, "no numbers"),
        ({"inner_bias": np.array([0.0, np.inf, 0.0, 0.0, 0.0], np.float32)}, "no numbers"),
        ({"outer": np.full((5, 4), 3e4, np.float32)}, "beyond"),
        ({"outer_bias": np.zeros((4, 1), np.float32)}, "dimensions"),
    ],
)
def test_what_cannot_be_played_is_refused(write, change, match):
    with pytest.raises(ReleaseError, match=match):
        read_side(*write(replace(make_side(), **change).to_bytes()))


def test_too_many_bands_are_refused(write):
    side = SideLevels.constant(np.geomspace(50.0, 20_000.0, 200), np.zeros(201), 3)
    with pytest.raises(ReleaseError, match="at most"):
        read_side(*write(side.to_bytes()))


def test_no_bands_are_refused(write):
    side = replace(make_side(), inner=np.zeros((3, 0)), inner_bias=np.zeros(0), outer=np.zeros((0, 4)))
    with pytest.raises(ReleaseError, match="no bands"):
        read_side(*write(side.to_bytes()))


@pytest.mark.parametrize("content", [b"", b"PK", b"\x00" * 100])
def test_a_damaged_file_is_refused(write, content):
    with pytest.raises(ReleaseError, match="stereo side of"):
        read_side(*write(content))
