"""Set-ups: a file that a person can read; what is wrong in it is named by its line, and the rest works."""

import doctest
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.midi import feedback, mapping, setup
from instrument.midi.mapping import Control, Mapping, MappingError, Mode, Source, Target
from instrument.midi.mappings import DEFAULTS
from instrument.midi.setup import MAX_CHARACTERS, Setup, write_mapping
from instrument.namespace import TABLE, Kind

GAIN, PAD = Mapping("/aitunes/gain", Source(Control.CONTROLLER, 3)), Mapping("/aitunes/pad/x", Source(Control.NOTE, 60))
SOURCES = st.one_of(
    st.builds(Source, st.just(Control.CONTROLLER), st.sampled_from([0, 1, 7, 64, 95, 102, 119]), st.integers(0, 16)),
    st.builds(Source, st.just(Control.NOTE), st.integers(0, 127), st.integers(0, 16), st.text(max_size=20)),
    st.builds(Source, st.just(Control.NRPN), st.integers(0, 16_382)),
    st.builds(Source, st.sampled_from([Control.BEND, Control.PRESSURE]), st.just(0), st.integers(0, 16)),
)
MAPPINGS = st.builds(
    Mapping,
    st.sampled_from(["/aitunes/pad/x", "/aitunes/gain", "/aitunes/latent/3", "/aitunes/freeze", "/aitunes/panic"]),
    SOURCES,
    st.sampled_from(Mode),
    low=st.just(math.nan) | st.floats(0.0, 0.5),
    takeover=st.booleans(),
    feedback=st.booleans(),
)


@pytest.mark.parametrize("module", [feedback, mapping, setup])
def test_the_examples_in_the_documentation_hold(module):
    assert doctest.testmod(module).failed == 0


@given(MAPPINGS)
def test_a_mapping_comes_back_from_its_table(written):
    read = Setup(write_mapping(written))
    assert (read.faults, read.mappings) == ([], [written])


def test_the_defaults_are_right():
    defaults = Setup(DEFAULTS.read_text())
    assert defaults.faults == []
    assert {zone.device for zone in defaults.zones} == {"LinnStrument", "Seaboard", "Osmose"}
    assert len(defaults.mappings) > 10


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (['address = "/aitunes/gain"'], "Line 4: a mapping needs one of controller, controller14, note, nrpn"),
        (['address = "/aitunes/nowhere"', "controller = 3"], "Line 5: there is no address /aitunes/nowhere"),
        (['address = "/aitunes/gain"', "controller = 38"], "Line 6: controller 38 belongs to MIDI itself"),
        (['address = "/aitunes/gain"', "controller14 = 6"], "Line 6: controller 6 belongs to MIDI itself"),
        (['address = "/aitunes/gain"', "controller = 300"], "Line 6: controller is a whole number from 0 to 119"),
        (['address = "/aitunes/gain"', "controller = 3", "low = -90.0"], "Line 7: /aitunes/gain goes from -60 to 6"),
        (['address = "/aitunes/gain"', "controller = 3", 'mode = "wild"'], "Line 7: mode is one of absolute"),
        (['address = "/aitunes/gain"', "controller = 3", "colour = 3"], "Line 7: colour means nothing in a mapping"),
        (['address = "/aitunes/gain', "controller = 3"], "Line 5: this is no TOML"),
        (['address = "/aitunes/gain"', "controller = 3", "controller = 4"], "Line 7: this is no TOML"),
        (['address = "/aitunes/release/load"', "controller = 3"], "Line 5: /aitunes/release/load is nothing that"),
        (['address = "/aitunes/motion/mode"', "controller = 3"], "Line 5: /aitunes/motion/mode takes a word"),
        (['address = "/aitunes/envelope"', "controller = 3", "argument = 3"], "Line 7: /aitunes/envelope has 2 values"),
        (
            ['address = "/aitunes/motion/seed"', "controller = 3"],
            "Line 5: /aitunes/motion/seed has no range of",
        ),
    ],
)
def test_a_fault_is_named_by_its_line_and_the_rest_works(lines, fault):
    good = '[[mapping]]\naddress = "/aitunes/pad/x"\ncontroller = 1\n'
    read = Setup(f"# mine\n# {'x' * 9}\n\n[[mapping]]\n" + "\n".join(lines) + f"\n\n{good}")
    assert len(read.faults) == 1
    assert read.faults[0].startswith(fault)
    assert [mapping.address for mapping in read.mappings] == ["/aitunes/pad/x"]


def test_what_is_learned_takes_the_place_of_what_was_and_comments_stay():
    text = '# mine\n\n[[mapping]]\naddress = "/aitunes/gain"\ncontroller = 3  # the left fader\n[[mapping]]\nwrong\n'
    learned = Setup(text).learned(Mapping("/aitunes/gain", Source(Control.CONTROLLER, 9)))
    assert [mapping.source.number for mapping in learned.mappings] == [9]
    assert learned.text.startswith("# mine\n")
    assert "wrong" in learned.text
    forgotten = learned.without("/aitunes/gain")
    assert forgotten.mappings == []
    assert "wrong" in forgotten.text


@given(st.text(max_size=300))
def test_whatever_a_file_holds_is_a_setup_or_faults(text):
    good = '[[mapping]]\naddress = "/aitunes/width"\ncontroller = 2\n'
    read = Setup(f'[[mapping]]\naddress = "/aitunes/gain"\n{text}\n{good}')
    assert read.mappings
    read.without("/aitunes/gain")


def test_a_mark_before_the_text_is_passed_over():
    table = '[[mapping]]\naddress = "/aitunes/gain"\ncontroller = 7\n'
    assert Setup("\ufeff" + table).mappings == Setup(table).mappings != []


def test_keys_of_very_many_parts_are_faults_at_once():
    setup = Setup('[[mapping]]\naddress = "/aitunes/gain"\ncontroller = 7\n\n[[mapping]]\n' + "a." * 29_000 + "b = 1\n")
    assert len(setup.mappings) == 1
    assert setup.faults == ["Line 5: this table cannot be read (line 2 has more than 32 dots)."]


def test_a_file_without_end_is_not_used():
    read = Setup("#" * (MAX_CHARACTERS + 1))
    assert "more than 60,000 characters" in read.faults[0]


def test_every_number_and_switch_of_the_table_can_be_mapped():
    refused = set()
    for row in TABLE:
        if row.kind is Kind.SETTING and not row.many:
            try:
                Target(Mapping(row.path.replace("{n}", "0"), Source(Control.CONTROLLER, 1)))
            except MappingError:
                refused.add(row.path.removeprefix("/aitunes"))
    assert refused == {"/pad/axes", "/motion/mode", "/motion/seed", "/voice/pressure/axis", "/voice/timbre/axis"}


def test_a_table_of_an_unknown_name_is_a_fault_and_costs_no_other():
    read = Setup(write_mapping(GAIN) + "[[maping]]\ncontroller = 9\n" + write_mapping(PAD))
    assert read.mappings == [GAIN, PAD]
    assert read.faults == ["Line 4: [[maping]] means nothing; a table begins with [[mapping]]."]


@pytest.mark.parametrize("line", ["low = 1" + 400 * "0", "send = [1" + 400 * "0" + "]", "send = [nan]"])
def test_a_number_that_nothing_can_hold_is_a_fault(line):
    assert Setup(f"{write_mapping(GAIN)}{line}\n").faults
