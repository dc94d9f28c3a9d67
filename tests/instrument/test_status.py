"""A status survives its way through OSC, and what is none is refused by the name of the value."""

import dataclasses
import doctest

import pytest

from aitunes.osc.packets import build, parse
from instrument import status
from instrument.status import Status, StatusError

STATUS = Status(1, 2, 3, 4, 12.5, 40.0, 48_000.0, 47_999.123, 0.5, 12.0, 6.0, 3.0, "tiny", True, 24, 5)


def test_a_status_survives_its_way_through_osc():
    (packet,) = parse(build("/status.reply", *STATUS.to_arguments()))
    assert Status.from_arguments(packet.messages[0].arguments) == STATUS


def test_rates_are_sent_in_double_precision():
    assert [value for value in STATUS.to_arguments() if isinstance(value, tuple)] == [("d", 48e3), ("d", 47_999.123)]


@pytest.mark.parametrize("count", range(len(dataclasses.fields(Status))))
def test_the_status_of_an_older_engine_lacks_its_last_values(count):
    values = dataclasses.astuple(STATUS)
    assert dataclasses.astuple(Status.from_arguments(values[:count])) == (
        *values[:count],
        *dataclasses.astuple(Status())[count:],
    )


@pytest.mark.parametrize(
    ("position", "value", "name"),
    [(0, "many", "underruns"), (6, float("nan"), "nominal_sample_rate"), (12, 5, "release"), (13, None, "playing")],
)
def test_what_is_no_status_is_refused_by_name(position, value, name):
    values = list(dataclasses.astuple(STATUS))
    values[position] = value
    with pytest.raises(StatusError, match=f"no {name} in"):
        Status.from_arguments(values)


def test_documentation():
    assert doctest.testmod(status).failed == 0
