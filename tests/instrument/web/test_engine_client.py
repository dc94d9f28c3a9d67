"""Tests what is asked of an engine that may be busy."""

import asyncio
import json

import pytest

from instrument.web.engine_client import EngineClient, EngineGoneError


def card(low, high):
    return json.dumps({"inputs": [{"name": "z"}, {"name": "pitch", "range": [low, high]}]})


def test_facts_that_come_too_late_are_not_forgotten_and_asked_for_again(recorder):
    recorder.answer("/aitunes/latent", "/aitunes/latent", 0.0, 0.0)
    recorder.answer("/aitunes/release/load", "/aitunes/release/load", "tiny")
    recorder.answer("/aitunes/release/list", "/done", "/aitunes/release/list", 0)
    engine = EngineClient("127.0.0.1", recorder.port)

    def seen():
        return asyncio.run(engine.view()).facts.input_ranges

    recorder.answer("/aitunes/release/info", "/aitunes/release/info", card(45.0, 84.0))
    assert seen() == (("pitch", 45.0, 84.0),)
    engine._facts_due = 0.0
    recorder.answer("/aitunes/release/info", "/later")
    assert seen() == (("pitch", 45.0, 84.0),)
    recorder.answer("/aitunes/release/info", "/aitunes/release/info", card(20.0, 90.0))
    assert seen() == (("pitch", 20.0, 90.0),)


@pytest.mark.parametrize("odd", [(), (7,), (b"blob",), ("{",), ("[" * 900,), ('{"inputs": [1, 2]}',)])
def test_what_is_no_card_and_no_list_is_left_out(recorder, odd):
    recorder.answer("/aitunes/latent", "/aitunes/latent", 0.0, 0.0)
    recorder.answer("/aitunes/release/load", "/aitunes/release/load", "tiny")
    recorder.answer("/aitunes/release/list", "/aitunes/release", *odd)
    recorder.answer("/aitunes/release/info", "/aitunes/release/info", *odd)
    view = asyncio.run(EngineClient("127.0.0.1", recorder.port).view())
    assert view.facts.latent_dim == 2
    assert view.facts.input_ranges == ()
    assert not view.is_whole


@pytest.mark.parametrize("arguments", [(), ("/aitunes/latent",)])
def test_an_answer_without_values_is_none(recorder, arguments):
    recorder.answer("/aitunes/latent", "/aitunes/latent", 0.0)
    recorder.answer("/aitunes/release/load", "/aitunes/release/load" if not arguments else "/fail", *arguments)
    with pytest.raises(EngineGoneError):
        asyncio.run(EngineClient("127.0.0.1", recorder.port).view())
