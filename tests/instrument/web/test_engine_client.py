"""Tests what is asked of an engine that may be busy."""

import asyncio
import json
import selectors

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


class PatientSelector(selectors.DefaultSelector):
    """Gives answers half a second however busy the machine is, and calls it the time that was to be waited."""

    def __init__(self):
        super().__init__()
        self.now = 0.0

    def select(self, timeout=None):
        found = super().select(0.5 if timeout else timeout)
        self.now += timeout if timeout and not found else 0.0
        return found


def seconds_of_a_view(engine):
    """Seconds that a view of the engine takes by its own clock, and what it saw."""
    selector = PatientSelector()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now
    try:
        return loop.run_until_complete(engine.view()), selector.now
    finally:
        loop.close()


def test_facts_are_waited_for_three_seconds_because_a_busy_engine_reads_cards_slowly(recorder):
    recorder.answer("/aitunes/latent", "/aitunes/latent", 0.0, 0.0)
    recorder.answer("/aitunes/release/load", "/aitunes/release/load", "tiny")
    view, seconds = seconds_of_a_view(EngineClient("127.0.0.1", recorder.port))
    assert not view.is_whole
    assert seconds == pytest.approx(3.0, abs=0.1)
    assert len(recorder.messages("/aitunes/release/info", 3)) == 3


def test_facts_that_come_to_the_last_question_are_known(recorder):
    recorder.answer("/aitunes/latent", "/aitunes/latent", 0.0, 0.0)
    recorder.answer("/aitunes/release/load", "/aitunes/release/load", "tiny")
    recorder.answer("/aitunes/release/list", "/done", "/aitunes/release/list", 0)

    async def seen():
        viewing = asyncio.create_task(EngineClient("127.0.0.1", recorder.port).view())
        await asyncio.to_thread(recorder.messages, "/aitunes/release/info", 2)
        recorder.answer("/aitunes/release/info", "/aitunes/release/info", card(45.0, 84.0))
        return await viewing

    view = asyncio.run(seen())
    assert view.is_whole
    assert view.facts.input_ranges == (("pitch", 45.0, 84.0),)
