"""Nodes follow from the table alone."""

import pytest

from instrument.namespace import ROOT, TABLE, Argument, expand
from instrument.web import nodes
from instrument.web.nodes import Facts

PER_VALUE = ("VALUE", "RANGE", "EXTENDED_TYPE", "UNIT", "CLIPMODE")


def described(path, facts=None, **values):
    return nodes.find(nodes.tree(facts or Facts(3), values), path)


def test_every_address_of_the_table_is_a_node_with_its_own_full_path():
    root = nodes.tree(Facts(3), {})
    for path, row in expand(3).items():
        node = nodes.find(root, path)
        assert node["FULL_PATH"] == path
        assert node["DESCRIPTION"] == row.description


def test_containers_have_no_type_and_no_access():
    pad = described(f"{ROOT}/pad")
    assert set(pad) == {"FULL_PATH", "ACCESS", "CONTENTS"}
    assert pad["ACCESS"] == 0
    assert list(pad["CONTENTS"]) == ["xy", "x", "y", "axes"]


def test_what_belongs_to_single_values_has_one_entry_for_each_type():
    values = {path: [0.0] * len(row.arguments) for path, row in expand(3).items() if row.has_value}
    values[f"{ROOT}/latent"] = [0.0, 1.0, 2.0]
    for node in nodes.structure(nodes.tree(Facts(3), values)).values():
        for attribute in PER_VALUE:
            assert len(node.get(attribute, node.get("TYPE", ""))) == len(node.get("TYPE", ""))


def test_a_setting_may_be_read_and_written_a_command_written_and_an_act_without_arguments_has_no_value():
    assert described(f"{ROOT}/gain")["ACCESS"] == 3
    assert described(f"{ROOT}/release/load")["ACCESS"] == 3
    assert described(f"{ROOT}/snapshot/save")["ACCESS"] == 2
    play = described(f"{ROOT}/play")
    assert play["ACCESS"] == 0
    assert "TYPE" not in play


def test_values_are_given_only_where_they_may_be_read():
    assert described(f"{ROOT}/gain", **{f"{ROOT}/gain": [-6.0]})["VALUE"] == [-6.0]
    assert "VALUE" not in described(f"{ROOT}/snapshot/save", **{f"{ROOT}/snapshot/save": ["a"]})
    assert "VALUE" not in described(f"{ROOT}/gain")


def test_numbers_read_as_they_were_sent():
    assert described(f"{ROOT}/pad/x", **{f"{ROOT}/pad/x": [0.20000000298023224]})["VALUE"] == [0.2]


def test_the_release_decides_how_many_coordinates_there_are():
    assert described(f"{ROOT}/latent", Facts(5))["TYPE"] == "fffff"
    assert described(f"{ROOT}/latent/4", Facts(5))["RANGE"] == [{"MIN": -4.0, "MAX": 4.0}]
    assert described(f"{ROOT}/latent/5", Facts(5)) is None


def test_units_are_those_of_the_proposal_where_it_has_them():
    assert described(f"{ROOT}/smoothing")["UNIT"] == ["time.second"]
    assert described(f"{ROOT}/gain")["UNIT"] == ["gain.db"]
    assert described(f"{ROOT}/latent/0")["UNIT"] == ["standard deviations"]
    assert described(f"{ROOT}/quality")["UNIT"] == [None, "frames"]


def test_clip_modes_say_which_edges_there_are():
    assert described(f"{ROOT}/gain")["CLIPMODE"] == ["both"]
    assert described(f"{ROOT}/pad/axes")["CLIPMODE"] == ["low", "low"]
    assert described(f"{ROOT}/snapshot/save")["CLIPMODE"] == ["none"]


def test_a_switch_takes_both_of_its_types():
    freeze = described(f"{ROOT}/freeze")
    assert (freeze["TYPE"], freeze["OVERLOADS"]) == ("T", [{"TYPE": "F"}])


def test_releases_to_choose_from_are_listed_where_they_are_known():
    load = f"{ROOT}/release/load"
    assert described(load, Facts(3, ("a", "b")))["RANGE"] == [{"VALS": ["a", "b"]}]
    assert described(load)["RANGE"] == [{}]


def test_an_input_that_the_release_narrows_has_the_narrower_range():
    wide = Argument("f", "note", 0.0, 127.0)
    facts = Facts(3, input_ranges=(("pitch", 36.0, 84.5),))
    assert nodes._range(f"{ROOT}/pitch", wide, facts) == {"MIN": 36.0, "MAX": 84.5}


def test_what_nobody_sends_can_only_be_heard():
    meter = described(f"{ROOT}/meter")
    assert (meter["ACCESS"], meter["TAGS"], "VALUE" in meter) == (1, ["notice"], False)


def test_what_must_arrive_is_critical():
    assert described(f"{ROOT}/stop")["CRITICAL"]
    assert described(f"{ROOT}/record/start")["CRITICAL"]
    assert not described(f"{ROOT}/pad/xy")["CRITICAL"]


@pytest.mark.parametrize(
    ("paths", "common"),
    [(["/a/b/c"], "/a/b/c"), (["/a/b/c", "/a/b"], "/a/b"), (["/a/b", "/a/bc"], "/a"), (["/a", "/b"], "/")],
)
def test_the_common_path_holds_them_all(paths, common):
    assert nodes.common_path(paths) == common


def test_a_change_of_release_changes_nothing_but_the_latent_nodes():
    before, after = (nodes.structure(nodes.tree(Facts(n), {})) for n in (3, 5))
    differing = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert differing == {f"{ROOT}/latent", f"{ROOT}/latent/3", f"{ROOT}/latent/4"}


def test_readable_paths_are_those_with_a_value():
    paths = nodes.readable(Facts(2), f"{ROOT}/latent")
    assert paths == [f"{ROOT}/latent", f"{ROOT}/latent/0", f"{ROOT}/latent/1"]
    assert len(nodes.readable(Facts(1))) == sum(row.has_value for row in TABLE)
