import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.namespace import (
    ALIASES,
    ROOT,
    TABLE,
    Address,
    Argument,
    Kind,
    MessageError,
    canonical,
    check_arguments,
    expand,
    former,
    initial_numbers,
    initial_values,
)
from instrument.osc.patterns import is_pattern
from instrument.synthesis.performance import Performance

ROWS = {row.path: row for row in TABLE}
XY, LATENT, GAIN, QUALITY, FREEZE, LOAD, PLAY = (
    ROWS[ROOT + path] for path in ("/pad/xy", "/latent", "/gain", "/quality", "/freeze", "/release/load", "/play")
)

ANY = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text()
    | st.binary()
    | st.lists(st.integers(), max_size=2)
)


def test_every_address_stands_once_and_is_no_pattern():
    paths = list(expand(3))
    assert len(paths) == len(set(paths)) == len(TABLE) + 2
    assert not any(is_pattern(path) for path in paths)


def test_an_engine_starts_with_the_values_of_the_table(tiny):
    performance = Performance.of(tiny.card(), *map(round, initial_numbers(f"{ROOT}/quality")))
    settings = {row.path for row in TABLE if row.kind is Kind.SETTING and row.initial}
    assert {path: performance.value(path) for path in settings} == {path: initial_values()[path] for path in settings}


def test_initial_values_are_in_range():
    for row in TABLE:
        if row.initial:
            assert check_arguments(row, list(row.initial)) == row.initial


def test_former_addresses_have_no_row_and_lead_to_one():
    for alias, present in ALIASES.items():
        assert alias not in ROWS
        assert any(path == present or path.startswith(present + "/") for path in ROWS)
        assert canonical(alias + "/x") == present + "/x"
        assert former(canonical(alias)) == alias


def test_every_row_is_described_and_every_argument_named():
    assert all(row.description and all(argument.name for argument in row.arguments) for row in TABLE)
    assert {argument.type for row in TABLE for argument in row.arguments} <= set("fisTb")


@pytest.mark.parametrize("latent_dim", [1, 8, 128])
def test_there_is_one_address_for_each_coordinate(latent_dim):
    rows = expand(latent_dim)
    coordinates = [path for path in rows if path.startswith(f"{ROOT}/latent/")]
    assert coordinates == [f"{ROOT}/latent/{n}" for n in range(latent_dim)]


def test_types_read_as_a_musician_writes_them():
    assert (XY.types, LATENT.types, QUALITY.types, PLAY.types) == ("ff", "f…", "ii", "")


@given(arguments=st.lists(ANY, max_size=4), row=st.sampled_from([row for row in TABLE if row.kind is not Kind.NOTICE]))
def test_checked_arguments_have_the_type_and_the_range_of_their_row(arguments, row):
    try:
        values = check_arguments(row, arguments)
    except MessageError:
        return
    wanted = [*row.arguments, *row.arguments[-1:] * (len(values) - len(row.arguments))][: len(values)]
    assert all(argument.optional for argument in row.arguments[len(values) :])
    types = {"f": float, "i": int, "s": str, "T": bool}
    for argument, value in zip(wanted, values, strict=True):
        assert type(value) is types[argument.type]
        if argument.type in "fi":
            assert argument.low <= value <= argument.high
            assert math.isfinite(value)


@pytest.mark.parametrize(
    ("row", "arguments", "values"),
    [
        (XY, [0, 1], (0.0, 1.0)),
        (XY, [True, False], (1.0, 0.0)),
        (XY, [-3.0, 7], (0.0, 1.0)),
        (GAIN, [99.0], (6.0,)),
        (GAIN, [-1e300], (-60.0,)),
        (LATENT, [9.0, -9.0, 0.5], (4.0, -4.0, 0.5)),
        (QUALITY, [2.6, 0.0], (3, 0)),
        (QUALITY, [1000, -1], (64, 0)),
        (FREEZE, [0], (False,)),
        (FREEZE, [0.5], (True,)),
        (LOAD, ["a name"], ("a name",)),
    ],
)
def test_numbers_of_any_type_are_converted_and_clipped(row, arguments, values):
    assert check_arguments(row, arguments) == values


@pytest.mark.parametrize(
    ("row", "arguments", "sentence"),
    [
        (XY, [0.5], r"wants 2 arguments \(x y\)"),
        (XY, [0.5] * 3, "wants 2 arguments"),
        (GAIN, [], r"wants 1 argument \(gain_db\)"),
        (PLAY, [1], "wants no arguments"),
        (GAIN, ["loud"], "gain_db must be a number"),
        (GAIN, [None], "gain_db must be a number"),
        (GAIN, [b"x"], "gain_db must be a number"),
        (GAIN, [math.nan], "gain_db is not a finite number"),
        (XY, [0.5, math.inf], "y is not a finite number"),
        (FREEZE, [math.nan], "frozen is not a finite number"),
        (LOAD, [3], "name must be text"),
    ],
)
def test_what_cannot_be_obeyed_is_said_with_the_arguments_name(row, arguments, sentence):
    with pytest.raises(MessageError, match=sentence):
        check_arguments(row, arguments)


def test_a_number_without_limits_is_not_clipped():
    row = Address("/x", Kind.SERVER, "", (Argument("i", "id"),))
    assert check_arguments(row, [-(2**63)]) == (-(2**63),)


@pytest.mark.parametrize("value", [3e38, -3e38, 2**63, 1e300])
def test_an_integer_never_leaves_the_64_bits_of_osc(value):
    row = Address("/a", Kind.NOTICE, "", (Argument("i", "count"),))
    (checked,) = check_arguments(row, [value])
    assert -(2**63) <= checked < 2**63
    assert isinstance(checked, int)


def test_a_number_of_400_digits_is_refused_in_a_sentence():
    with pytest.raises(MessageError, match="not a finite number"):
        check_arguments(GAIN, [10**400])
