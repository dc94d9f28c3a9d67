import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitunes.printable import printable


@pytest.mark.parametrize("text", ["", "plain", "Grüße, 猫", "e\u0301", "👩\u200d🎤", "a b"])
def test_what_a_person_can_read_stays_as_it_is(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b2J", r"\x9b2J"),
        ("a\rb", r"a\rb"),
        ("a\nb", r"a\nb"),
        ("\x00\x07\x7f", r"\x00\x07\x7f"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2028", r"\u2028"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_a_terminal_acts_on_is_shown_instead(text, shown):
    assert printable(text) == shown


def test_a_sentence_keeps_its_lines():
    assert printable("a\n\tb\x1b", lines=True) == "a\n\tb\\x1b"


@given(st.text(alphabet=st.characters()))
def test_nothing_that_acts_is_left(text):
    shown = printable(text)
    assert shown.encode("utf-8", "strict").decode() == shown
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in shown)
