"""MPE to the wording of the specification, played as streams of bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.midi.performer import BEND, PRESSURE, TIMBRE
from instrument.midi.zones import Zones

LOWER_15, UPPER_15 = "b0 65 00 64 06 06 0f", "bf 65 00 64 06 06 0f"


def members(zones):
    found = {}
    for channel in range(1, 17):
        zone = zones.of(channel)
        if zone is not None and channel != zone.manager:
            found.setdefault(zone.manager, set()).add(channel)
    return found


def test_a_configuration_message_makes_a_zone_from_its_end_of_the_channels():
    zones = Zones()
    zones.configure(1, 3)
    assert members(zones) == {1: {2, 3, 4}}
    zones.configure(16, 2)
    assert members(zones) == {1: {2, 3, 4}, 16: {15, 14}}


def test_fifteen_members_take_all_channels():
    zones = Zones()
    zones.configure(1, 15)
    assert members(zones) == {1: set(range(2, 17))}


def test_a_new_zone_cuts_the_other_and_ends_it_where_nothing_is_left():
    zones = Zones()
    zones.configure(1, 10)
    assert zones.configure(16, 6) == {16, 15, 14, 13, 12, 11, 10, 9 + 1}
    assert members(zones) == {1: set(range(2, 10)), 16: set(range(10, 16))}
    zones.configure(16, 14)
    assert members(zones) == {16: set(range(2, 16))}


def test_no_members_end_a_zone_and_another_channels_message_changes_nothing():
    zones = Zones()
    zones.configure(1, 5)
    assert zones.configure(7, 5) == set()
    assert zones.configure(1, 0) == {1, 2, 3, 4, 5, 6}
    assert members(zones) == {}


@given(st.lists(st.tuples(st.sampled_from([1, 16]), st.integers(0, 127)), max_size=12))
def test_zones_never_overlap_and_the_last_message_gets_what_it_asks_for(messages):
    zones = Zones()
    for manager, count in messages:
        zones.configure(manager, count)
        found = members(zones)
        assert len(found.get(manager, ())) == min(count, 15)
        assert not found.get(1, set()) & found.get(16, set())
        assert sum(map(len, found.values())) <= (15 if len(found) < 2 else 14)


def test_each_note_has_the_bend_pressure_and_timbre_of_its_channel(desk):
    desk.play(LOWER_15, "91 3c 64", "92 3c 64", "e2 00 60", "d1 40", "b2 4a 7f")
    assert desk.notes("key") == [60, 60]
    assert desk.notes(BEND) == pytest.approx([0.0, 24.0], abs=0.01)
    assert desk.notes(PRESSURE) == [pytest.approx(64 / 127), 0.0]
    assert desk.notes(TIMBRE) == [0.5, 1.0]


def test_bends_are_48_semitones_for_members_and_2_for_the_manager_and_add_up(desk):
    desk.play(LOWER_15, "91 3c 64", "e1 7f 7f", "e0 00 00")
    assert desk.notes(BEND) == [46.0]


def test_the_range_of_any_member_is_the_range_of_all_and_the_managers_its_own(desk):
    desk.play(LOWER_15, "91 3c 64", "94 40 64", "e1 7f 7f", "e4 7f 7f", "b3 65 00 64 00 06 18")
    assert desk.notes(BEND) == [24.0, 24.0]
    desk.play("b0 65 00 64 00 06 0c", "e0 7f 7f")
    assert desk.notes(BEND) == [36.0, 36.0]


@pytest.mark.parametrize("semitones", [0, 1, 2, 24, 48, 96])
def test_ranges_reach_96_semitones(desk, semitones):
    desk.play(LOWER_15, f"b1 65 00 64 00 06 {semitones:02x}", "91 3c 64", "e1 7f 7f")
    assert desk.notes(BEND) == [semitones]


def test_more_than_96_semitones_are_96(desk):
    desk.play(LOWER_15, "b1 65 00 64 00 06 7f", "91 3c 64", "e1 7f 7f")
    assert desk.notes(BEND) == [96.0]


def test_pressure_and_timbre_of_the_manager_join_those_of_the_members(desk):
    desk.play(LOWER_15, "91 3c 64", "d1 20", "d0 20", "b1 4a 60", "b0 4a 20")
    assert desk.notes(PRESSURE) == [pytest.approx(64 / 127)]
    assert desk.notes(TIMBRE) == [pytest.approx(0.5, abs=0.01)]


def test_what_a_member_was_sent_before_its_note_belongs_to_the_note(desk):
    desk.play(LOWER_15, "e1 00 60", "d1 40", "b1 4a 7f", "91 3c 64")
    assert (desk.notes(BEND), desk.notes(TIMBRE)) == ([pytest.approx(24.0, abs=0.01)], [1.0])
    assert desk.notes(PRESSURE) == [pytest.approx(64 / 127)]
    assert [values[0] for values in desk.sent] == ["/aitunes/note", BEND, PRESSURE, TIMBRE]


def test_a_note_that_has_been_let_go_keeps_its_bend(desk):
    desk.play(LOWER_15, "91 3c 64", "e1 00 60", "81 3c 40")
    sent = len(desk.sent)
    desk.play("e1 00 40", "d1 7f")
    assert len(desk.sent) == sent


def test_a_note_that_the_pedal_holds_follows_the_manager_and_no_longer_its_member(desk):
    desk.play(LOWER_15, "b0 40 7f", "91 3c 64", "e1 00 60", "81 3c 40", "e1 00 40", "91 40 64")
    assert desk.notes(BEND) == [pytest.approx(24.0, abs=0.01), 0.0]
    desk.play("e0 7f 7f")
    assert desk.notes(BEND) == [pytest.approx(26.0, abs=0.01), 2.0]
    desk.play("b0 40 00")
    assert desk.notes("key") == [64]


def test_pedals_of_the_manager_act_on_the_zone_and_those_of_members_on_nothing(desk):
    desk.play(LOWER_15, "b1 40 7f", "91 3c 64", "81 3c 40")
    assert desk.sounding == {}
    desk.play("b0 40 7f", "91 3c 64", "81 3c 40")
    assert desk.notes("key") == [60]


def test_poly_pressure_is_for_the_managers_own_notes(desk):
    desk.play(LOWER_15, "90 3c 64", "91 40 64", "a0 3c 7f", "a1 40 7f")
    assert desk.notes(PRESSURE) == [1.0, 0.0]


def test_all_notes_off_on_the_manager_is_for_the_zone(desk):
    desk.play("b0 65 00 64 06 06 07", "91 3c 64", "95 40 64", "9f 43 64", "b0 7b 00")
    assert desk.notes("key") == [67]


def test_a_configuration_message_ends_the_notes_and_resets_the_channels_that_it_concerns(desk):
    desk.play("e1 00 00", "91 3c 64", "9f 43 64", "b0 65 00 64 06 06 05", "91 40 64")
    assert desk.notes("key") == [67, 64]
    assert desk.notes(BEND) == [0.0, 0.0]
    desk.play("b0 65 00 64 06 06 00", "e1 7f 7f", "91 3c 64")
    assert desk.notes(BEND) == [0.0, 2.0]  # a channel of its own again, with its usual range


def test_other_channels_outside_the_zone_play_as_ever(desk):
    desk.play("b0 65 00 64 06 06 03", "99 3c 64", "e9 7f 7f", "b9 40 7f", "89 3c 40")
    assert (desk.notes("key"), desk.notes(BEND)) == ([60], [2.0])


def test_an_upper_zone_is_managed_by_channel_16(desk):
    desk.play(UPPER_15, "9e 3c 64", "ee 7f 7f", "ef 00 00")
    assert desk.notes(BEND) == [46.0]


def test_a_zone_by_hand_has_the_range_of_its_controller(desk):
    desk.performer.configure(1, 15, bend_range=24.0)
    desk.play("91 3c 64", "e1 7f 7f")
    assert desk.notes(BEND) == [24.0]
