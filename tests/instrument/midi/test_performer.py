"""Notes of a plain keyboard: velocity, pedals, wheel, pressure, and all the ways in which notes end."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.midi import performer
from instrument.midi.performer import BEND, NOTE, PRESSURE, TIMBRE
from instrument.namespace import PANIC


def test_the_examples_in_the_documentation_hold():
    assert doctest.testmod(performer).failed == 0


def test_a_key_begins_and_ends_a_note_with_an_identity(desk):
    desk.play("90 3c 64", "80 3c 40")
    assert desk.sent == [(NOTE, 60, 100, 1), (NOTE, 60, 0, 1)]


def test_a_key_that_is_struck_again_ends_its_note_and_begins_another(desk):
    desk.play("90 3c 64", "90 3c 50")
    assert desk.sent == [(NOTE, 60, 100, 1), (NOTE, 60, 0, 1), (NOTE, 60, 80, 2)]


def test_one_key_on_two_channels_is_two_notes_that_end_apart(desk):
    desk.play("90 3c 64", "91 3c 50", "80 3c 40")
    assert desk.notes("velocity") == [80]


def test_sustain_holds_notes_until_it_is_let_go(desk):
    desk.play("90 3c 64", "b0 40 7f", "80 3c 40", "90 40 64", "80 40 40")
    assert desk.notes("key") == [60, 64]
    desk.play("90 43 64", "b0 40 00")
    assert desk.notes("key") == [67]


def test_sustain_below_the_middle_is_off(desk):
    desk.play("b0 40 3f", "90 3c 64", "80 3c 40")
    assert desk.sounding == {}


def test_sostenuto_holds_only_keys_that_were_down(desk):
    desk.play("90 3c 64", "b0 42 7f", "90 40 64", "80 3c 40", "80 40 40")
    assert desk.notes("key") == [60]
    desk.play("b0 42 7f")  # a pedal that says so twice captures nothing more
    desk.play("b0 42 00")
    assert desk.sounding == {}


def test_a_note_that_both_pedals_hold_waits_for_both(desk):
    desk.play("90 3c 64", "b0 42 7f", "b0 40 7f", "80 3c 40", "b0 42 00")
    assert desk.notes("key") == [60]
    desk.play("b0 40 00")
    assert desk.sounding == {}


def test_the_soft_pedal_softens_what_is_struck_while_it_is_down(desk):
    desk.play("b0 43 7f", "90 3c 64", "b0 43 00", "90 40 64")
    assert desk.notes("velocity") == [60, 100]


def test_the_wheel_bends_its_channel_by_two_semitones_and_by_what_rpn_0_says(desk):
    desk.play("90 3c 64", "91 40 64", "e0 7f 7f")
    assert desk.notes(BEND) == [2.0, 0.0]
    desk.play("b0 65 00 64 00 06 0c")
    assert desk.notes(BEND) == [12.0, 0.0]
    desk.play("b0 26 32", "e0 00 00")
    assert desk.notes(BEND) == [-12.5, 0.0]
    desk.play("b0 65 7f 64 7f 06 02")  # a parameter that is closed
    assert desk.notes(BEND) == [-12.5, 0.0]


def test_a_wheel_that_was_moved_before_the_note_bends_it_from_its_beginning(desk):
    desk.play("e0 00 00", "90 3c 64")
    assert desk.sent == [(NOTE, 60, 100, 1), (BEND, 1, -2.0)]


def test_pressure_of_the_channel_and_of_the_key_add_up(desk):
    desk.play("90 3c 64", "90 40 64", "d0 20", "a0 40 40")
    assert desk.notes(PRESSURE) == pytest.approx([32 / 127, 96 / 127])
    desk.play("a0 40 7f")
    assert desk.notes(PRESSURE)[1] == 1.0


def test_controller_74_is_timbre_and_64_its_middle(desk):
    desk.play("90 3c 64", "b0 4a 7f")
    assert desk.notes(TIMBRE) == [1.0]
    desk.play("b0 4a 40")
    assert desk.notes(TIMBRE) == [0.5]
    desk.play("b0 4a 00")
    assert desk.notes(TIMBRE) == [0.0]


@pytest.mark.parametrize("number", range(123, 128))
def test_all_notes_off_and_changes_of_mode_end_the_notes_of_their_channel(desk, number):
    desk.play("90 3c 64", "90 40 64", "91 3c 64", f"b0 {number:02x} 00")
    assert len(desk.sounding) == 1


def test_all_notes_off_leaves_what_the_pedal_holds(desk):
    desk.play("b0 40 7f", "90 3c 64", "b0 7b 00")
    assert desk.notes("key") == [60]
    desk.play("b0 40 00")
    assert desk.sounding == {}


def test_all_sound_off_is_a_panic(desk):
    desk.play("90 3c 64", "b0 78 00")
    assert desk.sent[-1] == (PANIC,)
    assert desk.performer.sounding == 0


def test_reset_all_controllers_puts_wheel_pressure_and_pedals_at_rest(desk):
    desk.play("b0 65 00 64 00 06 0c", "90 3c 64", "e0 7f 7f", "d0 7f", "a0 3c 7f", "b0 40 7f", "80 3c 40", "90 40 64")
    desk.play("b0 79 00")
    assert [*map(desk.notes, ("key", BEND, PRESSURE))] == [[64], [0.0], [0.0]]
    desk.play("e0 7f 7f")
    assert desk.notes(BEND) == [12.0]  # the range stays


def test_a_system_reset_ends_all(desk):
    desk.play("90 3c 64", "b5 40 7f", "95 3c 64", "ff")
    assert desk.sounding == {}


def test_thousands_of_notes_without_an_end_keep_one_note_a_key(desk):
    for n in range(5_000):
        desk.play(f"9{n % 16:x} {n % 128:02x} 64")
    assert desk.performer.sounding <= 2_048
    desk.performer.end_all()
    assert desk.sounding == {}


@given(st.lists(st.tuples(st.integers(0x80, 0xEF), st.integers(0, 127), st.integers(0, 127)), max_size=200))
def test_whatever_is_played_every_note_ends_once_and_none_is_left(new_desk, triples):
    desk = new_desk()
    for status, first, second in triples:
        panics = [values for values in desk.sent if values == (PANIC,)]
        desk.play(bytes([status, first, second]).hex())
        if [values for values in desk.sent if values == (PANIC,)] != panics:
            desk.sounding.clear()
        assert len(desk.sounding) == desk.performer.sounding
    desk.performer.end_all()
    assert desk.sounding == {}
