"""A card asks for nothing that cannot be played, and no number in it is too long to be refused."""

import json

import pytest

from aitunes.errors import ReleaseError
from aitunes.release.card import ReleaseCard
from aitunes.release.files import MAX_CARD_BYTES


@pytest.fixture(scope="module")
def values(tiny):
    return json.loads(tiny.card().to_json())


def changed(values, path, value):
    """The text of a card with another value at a path such as "features.n_fft"."""
    text = json.loads(json.dumps(values))
    *above, last = path.split(".")
    inner = text
    for name in above:
        inner = inner[int(name)] if isinstance(inner, list) else inner[name]
    inner[int(last) if isinstance(inner, list) else last] = value
    return json.dumps(text)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("features.sample_rate", 1),
        ("features.sample_rate", 100),
        ("features.sample_rate", 2**31),
        ("features.sample_rate", 10**17),
        ("features.n_fft", 2**20),
        ("features.n_fft", 2**24),
        ("features.frames", 10**12),
        ("features.frames", 1_000_000),
        ("features.db_range", [-1e30, 1e30]),
        ("features.db_range", "ab"),
        ("latent_dim", 100_000),
        ("inputs.0.name", "x" * 10_000),
        ("inputs.0.name", 7),
        ("output.range", [0.0, 1e999]),
        ("public_name", "x" * 201),
        ("description", "x" * 4_001),
        ("training.epochs", "many"),
        ("training.epochs", -1),
        ("training.data_name", 3),
        ("training.scenario", "x" * 10_000),
        ("training.versions", {str(n): "1" for n in range(501)}),
        ("latent.mean", ["0.0", "0.0", "0.0"]),
        ("latent.mean", [True, False, True]),
        ("files", {f"file{n}": "0" * 64 for n in range(65)}),
    ],
)
def test_what_cannot_be_played_or_shown_is_refused(values, path, value):
    with pytest.raises(ReleaseError):
        ReleaseCard.from_json(changed(values, path, value))


def test_inputs_of_endless_size_are_refused(values):
    more = {"name": "extra", "shape": ["batch", 10**12], "range": [0.0, 1.0]}
    with pytest.raises(ReleaseError, match="'extra' whose shape is none of at most 65,536 values"):
        ReleaseCard.from_json(changed(values, "inputs", [*values["inputs"], more]))


def test_inputs_share_no_name(values):
    with pytest.raises(ReleaseError, match="different texts"):
        ReleaseCard.from_json(
            changed(values, "inputs", [*values["inputs"], {**values["inputs"][0], "shape": ["batch", 1]}])
        )


@pytest.mark.parametrize(
    "path", ["latent_dim", "features.sample_rate", "features.db_range.0", "latent.mean.0", "training.epochs", "schema"]
)
@pytest.mark.parametrize("digits", [19, 400, 100_000])
def test_a_number_of_many_digits_is_refused(values, path, digits):
    text = changed(values, path, "NUMBER").replace('"NUMBER"', "1" * digits)
    with pytest.raises(ReleaseError, match=f"a whole number of {digits} digits"):
        ReleaseCard.from_json(text)


def test_a_card_is_not_parsed_where_it_is_too_long(values):
    with pytest.raises(ReleaseError, match="more than 1,048,576 characters"):
        ReleaseCard.from_json(" " * MAX_CARD_BYTES + json.dumps(values))
