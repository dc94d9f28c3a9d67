"""Describes releases as their cards say at this moment."""

import json

from instrument.storage.library import Library
from instrument.web.catalogue import Catalogue


def test_a_release_that_changes_is_described_as_it_is_now(tiny, tmp_path):
    folder = tiny.write(tmp_path, "tiny", latent_dim=3)
    catalogue = Catalogue(Library([tmp_path]))
    (before,) = catalogue.rows()
    assert catalogue.rows()[0] is before
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    (folder / "card.json").write_text(json.dumps({**card, "description": "Changed."}), encoding="utf-8")
    (after,) = catalogue.rows()
    assert (before["description"], after["description"]) == ("Made by a test.", "Changed.")


def test_releases_come_and_go_and_the_default_is_one_of_them(tiny, tmp_path):
    catalogue = Catalogue(Library([tmp_path]))
    assert catalogue.listing() == {"default": "first-light", "releases": []}
    for name in ("wide", "narrow"):
        tiny.write(tmp_path, name)
    listing = catalogue.listing()
    assert listing["default"] == "narrow"
    assert [row["name"] for row in listing["releases"]] == ["narrow", "wide"]
