"""TOML of other people's is parsed in little time, or refused in a sentence."""

import tomllib

import pytest

from aitunes.bounded_toml import parse_toml


def test_what_editors_write_is_read():
    text = '\ufeff# See docs ........................................\r\n[[song]]\r\ntempo = 92.5\r\nname = "a.b"\r\n'
    assert parse_toml(text) == {"song": [{"tempo": 92.5, "name": "a.b"}]}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = 1\n" + "a." * 100_000 + "b = 1", "line 2 has more than 32 dots"),
        ("[" + "a." * 100_000 + "b]", "more than 32 dots"),
        ("[[" + "'a' . " * 100_000 + "b]]", "more than 32 dots"),
        ("x = {" + "a." * 100_000 + "b = 1}", "more than 32 dots"),
        ('x = ["""\n#""", {' + "a." * 1_000 + "b = 1}]", "more than 32 dots"),
        ("x = " + "9" * 5_000, "too many digits"),
        ("x = " + "[" * 100_000, "nested too deeply"),
        ("x = " + "{a = " * 50_000, "nested too deeply"),
    ],
)
def test_what_would_take_very_long_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        parse_toml(text)


def test_mistakes_keep_their_line():
    with pytest.raises(tomllib.TOMLDecodeError, match="line 2"):
        parse_toml("a = 1\nb = \n")
