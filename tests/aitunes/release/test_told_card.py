"""Tests cards that are told in one datagram: whole where they fit, without their axes where they do not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aitunes.errors import ReleaseError
from aitunes.release.bundled import BUNDLED
from aitunes.release.reader import read_card
from aitunes.release.told_card import MAX_TOLD, heard_card, told_card

RELEASES = Path(__file__).parents[3] / "instrument" / "releases"


def nowhere(name):
    raise ReleaseError(f"There is no release named {name!r}.")


@pytest.fixture(scope="module")
def wide(tiny):
    return tiny.card("wide", latent_dim=128)


@pytest.mark.parametrize("name", BUNDLED)
def test_every_bundled_card_fits_and_is_heard_as_it_is(name):
    card = read_card(RELEASES / name)
    text = told_card(card)
    assert len(text.encode()) <= MAX_TOLD
    assert heard_card(text, lambda name: read_card(RELEASES / name)) == card


def test_a_card_that_fits_needs_no_copy(tiny):
    card = tiny.card()
    assert heard_card(told_card(card), nowhere) == card
    assert heard_card(card.to_json(), nowhere) == card


def test_a_large_card_goes_without_its_axes_which_come_from_the_copy(wide):
    text = told_card(wide)
    assert len(text) <= MAX_TOLD < len(wide.to_json())
    assert heard_card(text, lambda name: {"wide": wide}[name]) == wide


def test_without_a_copy_each_coordinate_is_an_axis(wide):
    heard = heard_card(told_card(wide), nowhere)
    np.testing.assert_array_equal(heard.latent.axes, np.eye(128))
    assert replace(heard, latent=replace(heard.latent, axes=wide.latent.axes)) == wide


def test_another_release_of_the_same_name_is_no_copy(wide):
    other = replace(wide, description="Made anew.")
    assert heard_card(told_card(wide), lambda name: other).description == wide.description


def test_a_text_on_a_card_is_not_taken_for_missing_axes(tiny, wide):
    for card in (tiny.card(), wide):
        odd = replace(card, description='{"axes":null,"latent_dim":7}')
        assert heard_card(told_card(odd), lambda name, odd=odd: odd) == odd


@pytest.mark.parametrize(
    "text", ['{"axes":null}', '"axes":null', '{"latent_dim":999,"latent":{"axes":null}}', "[" * 60_000]
)
def test_what_is_no_card_is_refused(text):
    with pytest.raises(ReleaseError):
        heard_card(text, nowhere)


def test_a_card_that_fits_into_no_datagram_is_refused(tiny):
    many = replace(tiny.card("many", latent_dim=512), description="é" * 4_000)
    with pytest.raises(ReleaseError, match="more than a datagram carries"):
        told_card(many)
