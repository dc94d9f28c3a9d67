"""Describes releases as their cards say at this moment."""

import io
import json

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import JSONResponse

from instrument.storage import paths
from instrument.storage.library import Library
from instrument.web.catalogue import Catalogue
from instrument.web.sound_length import seconds_of


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


def test_odd_cards_hide_no_other_release_and_every_description_is_json(tiny, tmp_path):
    odd = {
        "still": lambda card: card["latent"].update(variance=[0.0] * card["latent_dim"]),
        "flat": lambda card: card["latent"].update(pad_range=[[0.0, 0.0]] * card["latent_dim"]),
        "half": lambda card: card["training"]["metrics"].update({"\ud800": 1.0}),
        "strange": lambda card: card["training"]["metrics"].update(axis_1_pitch=True, axis_1_brightness="x", loss=None),
        "long": lambda card: card["training"].update(epochs=10**17),
    }
    for name, edit in odd.items():
        path = tiny.write(tmp_path, name) / "card.json"
        card = json.loads(path.read_text(encoding="utf-8"))
        edit(card)
        path.write_text(json.dumps(card), encoding="utf-8")
    tiny.write(tmp_path, "plain")
    catalogue = Catalogue(Library([tmp_path]))
    names = [row["name"] for row in catalogue.rows()]
    assert names == ["flat", "long", "plain", "still", "strange"]
    for name in names:
        JSONResponse(catalogue.row(name))
        JSONResponse(catalogue.map(name, (0, 1)))
    JSONResponse(catalogue.listing())


def test_every_bundled_release_has_a_preview_to_be_heard():
    catalogue = Catalogue(Library([paths.bundled_releases()]))
    for row in catalogue.rows():
        file, content, _ = catalogue.preview(row["name"])
        assert row["links"]["preview"].endswith(f"/{row['name']}/{file}")
        heard = soundfile.info(io.BytesIO(content)).duration
        assert seconds_of(content) == pytest.approx(heard, abs=0.002)
        assert heard > 5.0


@given(st.sampled_from([b"OggS", b"RIFF\0\0\0\0WAVE"]), st.binary(max_size=200), st.booleans())
def test_any_bytes_have_a_length_or_none(start, rest, is_opus):
    seconds = seconds_of(start + (b"OpusHead" if is_opus else b"fmt \x10\0\0\0") + rest)
    assert seconds is None or seconds >= 0.0
