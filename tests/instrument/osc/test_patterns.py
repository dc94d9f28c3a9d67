"""Patterns mean what OSC 1.0 says, by comparison with a matcher that is too simple to be wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instrument.namespace import expand
from instrument.osc.patterns import is_pattern, matching

ROWS = expand(4)


def naive(pattern, path):
    """OSC 1.0 matching by recursion over all choices."""
    if not pattern:
        return not path
    head, rest = pattern[0], pattern[1:]
    if head == "*":
        return naive(rest, path) or (path[:1] not in ("", "/") and naive(pattern, path[1:]))
    if head == "?":
        return path[:1] not in ("", "/") and naive(rest, path[1:])
    if head == "[":
        inside, rest = rest.split("]", 1)
        negated, inside = inside.startswith("!"), inside.removeprefix("!")
        return path[:1] not in ("", "/") and (path[0] in inside) != negated and naive(rest, path[1:])
    if head == "{":
        choices, rest = rest.split("}", 1)
        return "/" not in choices and any(
            path.startswith(choice) and naive(rest, path[len(choice) :]) for choice in choices.split(",")
        )
    return path[:1] == head and naive(rest, path[1:])


PIECE = st.sampled_from(["a", "b", "/", "*", "?", "[ab]", "[!a]", "{a,b}", "{ab,a}", "{a,ab}", "{b,/a}"])


@given(st.lists(PIECE, max_size=8).map("".join), st.text("ab/", max_size=9))
@settings(max_examples=500)
def test_matching_is_that_of_osc(pattern, path):
    assert bool(matching(pattern, [path])) == (pattern.count("{") <= 4 and naive(pattern, path))


@given(st.text("ab/*?[]{}!-,.09", max_size=20), st.text("ab./0-", max_size=9))
@settings(max_examples=500)
def test_no_text_raises(pattern, path):
    assert matching(pattern, [path]) in ([], [path])


@pytest.mark.parametrize("wildcard", ["?", "*", "[!x]", "[/]", "[.-0]", "[!-~]", "[!a-z]"])
def test_nothing_but_a_slash_matches_a_slash(wildcard):
    assert matching(f"/a{wildcard}b", ["/a/b"]) == []


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("/aitunes/pad/[xy]", ["/aitunes/pad/x", "/aitunes/pad/y"]),
        ("/aitunes/pad/x*", ["/aitunes/pad/xy", "/aitunes/pad/x"]),
        ("/aitunes/pad/[!a]?", ["/aitunes/pad/xy"]),
        ("/aitunes/{gain,smoothing}", ["/aitunes/smoothing", "/aitunes/gain"]),
        ("/aitunes/latent/[1-3]", [f"/aitunes/latent/{n}" for n in (1, 2, 3)]),
        ("/*/gain", ["/aitunes/gain"]),
        ("/stat*", ["/status"]),
        ("/aitunes/nothing*", []),
        ("/aitunes/[z-a]", []),
        ("/aitunes/[gain", []),
        ("/aitunes/{gain", []),
    ],
)
def test_patterns_reach_the_addresses_of_the_table(pattern, paths):
    assert is_pattern(pattern)
    assert matching(pattern, ROWS) == paths


@pytest.mark.parametrize("path", ROWS)
def test_every_address_matches_itself_only(path):
    assert matching(path, ROWS) == [path]


@pytest.mark.parametrize(
    "pattern",
    [
        "/" + "*a" * 10_000 + "b",
        "/" + "*" * 30_000 + "b",
        "/" + "{a,aa}*" * 4 + "b",
        "/" + "{a,aa}" * 5_000,
        "/" + "[a" * 10_000,
        "/" + "?*" * 10_000 + "b",
        "/" + "[!b]*" * 5_000 + "b",
        "/{" + "a," * 20_000 + "}",
    ],
)
@pytest.mark.timeout(60)
def test_a_hostile_pattern_ends(pattern):
    # Backtracking would take longer than the universe has; the time limit only turns that into a failure.
    assert matching(pattern, ["/" + "a" * 60]) in ([], ["/" + "a" * 60])
