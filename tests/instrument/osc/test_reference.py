"""The page that patchers read says what the table says."""

import re

from instrument.namespace import TABLE, Address, Argument, Kind
from instrument.osc.reference import PAGE, page


def test_page_in_docs_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m instrument.osc.reference"


def test_every_address_has_one_row():
    paths = re.findall(r"^\| `(/[^`]*)`", page(), re.MULTILINE)
    assert sorted(paths) == sorted(row.path.replace("{n}", "N") for row in TABLE)


def test_row_gives_types_range_unit_and_meaning():
    row = Address("/aitunes/wind", Kind.SETTING, "how it blows", (Argument("f", "speed", 0.0, 32.5, "m/s"),), many=True)
    assert "| `/aitunes/wind` | `f…` | speed 0 to 32.5 m/s, … | how it blows |" in page([row])


def test_no_description_breaks_the_page():
    # A bar or a line's end inside a cell would shift every cell after it.
    assert all(not set("|\n") & set(row.description) for row in TABLE)
