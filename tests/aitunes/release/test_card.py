import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitunes.errors import ReleaseError
from aitunes.release.card import LatentSpace, ReleaseCard


@pytest.fixture(scope="module")
def card(tiny):
    return tiny.card()


def test_a_card_survives_its_text(card):
    text = card.to_json()
    assert ReleaseCard.from_json(text) == card
    assert ReleaseCard.from_json(text).to_json() == text


def test_an_unknown_schema_version_is_refused(card):
    text = card.to_json().replace('"schema": 1', '"schema": 2')
    with pytest.raises(ReleaseError, match="schema version 2; this AiTunes reads version 1"):
        ReleaseCard.from_json(text)


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "Upper", ".hidden", "a" * 65, "c:\\x", "nul", "com1"])
def test_a_release_name_with_a_path_is_refused(card, name):
    with pytest.raises(ReleaseError, match="without a path"):
        replace(card, name=name)


@pytest.mark.parametrize("name", ["../decoder.onnx", "a/b.onnx", "/etc/passwd", "..", "a\\b", ".x", ""])
def test_a_file_name_with_a_path_is_refused(card, name):
    with pytest.raises(ReleaseError, match="not a plain name"):
        replace(card, files={name: "0" * 64})


def test_something_else_than_a_hash_is_refused(card):
    with pytest.raises(ReleaseError, match=r"no valid SHA-256 for decoder\.onnx"):
        replace(card, files={"decoder.onnx": "abc"})


def test_a_shape_that_contradicts_the_features_is_refused(card):
    with pytest.raises(ReleaseError, match="audio features need"):
        replace(card, output=replace(card.output, shape=("batch", 31, 1)))
    with pytest.raises(ReleaseError, match=r"latent input of shape \[batch, 4\]"):
        replace(card, latent_dim=4)


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", "null", '{"schema": 1}', '{"schema": 1, "name": "x"}'])
def test_what_is_no_card_is_refused(text):
    with pytest.raises(ReleaseError, match="card"):
        ReleaseCard.from_json(text)


def test_a_number_that_is_none_is_refused(card):
    values = json.loads(card.to_json())
    values["latent"]["mean"][0] = float("nan")
    with pytest.raises(ReleaseError, match="NaN is not a number"):
        ReleaseCard.from_json(json.dumps(values))


def test_a_negative_variance_is_refused(card):
    with pytest.raises(ReleaseError, match="variance"):
        replace(card, latent=replace(card.latent, variance=(1.0, -1.0, 1.0)))


def test_codes_that_do_not_vary_have_no_shares(card):
    still = replace(card.latent, variance=(0.0, 0.0, 0.0))
    assert still.explained_variance.tolist() == [0.0, 0.0, 0.0]
    assert replace(still, variance=(5e-324, 0.0, 0.0)).explained_variance.tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "edit",
    [
        lambda values: values.update(description="\ud800"),
        lambda values: values["training"].update(data_licence="a\udfff"),
        lambda values: values["training"]["metrics"].update({"\udbff": 1.0}),
        lambda values: values["inputs"][0].update(name="\ud800"),
    ],
)
def test_half_a_character_is_refused_because_no_program_can_show_it(card, edit):
    values = json.loads(card.to_json())
    edit(values)
    with pytest.raises(ReleaseError, match="half of a character"):
        ReleaseCard.from_json(json.dumps(values))


def test_whole_characters_beyond_16_bits_are_text(card):
    text = json.dumps({**json.loads(card.to_json()), "description": "\N{MUSICAL SYMBOL G CLEF}"})
    assert "ud834" in text
    assert ReleaseCard.from_json(text).description == "\N{MUSICAL SYMBOL G CLEF}"


@pytest.mark.parametrize("value", [1e38, -1e7, float("inf"), float("nan")])
def test_a_latent_space_beyond_all_measure_is_refused(card, value):
    with pytest.raises(ReleaseError, match=r"within ±1e\+06 of shape \[3\] as latent mean"):
        replace(card, latent=replace(card.latent, mean=(value, 0.0, 0.0)))


@pytest.mark.parametrize("latent_dim", [3.0, "3", 0, True])
def test_a_latent_dim_that_is_no_whole_number_is_refused(card, latent_dim):
    with pytest.raises(ReleaseError, match="latent_dim"):
        replace(card, latent_dim=latent_dim)


def leaves(value, path=()):
    """Paths to every place of a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from leaves(item, (*path, key))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(data=st.data(), value=JSON)
def test_a_damaged_card_is_refused_or_valid_and_never_raises_anything_else(card, data, value):
    values = json.loads(card.to_json())
    path = data.draw(st.sampled_from([path for path in leaves(values) if path]))
    place = values
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    try:
        read = ReleaseCard.from_json(json.dumps(values))
    except ReleaseError:
        return
    assert np.isfinite(read.latent.codes(np.ones(read.latent_dim))).all()


def test_coordinates_and_codes_are_inverse(rng):
    latent = LatentSpace.from_codes(rng.normal(size=(300, 5)) @ rng.normal(size=(5, 5)) + 3.0)
    coordinates = rng.uniform(-4, 4, size=(20, 5))
    assert np.allclose(latent.coordinates(latent.codes(coordinates)), coordinates, atol=1e-4)
    assert latent.codes(np.zeros(5)) == pytest.approx(latent.mean, abs=1e-5)


def test_coordinates_of_the_training_codes_have_unit_deviation_and_fill_the_pad(rng):
    z = rng.normal(size=(2000, 4)) @ rng.normal(size=(4, 4)) + 1.0
    latent = LatentSpace.from_codes(z, quantile=0.01)
    coordinates = latent.coordinates(z)
    assert np.allclose(coordinates.mean(axis=0), 0.0, atol=1e-3)
    assert np.allclose(coordinates.std(axis=0), 1.0, atol=1e-3)
    low, high = np.array(latent.pad_range).T
    inside = ((coordinates >= low) & (coordinates <= high)).mean(axis=0)
    assert np.allclose(inside, 0.98, atol=0.002)


def test_axes_are_orthonormal_and_most_variance_comes_first(rng):
    latent = LatentSpace.from_codes(rng.normal(size=(300, 6)) * np.arange(1, 7))
    axes = np.array(latent.axes)
    assert np.allclose(axes @ axes.T, np.eye(6), atol=1e-7)
    assert np.all(np.diff(latent.variance) <= 0)
    assert latent.explained_variance.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("key", ["name", "public_name", "description"])
@pytest.mark.parametrize("value", [None, 5, ["x"], {}])
def test_a_name_or_description_that_is_no_text_is_refused(card, key, value):
    values = {**json.loads(card.to_json()), key: value}
    with pytest.raises(ReleaseError, match=f"^A card's {key} must be text; .* is not\\.$"):
        ReleaseCard.from_json(json.dumps(values))


@pytest.mark.parametrize("key", ["features", "output", "latent", "training", "files"])
@pytest.mark.parametrize("value", [[], None, "text", 5])
def test_a_list_in_the_place_of_named_values_is_refused(card, key, value):
    values = {**json.loads(card.to_json()), key: value}
    with pytest.raises(ReleaseError, match=rf"^The card's {key} must be named values \{{…\}}, not .*\.$"):
        ReleaseCard.from_json(json.dumps(values))


def test_inputs_that_are_no_list_of_named_values_are_refused(card):
    values = json.loads(card.to_json())
    for inputs, sentence in (({}, r"inputs must be a list \[…\]"), ([[]], r"inputs\[0\] must be named values")):
        with pytest.raises(ReleaseError, match=sentence):
            ReleaseCard.from_json(json.dumps({**values, "inputs": inputs}))


@pytest.mark.parametrize("depth", [300, 700, 900, 3_000, 100_000])
@pytest.mark.parametrize("key", ["mean", "description", "versions"])
def test_a_deep_card_is_refused(card, depth, key):
    values = json.loads(card.to_json())
    place = {"mean": values["latent"], "description": values, "versions": values["training"]}[key]
    place[key] = "bottomless"
    with pytest.raises(ReleaseError, match="card"):
        ReleaseCard.from_json(json.dumps(values).replace('"bottomless"', "[" * depth + "]" * depth))


@pytest.mark.parametrize(("key", "value"), [("metrics", []), ("versions", {"torch": []}), ("command", {"a": 1})])
def test_a_training_record_of_other_kinds_is_refused(card, key, value):
    values = json.loads(card.to_json())
    values["training"][key] = value
    with pytest.raises(ReleaseError, match=f"^The card's training must have plain values; its {key} has not\\.$"):
        ReleaseCard.from_json(json.dumps(values))


def test_a_hash_that_is_no_text_is_refused(card):
    values = {**json.loads(card.to_json()), "files": {"decoder.onnx": 5}}
    with pytest.raises(ReleaseError, match=r"no valid SHA-256 for decoder\.onnx"):
        ReleaseCard.from_json(json.dumps(values))
