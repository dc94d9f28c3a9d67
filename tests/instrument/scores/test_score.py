import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitunes.errors import ReleaseError
from instrument.scores.score import ScoreError, parse_score, without_misfits


@pytest.fixture(scope="module")
def cards(tiny):
    return {"tiny": tiny.card("tiny", 3), "wide": tiny.card("wide", 5)}


@pytest.fixture(scope="module")
def parse(cards):
    def card_of(name):
        if name not in cards:
            raise ReleaseError(f"There is no release named {name!r}.")
        return cards[name]

    return lambda text: parse_score(text, cards["tiny"], card_of)


@pytest.fixture(scope="module")
def fit(cards):
    return lambda text: without_misfits(text, cards["tiny"], cards.__getitem__)


def test_lines_that_no_release_plays_are_left_out_with_a_reason_each(fit):
    text = "1 /aitunes/latent/4 1\n0 /aitunes/gain -6\nnonsense\n2 /aitunes/release/load wide\n3 /aitunes/latent/4 1\n"
    kept, reasons = fit(text)
    assert kept == "0 /aitunes/gain -6\n2 /aitunes/release/load wide\n3 /aitunes/latent/4 1\n"
    assert len(reasons) == 2
    assert "there is no address /aitunes/latent/4" in reasons[1]
    assert fit(kept) == (kept, [])


def test_former_addresses_play(parse):
    loaded, smoothed = parse("0 /aitunes/model/load wide\n1 /aitunes/glide 0.5\n")
    assert (loaded.event.path, loaded.event.values) == ("/aitunes/release/load", ("wide",))
    assert (smoothed.event.path, smoothed.event.values) == ("/aitunes/smoothing", (0.5,))


def test_a_line_is_a_time_an_address_and_arguments(parse):
    (line,) = parse("1.5 /aitunes/pad/xy 0.2 0.8")
    assert line.seconds == 1.5
    assert (line.event.path, line.event.values) == ("/aitunes/pad/xy", (0.2, 0.8))


def test_comments_and_empty_lines_are_nothing(parse):
    lines = parse("# a title\n\n   \n0 /aitunes/play   # go\n\t2 /aitunes/stop\n#")
    assert [line.event.path for line in lines] == ["/aitunes/play", "/aitunes/stop"]


def test_lines_come_in_order_of_time_and_equal_times_as_written(parse):
    lines = parse("2 /aitunes/stop\n1 /aitunes/gain -6\n0 /aitunes/play\n1 /aitunes/gain -12\n")
    assert [line.seconds for line in lines] == [0, 1, 1, 2]
    assert [line.event.values for line in lines[1:3]] == [(-6.0,), (-12.0,)]


def test_values_are_clipped_to_their_range_and_words_are_truths(parse):
    lines = parse("0 /aitunes/gain 99\n0 /aitunes/freeze true\n0 /aitunes/freeze F\n0 /aitunes/freeze 1")
    assert [line.event.values for line in lines] == [(6.0,), (True,), (False,), (True,)]


def test_names_may_be_quoted(parse):
    (line,) = parse('0 /aitunes/release/load "wide"')
    assert line.event.values == ("wide",)


def test_lines_after_a_load_are_those_of_the_loaded_release(parse):
    assert len(parse("0 /aitunes/release/load wide\n1 /aitunes/latent/4 1\n1 /aitunes/latent 1 1 1 1 1")) == 3
    with pytest.raises(ScoreError, match="Line 2 of the score: there is no address /aitunes/latent/4"):
        parse("1 /aitunes/release/load wide\n0.5 /aitunes/latent/4 1")


WRONG = {
    "1e300 /aitunes/play": "the time 1e300 is not 0 or more and less than a day",
    "86400 /aitunes/play": "less than a day",
    "/aitunes/play": "begins with '/aitunes/play', not with a time",
    "-1 /aitunes/play": "time -1 is not 0 or more",
    "nan /aitunes/play": "time nan is not 0 or more",
    "inf /aitunes/play": "time inf is not 0 or more",
    "1": "a time without an address",
    "1 /aitunes/nothing 2": "there is no address /aitunes/nothing",
    "1 /aitunes/pad/x": r"/aitunes/pad/x wants 1 argument \(x\)",
    "1 /aitunes/pad/xy 0.5": r"/aitunes/pad/xy wants 2 arguments \(x y\)",
    "1 /aitunes/play now": "/aitunes/play wants no arguments",
    "1 /aitunes/gain loud": "/aitunes/gain gain_db must be a number",
    "1 /aitunes/gain nan": "gain_db is not a finite number",
    "1 /aitunes/freeze maybe": "frozen must be a number",
    "1 /aitunes/latent 0.1 0.2": "wants 3 coordinates for the release tiny",
    "1 /aitunes/latent/3 0": "there is no address /aitunes/latent/3",
    "1 /aitunes/pad/axes 0 0": "two different axes",
    "1 /aitunes/pad/axes 0 9": "two different axes",
    "1 /aitunes/release/load nowhere": "There is no release named 'nowhere'",
    "1 /aitunes/record/start x.wav": "belongs to live playing",
    "1 /status": "belongs to live playing",
    "1 /quit": "belongs to live playing",
    '1 /aitunes/release/load "open': "No closing quotation",
}


@pytest.mark.parametrize(("line", "sentence"), WRONG.items())
def test_a_wrong_line_is_refused_by_its_number(parse, line, sentence):
    with pytest.raises(ScoreError, match=f"Line 4 of the score: .*{sentence}"):
        parse(f"# title\n0 /aitunes/play\n\n{line}\n9 /aitunes/stop")


@pytest.mark.parametrize("line", WRONG)
def test_a_refusal_ends_with_one_full_stop(parse, line):
    with pytest.raises(ScoreError, match=r"[^.]\.$"):
        parse(line)


@given(st.text(max_size=60))
def test_any_text_is_a_score_or_refused(cards, text):
    try:
        lines = parse_score(text, cards["tiny"], cards.__getitem__)
    except ScoreError:
        return
    assert all(math.isfinite(line.seconds) for line in lines)
